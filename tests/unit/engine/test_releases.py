"""When releases happen."""

from datetime import UTC, date, datetime, time

import pytest

from tablewire.domain.markets import NYC
from tablewire.engine.releases import last_release


@pytest.mark.parametrize(
    ("now", "wall", "day"),
    [
        (datetime(2026, 2, 11, 13, 59, 59, tzinfo=UTC), time(0), date(2026, 2, 11)),
        (datetime(2026, 2, 11, 14, 0, tzinfo=UTC), time(9), date(2026, 2, 11)),
        (datetime(2026, 2, 11, 15, 30, tzinfo=UTC), time(10), date(2026, 2, 11)),
        (datetime(2026, 2, 12, 4, 59, tzinfo=UTC), time(10), date(2026, 2, 11)),
        (datetime(2026, 2, 12, 5, 0, tzinfo=UTC), time(0), date(2026, 2, 12)),
    ],
)
def test_the_latest_release_is_at_midnight_nine_or_ten(now: datetime, wall: time, day: date) -> None:
    release = last_release(now, NYC.zone)
    assert (release.wall, release.day) == (wall, day)


def test_in_the_night_of_changed_clocks_midnight_is_still_midnight() -> None:
    release = last_release(datetime(2026, 3, 9, 4, 0, tzinfo=UTC), NYC.zone)
    assert release.at == datetime(2026, 3, 9, 4, 0, tzinfo=UTC).timestamp()
