"""What a poll does to open slots, as its row says it, and read back."""

import msgspec

from tablewire.domain.slots import OpenSlot
from tablewire.domain.state import BucketState, Change
from tablewire.storage.slot_rows import MOST_ENTRIES, SPARE, SlotReader, StoredRow, slots_of_change
from tests.stored_scenes import quiet_poll
from tests.unit.domain.scenes import EIGHT, NINE, Scene, call

PLENTY = 10_000


def scene_with_two_slots() -> Scene:
    scene = Scene()
    scene.poll(call(0, {"v": [EIGHT, NINE]}))
    return scene


def slots_in(scene: Scene) -> list[OpenSlot]:
    return list(scene.state.open.values())


def opening(state: BucketState, *slots: OpenSlot) -> Change:
    return msgspec.structs.replace(quiet_poll(state), opened=slots)


def closing(state: BucketState, slot: OpenSlot) -> Change:
    return msgspec.structs.replace(quiet_poll(state), closed=(slot.slot_id,))


def stored(change: Change, state: BucketState, entries: int | None = 0) -> StoredRow:
    slots = slots_of_change(change, state, entries)
    return StoredRow(slots.ids, slots.encoded, None, b"".join(slots.closed))


def read(*rows: StoredRow) -> list[OpenSlot]:
    reader = SlotReader("resy")
    found = reader.read(rows)
    venues = {slot.venue.venue_id: slot.venue for slot in slots_in(scene_with_two_slots())}
    assert reader.unknown_venues(found) == sorted(venues if found else ())
    reader.learn(venues)
    return list(reader.slots_of(found))


def test_slots_are_read_as_they_were_stored() -> None:
    slots = slots_in(scene_with_two_slots())
    assert read(stored(opening(Scene().state, *slots), Scene().state)) == slots


def test_an_address_to_book_at_goes_on_from_the_venues_own() -> None:
    slot = slots_in(scene_with_two_slots())[0]
    venue = msgspec.structs.replace(slot.venue, url="https://example.test/v")
    slot = msgspec.structs.replace(slot, venue=venue, book_page=venue.url, book_query="?seats=2")
    row = stored(opening(Scene().state, slot), Scene().state)
    assert "example.test" not in row.slots
    reader = SlotReader("resy")
    found = reader.read([row])
    reader.learn({"v": venue})
    assert list(reader.slots_of(found)) == [slot]


def test_what_closes_later_is_not_read() -> None:
    scene = scene_with_two_slots()
    first, second = slots_in(scene)
    rows = (
        stored(opening(Scene().state, first, second), Scene().state),
        stored(closing(scene.state, first), scene.state),
    )
    assert read(*rows) == [second]


def test_the_newest_row_says_how_a_slot_is() -> None:
    first, _ = slots_in(scene_with_two_slots())
    later = msgspec.structs.replace(first, sizes=(2, 4))
    rows = [stored(opening(Scene().state, slot), Scene().state) for slot in (first, later)]
    assert read(*rows) == [later]


def test_a_poll_is_stored_as_what_it_changes() -> None:
    scene = scene_with_two_slots()
    slots = slots_of_change(closing(scene.state, slots_in(scene)[0]), scene.state, 2)
    assert (slots.puts, slots.whole, slots.entries) == ((), False, 1)


def test_rows_that_hold_too_much_of_the_past_are_written_anew() -> None:
    scene = scene_with_two_slots()
    first, second = slots_in(scene)
    most = int(MOST_ENTRIES * 1 + SPARE)
    just, beyond = (
        slots_of_change(closing(scene.state, first), scene.state, entries) for entries in (most - 1, most)
    )
    assert (just.whole, beyond.whole, beyond.puts, beyond.closed) == (False, True, (second,), ())


def test_rows_of_which_nothing_is_known_are_written_anew() -> None:
    scene = scene_with_two_slots()
    first, second = slots_in(scene)
    assert slots_of_change(closing(scene.state, first), scene.state, None).puts == (second,)


def test_a_poll_that_touches_no_slot_writes_nothing_anew() -> None:
    scene = scene_with_two_slots()
    slots = slots_of_change(quiet_poll(scene.state), scene.state, PLENTY)
    assert (slots.whole, slots.entries) == (False, 0)


def test_a_venue_whose_row_is_gone_is_named_by_its_id() -> None:
    slot = slots_in(scene_with_two_slots())[0]
    reader = SlotReader("resy")
    found = reader.read([stored(opening(Scene().state, slot), Scene().state)])
    assert [read.venue.name for read in reader.slots_of(found)] == [slot.venue.venue_id]
