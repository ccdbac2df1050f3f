"""What was read before is handed out again, and forgotten in time."""

from datetime import timedelta

from tablewire.domain.markets import NYC
from tablewire.domain.slots import SeenSlot
from tablewire.domain.snapshots import VenueAnswer
from tablewire.providers.opentable.memory import Memory, Sheet
from tablewire.providers.opentable.reading import ReadEntry
from tests.unit.providers.opentable_pages import DAY


def said(venue_id: str, *times: str) -> VenueAnswer:
    slots = tuple(SeenSlot(slot_id=b"x" * 16, actual_time=at, service_date=DAY) for at in times)
    return VenueAnswer(venue_id, slots)


def test_the_same_bytes_are_the_same_entry() -> None:
    sheet = Sheet()
    read = sheet.keep(1, 1200, ReadEntry(answer=said("7")))
    assert sheet.same(1) is read
    assert sheet.same(2) is None


def test_an_entry_takes_the_place_of_the_restaurants_last_one_round_the_same_time() -> None:
    sheet = Sheet()
    sheet.keep(1, 1200, ReadEntry(answer=said("7")))
    sheet.keep(2, 840, ReadEntry(answer=said("7")))
    sheet.keep(3, 1200, ReadEntry(answer=said("7", "19:00")))
    assert (sheet.same(1) is None, sheet.same(2) is None, sheet.same(3) is None) == (True, False, False)


def test_an_entry_of_nobody_is_not_kept() -> None:
    sheet = Sheet()
    sheet.keep(1, 1200, ReadEntry())
    assert sheet.same(1) is None


def test_an_answer_that_says_the_same_is_the_same_object() -> None:
    sheet = Sheet()
    first = sheet.settle(said("7", "19:00"))
    assert sheet.settle(said("7", "19:00")) is first
    other = sheet.settle(said("7"))
    assert sheet.settle(said("7", "19:00")) is not first
    assert other.slots == ()


def test_what_is_unused_for_longest_is_forgotten_first() -> None:
    memory = Memory(most=4)
    kept = [memory.sheet(NYC, DAY + timedelta(days=ahead), 2, "19:00") for ahead in range(2)]
    for sheet in kept:
        sheet.settle(said("7", "19:00"))
    assert memory.sheet(NYC, DAY + timedelta(days=1), 2, "19:00") is kept[1]
    assert memory.sheet(NYC, DAY, 2, "19:00") is not kept[0]


def test_past_dates_are_forgotten() -> None:
    memory = Memory()
    old, new = (memory.sheet(NYC, day, 2, "19:00") for day in (DAY - timedelta(days=1), DAY))
    memory.forget_before(NYC, DAY)
    assert memory.sheet(NYC, DAY, 2, "19:00") is new
    assert memory.sheet(NYC, DAY - timedelta(days=1), 2, "19:00") is not old
