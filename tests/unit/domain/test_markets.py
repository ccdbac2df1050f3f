"""What time it is in a market, also on the days on which clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tablewire.domain.markets import NYC, instant, service_day_begins, service_today, window

NEW_YORK = ZoneInfo("America/New_York")
ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Asia/Beirut",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("America/New_York", date(2026, 2, 18), "2026-02-18 07:05"),
        (
            "America/New_York",
            date(2026, 3, 8),
            "2026-03-08 07:00",
        ),  # 02:05 is skipped: 03:00 EDT is the first instant after
        ("America/New_York", date(2026, 11, 1), "2026-11-01 07:05"),  # 01:00 to 02:00 comes twice, 02:05 once
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-25 00:05"),  # 02:05 comes twice: the first
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-29 01:00"),  # 02:05 is skipped
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03 15:30"),  # 02:00 to 02:30 is skipped
        (
            "Australia/Lord_Howe",
            date(2026, 4, 5),
            "2026-04-04 15:35",
        ),  # 01:30 to 02:00 comes twice, 02:05 once
    ],
)
def test_a_service_day_begins_at_five_past_two(zone: str, day: date, begins: str) -> None:
    assert service_day_begins(day, ZoneInfo(zone)) == utc(begins)


@pytest.mark.parametrize(
    ("now", "today"),
    [
        ("2026-02-18 07:04:59", date(2026, 2, 17)),
        ("2026-02-18 07:05:00", date(2026, 2, 18)),
        ("2026-02-19 04:59:00", date(2026, 2, 18)),
        ("2026-02-19 05:01:00", date(2026, 2, 18)),
        ("2026-03-08 06:59:59", date(2026, 3, 7)),
        ("2026-03-08 07:00:00", date(2026, 3, 8)),
        ("2026-11-01 06:59:00", date(2026, 10, 31)),
        ("2026-11-01 07:05:00", date(2026, 11, 1)),
    ],
)
def test_service_today_turns_at_five_past_two(now: str, today: date) -> None:
    assert service_today(utc(now), NEW_YORK) == today


def test_a_day_that_has_begun_does_not_go_back_when_the_clock_does() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    second_two_o_clock = utc("2026-10-25 01:01")
    assert service_today(second_two_o_clock, berlin) == date(2026, 10, 25)


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.integers(0, 7_200),
)
@settings(max_examples=150, deadline=None, database=None, derandomize=True)
def test_service_today_never_goes_back_and_is_the_day_that_has_begun(
    zone: str, now: datetime, later: int
) -> None:
    place, then = ZoneInfo(zone), now.replace(tzinfo=UTC)
    today = service_today(then, place)
    assert service_day_begins(today, place) <= then < service_day_begins(today + timedelta(days=1), place)
    assert service_today(then + timedelta(seconds=later), place) >= today


def test_the_window_is_fourteen_dates_from_service_today() -> None:
    dates = window(utc("2026-02-18 07:04"), NEW_YORK, 14)
    assert (dates[0], dates[-1], len(set(dates))) == (date(2026, 2, 17), date(2026, 3, 2), 14)


def test_the_window_slides_by_one_date_at_five_past_two() -> None:
    before, after = (window(utc(f"2026-02-18 {at}"), NEW_YORK, 14) for at in ("07:04:59", "07:05:00"))
    assert after[:-1] == before[1:]


@pytest.mark.parametrize(
    ("local", "zone", "found"),
    [
        ("2026-02-18 20:30:00", "America/New_York", "2026-02-19 01:30"),
        ("2026-11-01 01:30:00", "America/New_York", "2026-11-01 05:30"),  # comes twice: the first
        (
            "2026-03-08 02:30:00",
            "America/New_York",
            "2026-03-08 07:00",
        ),  # never comes: the first instant after
        ("2026-09-06 00:30:00", "America/Santiago", "2026-09-06 04:00"),  # a gap at midnight
    ],
)
def test_a_wall_time_has_one_instant(local: str, zone: str, found: str) -> None:
    assert instant(datetime.fromisoformat(local), ZoneInfo(zone)) == utc(found)


def test_new_york_ships() -> None:
    assert (NYC.id, NYC.zone.key) == ("nyc", "America/New_York")
