"""Conversion: what is said of a table, in our words."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tablewire.domain.slots import local_start
from tablewire.providers.resy.convert import Asked, book_query, checked_start, off_market_at
from tablewire.providers.resy.venues import NoSense
from tests.unit.providers.resy_pages import DAY

NEW_YORK = ZoneInfo("America/New_York")
ASKED = Asked(service_date=date.fromisoformat(DAY), party_size=4, zone=NEW_YORK)


def test_a_table_is_booked_for_a_date_and_seats() -> None:
    assert book_query(ASKED) == f"?date={DAY}&seats=4"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "19:00",
        "2026-10-22T19:00:00",
        "2026-10-22 19:00",
        "2026-10-22 25:00:00",
        "2026-1-2 3:4:5",
        "٢٠٢٦-10-22 19:00:00",
    ],
)
def test_a_start_is_written_as_resy_writes_it_or_makes_no_sense(text: str) -> None:
    with pytest.raises(NoSense):
        checked_start(text)


START = datetime(2026, 10, 22, 19, 0)


@pytest.mark.parametrize(
    ("secs", "at", "expected"),
    [
        (None, None, None),
        (0, None, datetime(2026, 10, 22, 23, 0, tzinfo=UTC)),
        (3600, None, datetime(2026, 10, 22, 22, 0, tzinfo=UTC)),
        (86_400, time(23), datetime(2026, 10, 22, 3, 0, tzinfo=UTC)),
        (2 * 86_400, time(12), datetime(2026, 10, 20, 16, 0, tzinfo=UTC)),
        (0, time(15), datetime(2026, 10, 22, 19, 0, tzinfo=UTC)),
        (None, time(15), datetime(2026, 10, 22, 19, 0, tzinfo=UTC)),
        (None, time(23), datetime(2026, 10, 22, 23, 0, tzinfo=UTC)),
    ],
)
def test_when_a_start_goes_off_the_market(
    secs: int | None, at: time | None, expected: datetime | None
) -> None:
    assert off_market_at(START, secs, at, NEW_YORK) == expected


def test_the_captured_instants_off_the_market_are_met(captures: Path) -> None:
    found = msgspec.json.decode((captures / "resy/find.87134.2026-10-22.json").read_bytes())
    house = found["results"]["venues"][0]
    for slot in house["slots"]:
        config = house["templates"][str(slot["template"]["id"])]["reservation_config"]
        at = config["time_off_market"]
        off_at = off_market_at(
            local_start(slot["date"]["start"]),
            config["secs_off_market"],
            time.fromisoformat(at) if at else None,
            NEW_YORK,
        )
        assert off_at is not None
        assert off_at.timestamp() == slot["market"]["date"]["off"]
