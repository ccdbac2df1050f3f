"""Reading one venue of an answer, and what is free there, as much of it as can be understood."""

from collections.abc import Callable, Mapping
from sys import intern

import msgspec

from tablewire.domain.slots import SeenSlot, Venue
from tablewire.domain.snapshots import VenueAnswer
from tablewire.providers.drift import Flaw, flaw_of
from tablewire.providers.resy import adornments, wire
from tablewire.providers.resy.convert import (
    Asked,
    belongs_to,
    is_public,
    merge_slots,
    template_key,
)
from tablewire.providers.resy.venues import NoSense, as_hit, to_venue

UNREADABLE = (ValueError, RecursionError)
"""What decoding or converting raises where the wire makes no sense."""


class Faults(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is wrong with a hit, by the sort of the item that has it."""

    flaws: tuple[tuple[str, Flaw], ...] = ()
    blemishes: tuple[tuple[str, Flaw], ...] = ()


NO_FAULTS = Faults()
"""One for all: a hit for every venue, date and party size is remembered, and hardly any has a fault."""


class ReadHit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one hit came to."""

    venue: Venue | None = None
    """None where it is not ours to look at (Tock's), or makes no sense."""
    answer: VenueAnswer | None = None
    slots_listed: int = 0
    """Slots as they stand on the wire, bookable or not."""
    faults: Faults = NO_FAULTS

    @property
    def is_senseless(self) -> bool:
        """Whether there is nothing to be made of it, though it should be ours."""
        return self.venue is None and bool(self.faults.flaws)


def read_hit(raw: msgspec.Raw, asked: Asked) -> ReadHit:
    """Read one hit; whatever stands in its place, this raises nothing."""
    try:
        hit = wire.decode_hit(raw)
        if hit.is_tock_inventory:
            return ReadHit()
        if hit.id.resy <= 0:
            raise NoSense("id.resy is no id")
        venue = to_venue(hit)
    except UNREADABLE as error:
        return ReadHit(faults=Faults(flaws=(("hits", flaw_of(error)),)))
    return _read_availability(hit, venue, asked, adornments.of_hit(hit))


def read_look(raw: msgspec.Raw, asked: Asked, known: Callable[[str], Venue | None]) -> ReadHit:
    """Read one venue of a per-venue answer; whatever stands in its place, this raises nothing.

    `known` gives what a search has said of a venue: it says more than this answer does.
    """
    try:
        found = wire.decode_found(raw)
        if found.id.resy <= 0:
            raise NoSense("id.resy is no id")
        hit = as_hit(found, raw)
        venue = known(str(found.id.resy)) or to_venue(hit)
    except UNREADABLE as error:
        return ReadHit(faults=Faults(flaws=(("hits", flaw_of(error)),)))
    return _read_availability(hit, venue, asked)


def _read_availability(
    hit: wire.Hit, venue: Venue, asked: Asked, blemishes: tuple[tuple[str, Flaw], ...] = ()
) -> ReadHit:
    flaws: list[tuple[str, Flaw]] = []
    templates: Mapping[str, wire.Template] = {}
    unclear: frozenset[str] | None = frozenset()
    try:
        fine = wire.decode_availability(hit.availability)
        listed, slots, templates = len(fine.slots), fine.slots, fine.templates or {}
    except UNREADABLE as error:
        try:
            rough = wire.decode_rough_availability(hit.availability)
        except UNREADABLE:
            return _unobserved(venue, hit, error, blemishes)
        listed = len(rough.slots)
        slots = _readable(rough.slots, flaws)
        templates, unclear = _clear_templates(rough.templates)
    found = _select(slots, templates, unclear, asked, flaws)
    seen: tuple[SeenSlot, ...] = ()
    if found:
        seen = merge_slots(found, templates, venue, asked)
        blemishes += adornments.of_table(found[0], templates.get(template_key(found[0])))
    # One text for all answers of a venue: it is in some for every date and party size.
    answer = VenueAnswer(venue_id=intern(venue.venue_id), slots=seen, whole=not flaws)
    faults = Faults(flaws=tuple(flaws), blemishes=blemishes) if flaws or blemishes else NO_FAULTS
    return ReadHit(venue=venue, answer=answer, slots_listed=listed, faults=faults)


def _unobserved(
    venue: Venue, hit: wire.Hit, error: Exception, blemishes: tuple[tuple[str, Flaw], ...]
) -> ReadHit:
    """A venue that came up without saying what is free: nothing is known of it, and nothing closes."""
    if bytes(hit.availability) == b"null":
        flaw = Flaw("availability", "missing")
    else:
        inner = flaw_of(error)
        flaw = Flaw(f"availability.{inner.field}", inner.fault)
    answer = VenueAnswer(venue_id=intern(venue.venue_id), slots=(), whole=False)
    return ReadHit(venue=venue, answer=answer, faults=Faults(flaws=(("hits", flaw),), blemishes=blemishes))


def _readable(raws: list[msgspec.Raw], flaws: list[tuple[str, Flaw]]) -> list[wire.Slot]:
    slots = []
    for raw in raws:
        try:
            slots.append(wire.decode_slot(raw))
        except UNREADABLE as error:
            flaws.append(("slots", flaw_of(error)))
    return slots


def _clear_templates(found: object) -> tuple[dict[str, wire.Template], frozenset[str] | None]:
    """The templates that can be read, and the keys of those that cannot (None: all); whether theirs are events nobody knows."""
    clear: dict[str, wire.Template] = {}
    unclear: set[str] = set()
    if found is not None and not isinstance(found, dict):
        return clear, None
    for key, value in (found or {}).items():
        try:
            clear[key] = msgspec.convert(value, wire.Template)
        except UNREADABLE:
            unclear.add(key)
    return clear, frozenset(unclear)


def _select(
    slots: list[wire.Slot],
    templates: Mapping[str, wire.Template],
    unclear: frozenset[str] | None,
    asked: Asked,
    flaws: list[tuple[str, Flaw]],
) -> list[wire.Slot]:
    """The slots that are public and of the date asked for."""
    found = []
    for slot in slots:
        key = template_key(slot)
        if unclear is None or key in unclear:
            flaws.append(("slots", Flaw("templates", "not understood")))
            continue
        try:
            if is_public(slot, templates.get(key)) and belongs_to(slot, asked):
                found.append(slot)
        except NoSense:
            flaws.append(("slots", Flaw("date.start", "not understood")))
    return found
