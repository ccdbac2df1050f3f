"""How often a client may make the service ask the providers."""

import pytest

from tablewire.api.feed.asks import AskLimit
from tablewire.api.problems import Refusal


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_few_asks_at_once_are_allowed_and_then_none() -> None:
    asks = AskLimit(6, Clock())
    for _ in range(3):
        asks.take("a")
    with pytest.raises(Refusal) as refused:
        asks.take("a")
    assert (refused.value.status, refused.value.retry_after) == (429, 10)


def test_the_allowance_fills_up_with_time() -> None:
    clock = Clock()
    asks = AskLimit(6, clock)
    for _ in range(3):
        asks.take("a")
    clock.now = 10.0
    asks.take("a")
    with pytest.raises(Refusal):
        asks.take("a")


def test_one_client_does_not_use_up_anothers_allowance() -> None:
    asks = AskLimit(6, Clock())
    for _ in range(3):
        asks.take("a")
    asks.take("b")
