"""The rate that a cycle is planned with: what the budget gave on average, not what it happens to give at the tick."""

import pytest

from tablewire.engine.pace import Pace


def settled(*read: float, now: float) -> float:
    pace = Pace()
    for rate in read:
        pace.see(rate)
    return pace.settle(now)


def test_the_first_cycle_is_planned_with_the_rate_at_its_tick() -> None:
    assert settled(now=5.0) == 5.0


def test_a_complaint_just_before_the_tick_does_not_halve_the_cycle() -> None:
    assert settled(20, 20, 20, now=10) == 17.5


def test_a_tick_between_two_complaints_does_not_promise_more_than_the_budget_gives() -> None:
    assert settled(10, 15, 15, now=20) == 15


def test_a_budget_that_has_broken_down_is_believed_at_once() -> None:
    assert settled(20, 20, 20, 5, now=1.25) == 2.5


def test_a_cycle_is_planned_by_the_readings_since_the_last_one_alone() -> None:
    pace = Pace()
    pace.see(1)
    pace.settle(1)
    pace.see(20)
    assert pace.settle(20) == 20


@pytest.mark.parametrize("now", [0.0, 0.0001])
def test_there_is_always_some_pace(now: float) -> None:
    assert settled(now=now) == 0.001
