"""Ticks keep to the clock."""

import pytest

from tablewire.engine.cadence import Cadence, next_tick
from tests.clock import StepClock


@pytest.mark.parametrize(
    ("now", "expected"), [(100.0, 130.0), (100.1, 130.0), (129.9, 130.0), (130.0, 160.0), (175.0, 190.0)]
)
def test_the_next_tick_is_a_whole_number_of_intervals_after_the_start(now: float, expected: float) -> None:
    assert next_tick(100.0, 30.0, now) == pytest.approx(expected)


async def test_ticks_missed_by_slow_work_become_one_and_the_next_keeps_to_the_clock() -> None:
    clock = StepClock()
    began = clock.monotonic()
    at = []
    async for _ in Cadence(30.0, clock).ticks():
        at.append(clock.monotonic() - began)
        if len(at) == 4:
            break
        clock.advance(5.0 if len(at) != 2 else 70.0)
    assert at == pytest.approx([0.0, 30.0, 100.0, 120.0])


async def test_a_sleep_that_ends_a_moment_early_makes_no_second_tick() -> None:
    class EarlyClock(StepClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds - 0.001 if seconds > 1 else seconds)

    clock = EarlyClock()
    began = clock.monotonic()
    at = []
    async for _ in Cadence(30.0, clock).ticks():
        at.append(clock.monotonic() - began)
        if len(at) == 4:
            break
    assert at == pytest.approx([0.0, 30.0, 60.0, 90.0], abs=0.01)
