"""How much each client may do."""

from tablewire.api.allowance import Allowances
from tests.unit.api.test_asks import Clock


def test_so_many_go_at_once_and_then_as_many_as_fill_up() -> None:
    clock = Clock()
    allowed = Allowances(2, 3, clock=clock)
    assert [allowed.take("a") for _ in range(4)] == [None, None, None, 1]
    clock.now = 1.0
    assert [allowed.take("a") for _ in range(3)] == [None, None, 1]


def test_what_is_refused_uses_nothing_up() -> None:
    clock = Clock()
    allowed = Allowances(1, 1, clock=clock)
    allowed.take("a")
    for _ in range(10):
        assert allowed.take("a") == 1
    clock.now = 1.0
    assert allowed.take("a") is None


def test_the_wait_is_told_without_using_one_up() -> None:
    allowed = Allowances(0.1, 1, clock=Clock())
    assert [allowed.wait("a"), allowed.wait("a"), allowed.take("a"), allowed.wait("a")] == [
        None,
        None,
        None,
        10,
    ]


def test_only_so_many_clients_are_remembered() -> None:
    allowed = Allowances(1, 1, clock=Clock(), most=2)
    for client in ("a", "b", "c"):
        allowed.take(client)
    assert [allowed.wait(client) for client in ("a", "b", "c")] == [None, 1, 1]
