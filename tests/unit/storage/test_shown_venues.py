"""Which venues of open slots a poll has to store."""

import msgspec

from tablewire.domain.slots import OpenSlot, Venue
from tablewire.storage.shown_venues import ShownVenues
from tests.unit.domain.scenes import EIGHT, Scene, call


def slot_at(venue_id: str, name: str) -> OpenSlot:
    scene = Scene()
    scene.poll(call(0, {"v": [EIGHT]}))
    (slot,) = scene.state.open.values()
    return msgspec.structs.replace(slot, venue=Venue(provider="resy", venue_id=venue_id, name=name))


def test_venues_are_stored_once_and_in_one_order() -> None:
    shown = ShownVenues()
    slots = [slot_at("b", "B"), slot_at("a", "A"), slot_at("b", "B")]
    new = shown.new(slots)
    shown.keep(new)
    assert ([venue.venue_id for venue in new], shown.new(slots)) == (["a", "b"], [])


def test_a_venue_that_has_changed_is_stored_again() -> None:
    shown = ShownVenues()
    shown.keep(shown.new([slot_at("a", "A")]))
    assert [venue.name for venue in shown.new([slot_at("a", "A2")])] == ["A2"]


def test_what_was_not_stored_stays_new() -> None:
    shown = ShownVenues()
    shown.new([slot_at("a", "A")])
    assert len(shown.new([slot_at("a", "A")])) == 1
