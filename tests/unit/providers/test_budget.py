"""The budget: a token bucket that listens to complaints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewire.providers.budget import BURST, LONGEST_PAUSE, Budget


def spend(budget: Budget, at: float) -> float:
    """Wait as long as the budget says, and send a call; when it was sent."""
    at += max(0.0, budget.wait(at))
    budget.take(at)
    return at


def test_a_few_calls_may_go_at_once_and_no_more() -> None:
    budget = Budget(2.0)
    assert [spend(budget, 100.0) for _ in range(BURST)] == [100.0] * BURST
    assert budget.wait(100.0) == pytest.approx(0.5)


@given(
    rate=st.floats(0.1, 50),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_no_span_of_time_has_more_calls_than_its_share_and_the_burst(
    rate: float, pauses: list[float]
) -> None:
    budget, at, sent = Budget(rate), 50.0, []
    for pause in pauses:
        at = spend(budget, at + pause)
        sent.append(at)
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= (sent[last] - sent[first]) * rate + BURST + 1e-6


def test_a_complaint_halves_the_rate() -> None:
    budget = Budget(8.0)
    budget.complained(sent=10.0, at=11.0)
    assert budget.rate_now == 4.0
    assert budget.rate == 8.0


def test_complaints_of_calls_in_flight_together_count_once() -> None:
    budget = Budget(8.0)
    for sent in (9.0, 9.5, 10.0):
        budget.complained(sent=sent, at=11.0)
    assert budget.rate_now == 4.0
    budget.complained(sent=11.5, at=12.0)
    assert budget.rate_now == 2.0


def test_halving_has_a_floor() -> None:
    budget = Budget(8.0)
    for at in range(100):
        budget.complained(sent=float(at), at=at + 0.5)
    assert budget.rate_now == 0.5


def test_a_complaint_takes_the_saved_up_calls_too() -> None:
    budget = Budget(1.0)
    budget.complained(sent=10.0, at=10.0)
    assert budget.wait(10.0) == pytest.approx(2.0)


def test_successes_give_the_rate_back_and_not_more() -> None:
    budget = Budget(8.0)
    budget.complained(sent=1.0, at=1.0)
    budget.succeeded(2.0)
    assert 4.0 < budget.rate_now < 8.0
    for _ in range(100):
        budget.succeeded(3.0)
    assert budget.rate_now == 8.0


def test_a_pause_holds_every_call_and_never_gets_shorter() -> None:
    budget = Budget(5.0)
    budget.pause(10.0, 30.0)
    budget.pause(11.0, 1.0)
    assert budget.wait(12.0) == pytest.approx(28.0)
    assert budget.wait(40.0) <= 0.0


def test_a_senseless_pause_is_not_believed() -> None:
    budget = Budget(5.0)
    budget.pause(0.0, 1e12)
    assert budget.wait(0.0) == LONGEST_PAUSE
