"""What calls went into, and what came of them."""

from datetime import timedelta

import pytest

from tablewire.engine.spending import Spending
from tests.clock import START


def test_calls_per_drop_are_those_of_the_last_hour() -> None:
    spending = Spending()
    spending.spent(START, calls=1000, retries=0, drops=1)
    spending.spent(START + timedelta(minutes=50), calls=100, retries=0, drops=4)
    assert spending.calls_per_drop == 220
    spending.spent(START + timedelta(minutes=70), calls=100, retries=0, drops=1)
    assert spending.calls_per_drop == 40


def test_without_a_drop_there_is_no_figure() -> None:
    spending = Spending()
    spending.spent(START, calls=1000, retries=0, drops=0)
    assert spending.calls_per_drop is None


def test_some_of_the_budget_is_always_set_aside_for_retries() -> None:
    assert Spending().share_of_retries == 0.05


def test_more_is_set_aside_while_calls_fail_and_less_afterwards() -> None:
    spending = Spending()
    for number in range(20):
        spending.spent(START + timedelta(seconds=30 * number), calls=100, retries=25, drops=0)
    assert spending.share_of_retries == pytest.approx(0.25, abs=0.01)
    for number in range(20, 40):
        spending.spent(START + timedelta(seconds=30 * number), calls=100, retries=0, drops=0)
    assert spending.share_of_retries == 0.05


def test_never_more_than_half_is_set_aside() -> None:
    spending = Spending()
    for number in range(40):
        spending.spent(START + timedelta(seconds=30 * number), calls=100, retries=66, drops=0)
    assert spending.share_of_retries == 0.5
