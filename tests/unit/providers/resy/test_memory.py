"""What was read before is handed out again, and what is old is forgotten."""

from datetime import date, timedelta

import msgspec

from tablewire.domain.markets import NYC
from tablewire.domain.slots import SeenSlot, Venue
from tablewire.domain.snapshots import VenueAnswer
from tablewire.providers.resy.memory import Memory, Sheet
from tablewire.providers.resy.reading import ReadHit

DAY = date(2026, 10, 22)
HOUSE = Venue(provider="resy", venue_id="7", name="House 7")


def read(*times: str, venue_id: str = "7") -> ReadHit:
    slots = tuple(SeenSlot(slot_id=time.encode(), actual_time=time, service_date=DAY) for time in times)
    return ReadHit(
        venue=msgspec.structs.replace(HOUSE, venue_id=venue_id), answer=VenueAnswer(venue_id, slots)
    )


def test_the_same_bytes_are_known() -> None:
    sheet = Sheet()
    kept = sheet.keep(1, read("19:00"))
    assert sheet.same(1) is kept
    assert sheet.same(2) is None


def test_other_bytes_that_say_the_same_give_the_old_answer() -> None:
    sheet = Sheet()
    before = sheet.keep(1, read("19:00"))
    after = sheet.keep(2, read("19:00"))
    assert after.answer is before.answer
    assert sheet.same(1) is None


def test_a_change_gives_a_new_answer_and_the_old_bytes_are_forgotten() -> None:
    sheet = Sheet()
    before = sheet.keep(1, read("19:00"))
    after = sheet.keep(2, read("19:00", "20:00"))
    assert after.answer is not before.answer
    assert sheet.last("7") is after.answer
    assert sheet.same(1) is None


def test_the_weight_follows_what_is_kept() -> None:
    sheet = Sheet()
    for print_, times in ((1, ["a"]), (2, ["a", "b"]), (3, [])):
        sheet.keep(print_, read(*times))
    sheet.keep(4, read("a", venue_id="8"))
    assert sheet.weight == (2 + 0) + (2 + 1)


def test_a_look_is_the_last_answer_until_a_search_speaks_of_the_venue_again() -> None:
    sheet = Sheet()
    searched = sheet.keep(1, read("a")).answer
    looked = sheet.look(VenueAnswer("7", ()))
    assert sheet.last("7") is looked
    sheet.same(1)
    assert sheet.last("7") is searched


def test_the_weight_follows_looks_too() -> None:
    sheet = Sheet()
    for times in (["a"], ["a", "b"], ["a", "b"]):
        answer = read(*times).answer
        assert answer is not None
        sheet.look(answer)
    assert sheet.weight == 2 + 2
    sheet.keep(1, read("a", "b", "c"))
    assert sheet.weight == 2 + 3


def test_dates_that_have_passed_are_forgotten() -> None:
    memory = Memory()
    old, new = memory.sheet(NYC, DAY, 2), memory.sheet(NYC, DAY + timedelta(days=1), 2)
    memory.forget_before(NYC, DAY + timedelta(days=1))
    assert memory.sheet(NYC, DAY, 2) is not old
    assert memory.sheet(NYC, DAY + timedelta(days=1), 2) is new


def test_where_too_much_is_kept_what_was_unused_for_longest_goes() -> None:
    memory = Memory(most=10)
    first, second = memory.sheet(NYC, DAY, 2), memory.sheet(NYC, DAY, 4)
    first.keep(1, read("a", "b", "c"))
    second.keep(1, read("a", "b", "c", "d"))
    assert memory.sheet(NYC, DAY, 2) is first
    assert memory.sheet(NYC, DAY, 4) is not second


def test_an_unchanged_venue_is_the_same_object() -> None:
    memory = Memory()
    known = memory.venue(HOUSE)
    assert memory.venue(msgspec.structs.replace(HOUSE)) is known
    renamed = msgspec.structs.replace(HOUSE, name="House of 7")
    assert memory.venue(renamed) is renamed
