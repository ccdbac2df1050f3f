"""Interval watches: standing searches, and what is news to one since its last check."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import TypeAlias

import msgspec

from tablewire.domain.filters import EventFilter, parse_filter
from tablewire.domain.sightings import Sighting
from tablewire.domain.venue_names import ChosenVenue
from tablewire.errors import BadInput, FieldError

LONGEST_INTERVAL = 7 * 24 * 60
"""Minutes."""
SHOWN = 10
"""Tables and names that a result shows."""

FilterValue: TypeAlias = str | int | list[str | int]
Filters: TypeAlias = Mapping[str, FilterValue]
"""The parameters of a query and their values, as `domain.filters` knows them."""


class Mode(StrEnum):
    """What a watch waits for."""

    SPECIFIC = "specific"
    """Tables at certain venues."""
    NEW = "new"
    """Names among what is open for some criteria."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a watch for certain venues found at its last check."""

    slots: dict[str, str] = {}
    """The opening of each slot that was open, by slot."""
    outside: tuple[str, ...] = ()
    """What a provider had answered of what is not watched: what such an answer shows first is no news."""


class ShownTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table, as results show it."""

    provider: str
    venue_id: str
    venue_name: str
    slot_date: date
    slot_time: time
    party_sizes: tuple[int, ...]
    book_url: str | None


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the last check of a watch found."""

    open_now: int
    """Tables that fit now; for `new`, names."""
    told: int
    """Notifications that it made."""
    left: int = 0
    """News beyond what one check tells: for the next."""
    tables: tuple[ShownTable, ...] = ()
    """The first that fit, by start."""
    names: tuple[str, ...] = ()
    """Those of `new`."""
    notes: tuple[str, ...] = ()
    """What it could not see, and why."""


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """A user's standing search."""

    id: int
    user_id: int
    mode: Mode
    venues: tuple[ChosenVenue, ...] = ()
    filters: Filters = {}
    every_minutes: int
    paused: bool = False
    created_at: datetime
    next_due_at: datetime
    lease_until: datetime | None = None
    last_checked_at: datetime | None = None
    last_result: CheckResult | None = None
    last_error: str | None = None
    seen: Seen | None = None
    """None: the next check is the first."""
    seen_event: int | None = None
    """The event up to which openings of the log were looked at; None: they are looked at from now on."""
    seen_version: int | None = None
    """The version of the names that it compared with last."""

    @property
    def interval(self) -> timedelta:
        """How often it is checked."""
        return timedelta(minutes=self.every_minutes)


# --- what is asked for


def filter_of(filters: Filters) -> EventFilter:
    """The filter of a watch. Raises `BadInput` with fields such as `filters.party_size`."""
    query: dict[str, list[str]] = {}
    wrong: list[FieldError] = []
    for name, given in filters.items():
        values = given if isinstance(given, list) else [given]
        query[name] = [str(value) for value in values]
        if not values:
            wrong.append(FieldError(f"filters.{name}", "it has no value"))
    found = EventFilter()
    try:
        found = parse_filter(query)
    except BadInput as error:
        wrong.extend(FieldError(f"filters.{one.field[:100]}", one.message) for one in error.fields)
    if wrong:
        raise BadInput(wrong)
    return found


def criteria_key(wanted: EventFilter) -> str:
    """The name of some criteria: the same for equal ones, in whatever order and spelling they were given."""
    terms = sorted((term.field, term.op.value, term.values) for term in wanted.terms)
    return blake2b(msgspec.json.encode(terms), digest_size=16).hexdigest()


def key_of(mode: Mode, filters: Filters) -> str | None:
    """The name of a watch's criteria, where it waits for names."""
    return criteria_key(filter_of(filters)) if mode is Mode.NEW else None


def next_due(watch: Watch, checked_at: datetime) -> datetime:
    """When a watch is due after a check: on its own beat, unless that has been missed."""
    on_beat = watch.next_due_at + watch.interval
    missed = not checked_at < on_beat <= checked_at + watch.interval
    return checked_at + watch.interval if missed else on_beat


def due_after_failure(watch: Watch, failed_at: datetime) -> datetime:
    """When a watch whose check failed is tried again: in a minute, then less and less often, at most as rarely as it is checked."""
    since = watch.created_at if watch.last_checked_at is None else watch.last_checked_at + watch.interval
    wait = max(timedelta(minutes=1), failed_at - since)
    return failed_at + min(wait, watch.interval)


def shown(tables: Iterable[Sighting]) -> tuple[ShownTable, ...]:
    """The first few tables by start."""
    first = sorted(tables, key=lambda one: one.starts)[:SHOWN]
    return tuple(
        ShownTable(**{name: getattr(one, name) for name in ShownTable.__struct_fields__}) for one in first
    )
