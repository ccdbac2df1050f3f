"""Snapshots: what one provider answered for one date in one poll."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import msgspec

from tablewire.domain.slots import SeenSlot, Venue


class Outcome(StrEnum):
    """How a poll went."""

    OK = "ok"
    """Everything asked for was answered, and adds up."""
    PARTIAL = "partial"
    FAILED = "failed"
    BLOCKED = "blocked"
    """A challenge page or a soft block."""


class VenueAnswer(msgspec.Struct, frozen=True, gc=False):
    """What one call said of one venue for its party size.

    An adapter that gets the same bytes again hands out the same object again: the diff takes identity for "nothing changed".
    """

    venue_id: str
    slots: tuple[SeenSlot, ...]
    whole: bool = True
    """False where a part of it could not be understood: what is readable may open, nothing may close."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one call answered, for one party size."""

    party_size: int
    sent_at: datetime
    """When the call was sent, in UTC: nothing in it is known to be older than this."""
    arrived_at: datetime
    venues: tuple[VenueAnswer, ...]
    page: int = 1
    """Which page of the sweep it is; 0 where venues were asked for by name, which is no part of a sweep."""
    total_pages: int = 1
    one_venue: bool = False
    """Whether the call asked for a single venue."""
    time_slots: tuple[str, ...] | None = None
    """The parts of the day it answers for, by their time slots; None: the whole day. It says nothing of the others."""

    def covers(self, time_slot: str) -> bool:
        """Whether it answers for a part of the day."""
        return self.time_slots is None or time_slot in self.time_slots


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All that one poll of one date brought back; one call may answer for several buckets of the date."""

    provider: str
    market: str
    service_date: date
    finished_at: datetime
    """When the last call had been answered or given up, in UTC."""
    answers: tuple[Answer, ...]
    outcome: Outcome
    cause: str | None = None
    venues: Mapping[str, Venue] = {}
    """What is known of each venue that any answer names, by venue id."""
    calls: int = 0
    """Requests sent, retries included."""
