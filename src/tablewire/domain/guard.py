"""The soft-block guard: which answers are too bad to be believed when they say that tables are gone."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from tablewire.domain.rules import Rules
from tablewire.domain.slots import OpenSlot
from tablewire.domain.snapshots import Answer, VenueAnswer
from tablewire.domain.state import BucketState


class Judged(msgspec.Struct, frozen=True):
    """An answer, and how far it can be believed."""

    answer: Answer
    suspect: bool
    """Its closings are held, and it is no observation; what it shows may open."""
    gap: timedelta
    """A pair of this answer last observed longer ago than this is stale."""

    @property
    def empty(self) -> bool:
        """Whether it shows no slot at all."""
        return not any(said.slots for said in self.answer.venues)


def own_time(slot: OpenSlot, rules: Rules) -> datetime:
    """From when on a slot goes by itself: a little before its start, or when the platform takes it off."""
    lead = slot.starts_at - rules.expiry_lead
    return lead if slot.off_market_at is None else min(lead, slot.off_market_at)


def is_suspect(answer: Answer, states: Sequence[BucketState], at: datetime, rules: Rules) -> bool:
    """Whether an answer is suspect, judged against all buckets of its date.

    It is suspect if it shows no slot at all and would clear several venues, if it would clear most slots of those it answers for,
    or if it asks for one venue and would clear all of several slots. Slots whose own time has come do not count.

    And where several venues are all empty, but only one or two of them had anything, it is believed when it is said twice: a soft
    block looks just the same, and twice in a row is rare.
    """
    states = [state for state in states if answer.covers(state.key.time_slot)]
    cleared_at = [
        slots
        for said in answer.venues
        if said.whole and (slots := list(_cleared(said, answer.party_size, states, at, rules)))
    ]
    if not cleared_at:
        return False
    cleared = sum(map(len, cleared_at))
    if len(answer.venues) >= rules.suspect_venues and not any(said.slots for said in answer.venues):
        said_before = all(answer.party_size in slot.missed_sizes for slots in cleared_at for slot in slots)
        if len(cleared_at) >= rules.suspect_venues or not said_before:
            return True
    were_open = _open_at(answer, states, at, rules)
    if answer.one_venue and cleared > 1 and cleared == were_open:
        return True
    return cleared >= rules.suspect_slots and 2 * cleared > were_open


def _cleared(
    said: VenueAnswer, size: int, states: Iterable[BucketState], at: datetime, rules: Rules
) -> Iterator[OpenSlot]:
    for state in states:
        pair = state.pair(size, said.venue_id)
        if pair is not None and pair.last is said:
            continue
        shown = {slot.slot_id for slot in said.slots}
        for slot in _of_pair(state, said.venue_id, size, at, rules):
            if slot.slot_id not in shown:
                yield slot


def _open_at(answer: Answer, states: Iterable[BucketState], at: datetime, rules: Rules) -> int:
    return sum(
        1
        for state in states
        for said in answer.venues
        for _ in _of_pair(state, said.venue_id, answer.party_size, at, rules)
    )


def _of_pair(state: BucketState, venue_id: str, size: int, at: datetime, rules: Rules) -> Iterator[OpenSlot]:
    for slot in state.by_venue.get(venue_id, ()):
        if size in slot.sizes and at < own_time(slot, rules):
            yield slot
