"""The watch list as documents."""

from datetime import date, datetime

import msgspec

from tablewire.domain.watch_list import ListEntry, ListResult


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One venue on the list."""

    id: int
    provider: str
    venue_id: str
    venue_name: str | None
    party_size: int
    dates: list[date]
    created_at: datetime
    last_checked_at: datetime | None
    next_due_at: datetime
    last_result: ListResult | None
    last_error: str | None


class EntryPage(msgspec.Struct, frozen=True, kw_only=True):
    """The list, newest first."""

    watches: list[EntryView]
    next_cursor: str | None
    has_more: bool


def view(entry: ListEntry) -> EntryView:
    """An entry as a document."""
    return EntryView(
        id=entry.id,
        provider=entry.provider,
        venue_id=entry.venue_id,
        venue_name=entry.venue_name,
        party_size=entry.party_size,
        dates=list(entry.dates),
        created_at=entry.created_at,
        last_checked_at=entry.last_checked_at,
        next_due_at=entry.next_due_at,
        last_result=entry.last_result,
        last_error=entry.last_error,
    )
