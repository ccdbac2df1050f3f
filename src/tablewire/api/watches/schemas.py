"""Watches as documents."""

from datetime import date, datetime, time
from typing import Annotated

import msgspec

from tablewire.domain.venue_names import ChosenVenue
from tablewire.domain.watch_limits import RuledOut
from tablewire.domain.watch_preview import MOST_DAYS, WouldTell
from tablewire.domain.watch_silence import Silence, VenueLooks, reasons
from tablewire.domain.watches import CheckResult, FilterValue, Mode, Watch
from tablewire.services.watch_history import Preview
from tablewire.services.watches import WatchWish


class WatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A user's standing search."""

    id: int
    mode: Mode
    venues: list[ChosenVenue]
    filters: dict[str, FilterValue]
    every_minutes: int
    paused: bool
    created_at: datetime
    last_checked_at: datetime | None
    next_due_at: datetime | None
    """Null while it is paused."""
    last_result: CheckResult | None
    last_error: str | None
    """Why the last check failed; null where it did not."""


class WatchPage(msgspec.Struct, frozen=True, kw_only=True):
    """Watches, newest first."""

    watches: list[WatchView]
    next_cursor: str | None
    has_more: bool


class PreviewWish(WatchWish, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A watch that is not made yet, and how far back to look."""

    days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)] = 7


class ToldView(msgspec.Struct, frozen=True, kw_only=True):
    """One notification that there would have been."""

    name: str | None
    """The new name; null but for a watch for names."""
    provider: str
    venue_id: str
    venue_name: str
    neighborhood: str | None
    slot_date: date
    slot_time: time
    party_sizes: list[int]
    book_url: str | None
    told_at: datetime
    """When the check would have been."""
    opened_at: datetime
    closed_at: datetime | None
    open_seconds: float | None
    """How long the table was open; null where it is open still, or nobody knows."""
    still_open: bool


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """What a watch would have told, newest first."""

    since: datetime
    """From when on that is known: less far back where there was more than one answer looks through."""
    tellings: list[ToldView]
    has_more: bool
    """Whether there were more than are listed."""


class SilenceView(msgspec.Struct, frozen=True, kw_only=True):
    """Why a watch may be silent."""

    watch: WatchView
    reasons: list[str]
    """In plain words, what weighs most first."""
    dates: list[date]
    """Its dates that are polled."""
    dates_outside: list[date]
    party_sizes: list[int]
    """Its party sizes that are polled."""
    party_sizes_outside: list[int]
    venues: list[VenueLooks]
    since: datetime
    """From when on openings were looked at."""
    openings: int
    """At its venues; of a watch for names, anywhere."""
    fitting: int
    ruled_out: list[RuledOut]
    """What each limit ruled out."""


def view(watch: Watch) -> WatchView:
    """A watch as a document."""
    return WatchView(
        id=watch.id,
        mode=watch.mode,
        venues=list(watch.venues),
        filters=dict(watch.filters),
        every_minutes=watch.every_minutes,
        paused=watch.paused,
        created_at=watch.created_at,
        last_checked_at=watch.last_checked_at,
        next_due_at=None if watch.paused else watch.next_due_at,
        last_result=watch.last_result,
        last_error=watch.last_error,
    )


def preview_view(preview: Preview) -> PreviewView:
    """A preview as a document."""
    tellings = [_told_view(one) for one in preview.tellings]
    return PreviewView(since=preview.since, tellings=tellings, has_more=preview.has_more)


def _told_view(one: WouldTell) -> ToldView:
    table = one.table
    return ToldView(
        name=one.name,
        provider=table.provider,
        venue_id=table.venue_id,
        venue_name=table.venue_name,
        neighborhood=table.neighborhood,
        slot_date=table.slot_date,
        slot_time=table.slot_time,
        party_sizes=list(table.party_sizes),
        book_url=table.book_url,
        told_at=one.told_at,
        opened_at=one.opened_at,
        closed_at=one.closed_at,
        open_seconds=one.open_seconds,
        still_open=one.still_open,
    )


def silence_view(silence: Silence) -> SilenceView:
    """Why a watch may be silent, as a document."""
    span = silence.span
    return SilenceView(
        watch=view(silence.watch),
        reasons=list(reasons(silence)),
        dates=list(span.dates),
        dates_outside=list(span.later_dates),
        party_sizes=list(span.sizes),
        party_sizes_outside=list(span.other_sizes),
        venues=list(silence.venues),
        since=silence.since,
        openings=silence.openings,
        fitting=silence.fitting,
        ruled_out=list(silence.ruled_out),
    )
