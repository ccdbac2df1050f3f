"""Notifications: what a user is told, and of which table."""

from datetime import date, datetime, time
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """Whose wish a notification answers; `system` tells of the service itself."""

    WATCH = "watch"
    NOTIFY = "notify"
    GOAL = "goal"
    SYSTEM = "system"


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The table that a notification tells of, as it was then."""

    market: str | None = None
    provider: str | None = None
    venue_id: str | None = None
    venue_name: str | None = None
    neighborhood: str | None = None
    service_date: date | None = None
    slot_date: date | None = None
    slot_time: time | None = None
    party_sizes: tuple[int, ...] = ()
    opened_at: datetime | None = None
    """When the answer came that first showed it."""
    image_url: str | None = None


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that is to be stored: once for each (user, kind, source, slot, opening)."""

    user_id: int
    kind: Kind
    title: str
    body: str
    source_id: int | None = None
    """The id of the watch, notify request or goal."""
    event_id: int | None = None
    """The id of the opening in the log, where it has one."""
    slot_key: str | None = None
    """The slot as 32 hex characters, or another name for what is told of once (`name:carbone` of a watch for new names)."""
    opening: str | None = None
    """Which opening of the slot: the id of its event, or `first:` and the microseconds since 1970 of `first_seen_at` where it has none."""
    book_url: str | None = None
    goal_match_score: float | None = None
    facts: Facts = Facts()


class Notification(Telling, frozen=True, kw_only=True):
    """A notification as it is stored."""

    id: int
    """Its place among all notifications when it was new: they become visible in the order of their ids."""
    created_at: datetime
    place: int = 0
    """Its place now: its id, until it changes (read, table gone); then a new number of the same sequence."""
    read_at: datetime | None = None
    closed_at: datetime | None = None
    """When its table was seen to be gone."""
    open_seconds: float | None = None
    """How long its table was open, as far as is known."""


def opening_of(event_id: int | None, first_seen_at: datetime) -> str:
    """The name of one opening of a slot."""
    if event_id is not None:
        return str(event_id)
    return f"first:{round(first_seen_at.timestamp() * 1_000_000)}"
