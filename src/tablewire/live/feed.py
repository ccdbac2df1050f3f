"""The feed: pages of the log by cursor, and a stream's way from what it missed into what comes."""

from bisect import bisect_left, bisect_right

import msgspec

from tablewire.domain.filters import EventFilter
from tablewire.errors import BadCursor, CursorGone
from tablewire.live.audience import Stream
from tablewire.live.hub import Hub
from tablewire.live.ring import ALL_TYPES
from tablewire.live.sse import Entry

_REPLAY_BATCH = 200
_MAX_DIGITS = 18


class PageWish(msgspec.Struct, frozen=True, kw_only=True):
    """Which page is wanted: after `since`, or before `before`, or the newest where both are None."""

    wanted: EventFilter
    types: frozenset[str]
    limit: int
    since: int | None = None
    before: int | None = None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log, oldest first."""

    entries: list[Entry]
    next_cursor: int
    """Everything up to here has been considered: the next page comes `since` it."""
    prev_cursor: int | None
    """What is older comes `before` it; None where nothing is."""
    has_more: bool
    """Whether there is more in the direction of asking: newer after `since`, else older."""
    settled: bool
    """Whether this page is of the past and will always be the same."""


class Resumption(msgspec.Struct, frozen=True):
    """From where a stream starts; `reset` says why it could not start where its client wanted."""

    cursor: int
    reset: str | None = None


def parse_cursor(text: str, field: str = "since") -> int:
    """A cursor as the id it stands for. Raises `BadCursor` where it is none."""
    if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
        return int(text)
    raise BadCursor.of(
        field, f"{text[:40]!r} is no cursor: hand back one that was answered, or an event's id"
    )


class Feed:
    """The log, read by cursor: from memory where that reaches back far enough, else from the store."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def page(self, wish: PageWish) -> Page:
        """One page. Raises `CursorGone`, and `StoreError` where the store is needed and away."""
        if wish.since is not None:
            return await self._page_after(wish, await self._checked_since(wish.since))
        if wish.before is not None:
            await self._check_before(wish.before)
        return await self._page_before(wish)

    async def resume(self, cursor: str | None) -> Resumption:
        """Where a stream starts that comes back with a cursor, or (None) that starts now. Raises `StoreError`."""
        if cursor is None:
            return Resumption(self._hub.newest)
        try:
            return Resumption(await self._checked_since(parse_cursor(cursor)))
        except BadCursor:
            return Resumption(self._hub.newest, "bad")
        except CursorGone as gone:
            return Resumption(self._hub.newest, gone.reason)

    async def missed(self, stream: Stream) -> list[Entry]:
        """The next events that a stream has to be sent before it can go live; its position moves on. Raises `StoreError`.

        No event is skipped and none is read twice: a stream is let into the live feed only when, without any wait in between, its
        position is the newest one.
        """
        ring, cursor, wish = self._hub.ring, stream.position, stream.wish
        if cursor >= ring.floor:
            batch = ring.between(cursor, _REPLAY_BATCH)
            stream.position = batch[-1].id if len(batch) == _REPLAY_BATCH else ring.newest
            return [entry for entry in batch if entry.word in wish.types and wish.wanted.matches(entry.event)]
        types, upto = wish.types & ALL_TYPES, ring.newest
        events = await self._hub.reader.after(
            cursor, _REPLAY_BATCH, wanted=wish.wanted, types=types, upto=upto
        )
        stream.position = events[-1].id if len(events) == _REPLAY_BATCH else upto
        return [Entry(event) for event in events]

    @property
    def oldest_cursor(self) -> int:
        """The cursor after which everything comes that is kept."""
        return max(self._hub.oldest - 1, 0)

    async def _checked_since(self, cursor: int) -> int:
        hub = self._hub
        if cursor == 0:
            return self.oldest_cursor
        if not self.oldest_cursor <= cursor <= hub.newest:
            await hub.catch_up()  # ask the store before saying that it is gone
            if cursor > hub.newest:
                raise self._gone("ahead")
            if cursor < self.oldest_cursor:
                raise self._gone("too_old")
        return cursor

    async def _check_before(self, cursor: int) -> None:
        hub = self._hub
        # One past the newest is the end of the log: an empty page answers it as its `prev_cursor`.
        if cursor and not hub.oldest <= cursor <= hub.newest + 1:
            await hub.catch_up()
            if cursor > hub.newest + 1:
                raise self._gone("ahead")
            if cursor < hub.oldest:
                raise self._gone("too_old")

    def _gone(self, reason: str) -> CursorGone:
        return CursorGone(reason, str(self.oldest_cursor), str(self._hub.newest))

    async def _page_after(self, wish: PageWish, cursor: int) -> Page:
        hub, limit = self._hub, wish.limit
        newest = hub.newest
        if cursor >= hub.ring.floor:
            selection = hub.selection(wish.wanted, wish.types)
            start = bisect_right(selection.ids, cursor)
            entries = selection.entries[start : start + limit + 1]
        else:
            events = await hub.reader.after(
                cursor, limit + 1, wanted=wish.wanted, types=wish.types, upto=newest
            )
            entries = [Entry(event) for event in events]
        more = len(entries) > limit
        entries = entries[:limit]
        first = entries[0].id if entries else cursor + 1
        return Page(
            entries=entries,
            next_cursor=entries[-1].id if more else newest,
            prev_cursor=first if first > hub.oldest else None,
            has_more=more,
            settled=more,
        )

    async def _page_before(self, wish: PageWish) -> Page:
        hub, limit = self._hub, wish.limit
        end = hub.newest + 1 if wish.before is None else wish.before
        entries = await self._newest_below(end, wish)
        more = len(entries) > limit
        entries = entries[-limit:]
        return Page(
            entries=entries,
            next_cursor=max(end - 1, 0),
            prev_cursor=entries[0].id if more else None,
            has_more=more,
            settled=wish.before is not None and end <= hub.newest,
        )

    async def _newest_below(self, end: int, wish: PageWish) -> list[Entry]:
        """The newest events below an id, one more than the limit where there is one more."""
        hub, enough = self._hub, wish.limit + 1
        floor, entries = hub.ring.floor, list[Entry]()
        if end > floor:
            selection = hub.selection(wish.wanted, wish.types)
            stop = bisect_left(selection.ids, end)
            entries = selection.entries[max(stop - enough, 0) : stop]
        if len(entries) == enough or floor < hub.oldest:
            return entries
        older = await hub.reader.before(
            min(end, floor + 1), enough - len(entries), wanted=wish.wanted, types=wish.types
        )
        return [Entry(event) for event in older] + entries
