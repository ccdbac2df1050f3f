"""Reading one restaurant's entry: what is free there, as much of it as can be understood."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

import msgspec

from tablewire.domain.snapshots import VenueAnswer
from tablewire.providers.drift import Flaw, flaw_of
from tablewire.providers.opentable import wire
from tablewire.providers.opentable.convert import (
    Listed,
    NoSense,
    is_in,
    is_public,
    seatings_of,
    seen_slot,
    start_of,
)
from tablewire.providers.opentable.hours import Part, Reach

UNREADABLE = (ValueError, RecursionError)
"""What decoding or converting raises where the wire makes no sense."""

Flaws = list[tuple[str, Flaw]]
"""What is wrong, by the sort of the item that has it."""


class Asked(msgspec.Struct, frozen=True):
    """What one call asked for."""

    service_date: date
    party_size: int
    part: Part
    reach: Reach

    @property
    def at(self) -> datetime:
        """The wall time that the call named."""
        return self.reach.asked_at(self.service_date)

    def covers(self, start: datetime) -> bool:
        """Whether a start lies in what was asked for, and belongs to the part."""
        offset = (start - self.at) // timedelta(minutes=1)
        in_reach = -self.reach.backward <= offset <= self.reach.forward
        return in_reach and is_in(self.part, self.service_date, start)


class ReadEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one entry came to."""

    answer: VenueAnswer | None = None
    """None where it is of a restaurant that was not asked for, says nothing of the date, or makes no sense."""
    slots_listed: int = 0
    """Free slots as they stand on the wire."""
    slots_understood: int = 0
    """Those of them whose start is known, in the part of the day or not."""
    flaws: tuple[tuple[str, Flaw], ...] = ()
    senseless: bool = False


def read_entry(raw: msgspec.Raw, asked: Asked, batch: Mapping[int, Listed]) -> ReadEntry:
    """Read one entry; whatever stands in its place, this raises nothing."""
    flaws: Flaws = []
    try:
        restaurant_id, slots, unread = _decoded(raw, flaws)
    except UNREADABLE as error:
        return _unreadable(raw, batch, error)
    listed = batch.get(restaurant_id)
    if listed is None:
        return ReadEntry()
    if slots is None:
        flaw = Flaw("availabilityDays", "without the day asked for")
        return ReadEntry(flaws=(("restaurants", flaw),))
    free = [slot for slot in slots if slot.is_available]
    starts, understood = _starts(free, asked, flaws)
    seen = tuple(
        seen_slot(listed, asked.party_size, asked.service_date, start, seatings=frozenset(seatings))
        for start, seatings in sorted(starts.items())
    )
    return ReadEntry(
        answer=VenueAnswer(listed.venue.venue_id, seen, whole=not flaws),
        slots_listed=len(free) + unread,
        slots_understood=understood,
        flaws=tuple(flaws),
    )


def _decoded(raw: msgspec.Raw, flaws: Flaws) -> tuple[int, Iterable[wire.Slot] | None, int]:
    """Whose entry it is, the slots of the date asked for (None: it does not speak of it), and how many could not be read."""
    try:
        fine = wire.decode_entry(raw)
    except UNREADABLE:
        rough = wire.decode_rough_entry(raw)
        listed = [day.slots for day in rough.availability_days if day.day_offset == 0]
        slots = [slot for day in listed for slot in _readable(day, flaws)]
        return rough.restaurant_id, slots if listed else None, len(flaws)
    days = [day.slots for day in fine.availability_days if day.day_offset == 0]
    return fine.restaurant_id, [slot for day in days for slot in day] if days else None, 0


def _readable(raws: Iterable[msgspec.Raw], flaws: Flaws) -> Iterable[wire.Slot]:
    for raw in raws:
        try:
            yield wire.decode_slot(raw)
        except UNREADABLE as error:
            flaws.append(("slots", flaw_of(error)))


def _starts(free: Iterable[wire.Slot], asked: Asked, flaws: Flaws) -> tuple[dict[datetime, set[str]], int]:
    """The starts that were asked for, each with its seatings, and how many slots were understood."""
    starts: dict[datetime, set[str]] = {}
    understood = 0
    for slot in free:
        if not is_public(slot):
            continue
        try:
            start = start_of(slot, asked.at)
        except NoSense:
            fault = "missing" if slot.time_offset_minutes is None else "not understood"
            flaws.append(("slots", Flaw("timeOffsetMinutes", fault)))
            continue
        understood += 1
        if asked.covers(start):
            starts.setdefault(start, set()).update(seatings_of(slot.attributes))
    return starts, understood


def _unreadable(raw: msgspec.Raw, batch: Mapping[int, Listed], error: Exception) -> ReadEntry:
    """A restaurant of which nothing can be understood: it came up, and nothing closes."""
    flaws = (("restaurants", flaw_of(error)),)
    try:
        listed = batch.get(wire.decode_named_entry(raw).restaurant_id)
    except UNREADABLE:
        return ReadEntry(flaws=flaws, senseless=True)
    if listed is None:
        return ReadEntry()
    return ReadEntry(answer=VenueAnswer(listed.venue.venue_id, (), whole=False), flaws=flaws)
