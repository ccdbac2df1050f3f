"""How slots are named."""

from datetime import date

import msgspec
import pytest

from tablewire.domain.slots import SeenSlot, local_start, slot_id


@pytest.mark.parametrize(
    ("provider", "venue_id", "actual_time", "name"),
    [
        ("resy", "834", "2026-02-18 20:30:00", "4eb06f70fcedd7420e26f59a5ea0adb7"),
        ("opentable", "1180", "2026-02-18 19:00:00", "96209387bdf1371f4890496b940ce854"),
    ],
)
def test_a_slot_has_the_name_that_the_specification_gives(
    provider: str, venue_id: str, actual_time: str, name: str
) -> None:
    assert slot_id(provider, venue_id, actual_time).hex() == name


def test_a_slot_id_is_sixteen_bytes_also_for_names_beyond_ascii() -> None:
    assert len(slot_id("résy", "8“34", "2026-02-18 20:30:00")) == 16


def test_a_start_is_a_wall_time_without_zone() -> None:
    start = local_start("2026-02-18 20:30:00")
    assert (start.isoformat(), start.tzinfo) == ("2026-02-18T20:30:00", None)


@pytest.mark.parametrize(
    "text", ["", "2026-02-18", "2026-02-30 20:00:00", "2026-02-18T20:30:00", "2026-02-18 25:00:00"]
)
def test_what_is_no_start_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        local_start(text)


def test_a_slot_is_booked_at_its_page_with_its_query() -> None:
    slot = SeenSlot(slot_id=b"", actual_time="", service_date=date(2026, 2, 18))
    assert slot.book_url is None
    at_page = msgspec.structs.replace(slot, book_page="https://example.test/v", book_query="?seats=2")
    assert at_page.book_url == "https://example.test/v?seats=2"
