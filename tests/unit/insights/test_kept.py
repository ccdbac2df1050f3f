"""Days are rolled up again only where nothing of them was taken away."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from tablewire.domain.events import microseconds
from tablewire.insights.kept import Kept

ZONE = ZoneInfo("America/New_York")


def at(day: int, hour: int = 17) -> int:
    return microseconds(datetime(2026, 3, day, hour, tzinfo=UTC))


def test_where_nothing_is_kept_there_is_no_first_day() -> None:
    assert Kept(gone_until=at(3)).first_day(ZONE) is None


def test_a_whole_log_begins_with_its_first_event_or_look() -> None:
    assert Kept(first_event_at=at(5, hour=3)).first_day(ZONE) == date(2026, 3, 4)
    assert Kept(first_observed=date(2026, 3, 2)).first_day(ZONE) == date(2026, 3, 2)
    assert Kept(first_event_at=at(5), first_observed=date(2026, 3, 2)).first_day(ZONE) == date(2026, 3, 2)


def test_a_day_that_lost_an_event_is_not_whole_even_if_an_older_event_is_left() -> None:
    assert Kept(first_event_at=at(1), gone_until=at(4)).first_day(ZONE) == date(2026, 3, 5)


def test_a_day_that_lost_observed_time_is_not_whole() -> None:
    kept = Kept(first_event_at=at(9), gone_until=at(4), observed_from=date(2026, 3, 7))
    assert kept.first_day(ZONE) == date(2026, 3, 9)
    assert Kept(first_observed=date(2026, 3, 6), observed_from=date(2026, 3, 7)).first_day(ZONE) == date(
        2026, 3, 7
    )
