"""The answers of the feed and of its views, as documents."""

from datetime import datetime

import msgspec

from tablewire.domain.events import Event
from tablewire.domain.health import AskedProvider
from tablewire.live.board import OpenRow
from tablewire.live.feed import Page
from tablewire.live.views import OpenedGroup


class FeedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log, oldest first."""

    events: list[Event]
    next_cursor: str
    """Hand it back as `since`."""
    prev_cursor: str | None
    """Hand it back as `before`; null where nothing is older."""
    has_more: bool


class NewestFirst(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log, newest first."""

    events: list[Event]
    next_cursor: str | None
    """Hand it back as `before`; null where nothing is older."""
    has_more: bool


class JustOpened(msgspec.Struct, frozen=True, kw_only=True):
    """What opened lately and is still open."""

    last_scan_at: datetime | None
    next_scan_at: datetime | None
    groups: list[OpenedGroup]


class OpenSlotView(OpenRow, frozen=True, kw_only=True):
    """A slot that is open now, and for how long it has been."""

    kind: str
    """How it opened: drop, reopened, baseline or gap."""
    open_for_seconds: int


class StillOpen(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is open now."""

    last_scan_at: datetime | None
    next_scan_at: datetime | None
    slots: list[OpenSlotView]


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """What is open now for a filter."""

    last_scan_at: datetime | None
    next_scan_at: datetime | None
    live: bool
    """Whether the providers were asked for this answer."""
    asked: dict[str, AskedProvider]
    """How that went, by provider."""
    total: int
    """Open slots that pass the filter, those beyond `limit` included."""
    has_more: bool
    slots: list[OpenSlotView]


def feed_page(page: Page, *, older: bool = False) -> bytes:
    """A page of the feed from bytes that exist already; for clients of the older paths with `resy_url`."""
    events = b",".join([entry.older_json if older else entry.json for entry in page.entries])
    before = b"null" if page.prev_cursor is None else b'"%d"' % page.prev_cursor
    more = b"true" if page.has_more else b"false"
    return b'{"events":[%s],"next_cursor":"%d","prev_cursor":%s,"has_more":%s}' % (
        events,
        page.next_cursor,
        before,
        more,
    )


def newest_first(page: Page, *, older: bool = False) -> bytes:
    """The same events, newest first."""
    events = b",".join([entry.older_json if older else entry.json for entry in reversed(page.entries)])
    before = b"null" if page.prev_cursor is None else b'"%d"' % page.prev_cursor
    return b'{"events":[%s],"next_cursor":%s,"has_more":%s}' % (
        events,
        before,
        b"true" if page.has_more else b"false",
    )
