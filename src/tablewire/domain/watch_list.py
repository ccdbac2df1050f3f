"""The hourly watch list: venues with a party size and dates, looked at once an hour."""

from datetime import date, datetime, timedelta

import msgspec

from tablewire.domain.watches import ShownTable

EVERY = timedelta(hours=1)
MOST_DATES = 60
"""Dates of one entry."""


class ListResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the last check of an entry found."""

    open_now: int
    """How many tables."""
    tables: tuple[ShownTable, ...] = ()
    """The first of them, by start."""
    notes: tuple[str, ...] = ()
    """What could not be seen, and why."""


class ListEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One venue on a user's list."""

    id: int = 0
    user_id: int = 0
    provider: str
    venue_id: str
    venue_name: str | None = None
    party_size: int
    dates: tuple[date, ...]
    created_at: datetime
    next_due_at: datetime
    lease_until: datetime | None = None
    last_checked_at: datetime | None = None
    last_result: ListResult | None = None
    last_error: str | None = None
