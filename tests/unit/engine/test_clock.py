"""The service's clock: it never goes back, and it never stands still for long."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tablewire.engine.clock import SLOWED, SteadyClock

START = datetime(2026, 3, 8, 5, tzinfo=UTC)


class Machine:
    """A wall clock that can be set, and a clock that cannot."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.wrong = timedelta(0)

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.seconds) + self.wrong

    def clock(self) -> SteadyClock:
        return SteadyClock(self.wall, lambda: self.seconds)


def test_it_shows_the_wall_clocks_time() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.seconds += 12.5
    assert clock.now() == machine.wall()
    assert clock.monotonic() == 12.5


def test_it_goes_along_when_the_wall_clock_is_set_forward() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wrong = timedelta(hours=3)
    assert clock.now() == START + timedelta(hours=3)


def test_after_being_set_back_it_goes_on_slowly_until_it_is_caught_up_with() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wrong = timedelta(hours=-1)
    machine.seconds += 600
    assert clock.now() == START + timedelta(seconds=600 * SLOWED)
    machine.seconds += 7200
    assert clock.now() == machine.wall()


def test_it_goes_on_from_where_an_earlier_process_had_got_to() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.not_before(START + timedelta(hours=2))
    machine.seconds += 60
    assert clock.now() == START + timedelta(hours=2, seconds=60 * SLOWED)


def test_it_does_not_wait_for_a_time_that_was_wrong_by_days() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.not_before(START + timedelta(days=30))
    machine.seconds += 60
    assert clock.now() == machine.wall()


@given(st.lists(st.tuples(st.floats(0, 5000), st.floats(-20_000, 20_000)), max_size=40))
def test_readings_never_come_in_the_wrong_order_and_time_passes(steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    for passed, set_by in steps:
        machine.wrong += timedelta(seconds=set_by)
        machine.seconds += passed
        now = clock.now()
        assert now > before
        assert now - before >= timedelta(seconds=passed * SLOWED) - timedelta(microseconds=1)
        assert now >= machine.wall()
        before = now
