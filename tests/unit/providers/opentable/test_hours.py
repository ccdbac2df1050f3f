"""Hours: which calls cover the parts of a day."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewire.domain.buckets import DayParts
from tablewire.providers.opentable.hours import FARTHEST, Hours, Reach, moment, parts_of

DAY = date(2026, 10, 22)


def test_a_usual_day_is_two_calls_of_three_hours_either_way() -> None:
    off_peak, prime = parts_of(DayParts(), Hours())
    assert (off_peak.time_slot, off_peak.reaches) == ("15:00", (Reach(14 * 60, 180, 180),))
    assert (prime.time_slot, prime.reaches) == ("19:00", (Reach(20 * 60, 180, 180),))
    assert (off_peak.is_last, prime.is_last) == (False, True)


def test_a_part_longer_than_six_hours_takes_several_calls() -> None:
    (_, prime) = parts_of(DayParts(), Hours(time(11), time(2)))
    assert (prime.begin, prime.end) == (17 * 60, 26 * 60)
    assert prime.reaches == (Reach(1140, 120, 150), Reach(1410, 120, 150))


def test_a_call_after_midnight_names_the_next_date() -> None:
    (prime,) = parts_of(DayParts(), Hours(time(23), time(3)))
    assert prime.reaches[0].asked_at(DAY) == datetime(2026, 10, 23, 1, 0)


def test_parts_without_any_of_the_hours_are_not_asked_for() -> None:
    assert [part.time_slot for part in parts_of(DayParts(), Hours(time(17), time(23)))] == ["19:00"]
    assert [part.time_slot for part in parts_of(DayParts(), Hours(time(11), time(16)))] == ["15:00"]


@pytest.mark.parametrize(("at", "over"), [("16:59", False), ("17:00", False), ("17:01", True)])
def test_a_part_is_over_once_its_end_has_passed(at: str, over: bool) -> None:
    off_peak = parts_of(DayParts(), Hours())[0]
    assert off_peak.is_over(DAY, datetime.combine(DAY, time.fromisoformat(at))) is over


def test_a_moment_is_asked_for_as_it_is() -> None:
    assert moment("19:00").reaches == (Reach(19 * 60, 0, 0),)


@given(st.times(), st.times(), st.lists(st.times(), max_size=3, unique=True))
def test_calls_cover_every_minute_and_reach_no_farther_than_they_may(
    begin: time, end: time, edges: list[time]
) -> None:
    slots = tuple(f"{hour:02}:00" for hour in range(len(edges) + 1))
    covered: set[int] = set()
    for part in parts_of(DayParts(slots, tuple(sorted(edges))), Hours(begin, end)):
        for reach in part.reaches:
            assert 0 <= reach.backward <= FARTHEST
            assert 0 <= reach.forward <= FARTHEST
            minutes = range(reach.middle - reach.backward, reach.middle + reach.forward + 1)
            assert part.begin <= minutes[0] <= minutes[-1] <= part.end
            covered.update(minutes)
    first, last = begin.hour * 60 + begin.minute, end.hour * 60 + end.minute
    assert covered == set(range(first, (last if last > first else last + 1440) + 1))
