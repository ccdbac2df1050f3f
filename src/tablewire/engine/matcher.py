"""The matcher: every opening of the log, in order, with all active notify requests and goals, as it is committed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel

from tablewire.domain.events import Event, EventType
from tablewire.domain.notifications import Kind, Notification, Telling
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import OpenSlot
from tablewire.engine.active import WishBook
from tablewire.engine.clock import Clock
from tablewire.engine.match_log import EVENTS_AT_ONCE, MatchLog
from tablewire.engine.open_tables import OpenTables
from tablewire.engine.supervisor import Loop
from tablewire.engine.telling import Composer, Found
from tablewire.engine.wishes import ActiveWishes, Key, Wish, key_of
from tablewire.errors import MatchConflict, StoreError
from tablewire.storage.notification_door import Advance, NotificationWriter
from tablewire.storage.protocol import EventLog
from tablewire.storage.wish_door import OpeningIds
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("engine.matcher")

TURN = 1.0
"""Seconds between looks at the log where nobody says that there is something: other processes store events too."""
TELLINGS_AT_ONCE = 2_000
"""Notifications in one transaction; of more, the first ones are stored before: repeated, they are dropped."""
YOUNG = 30.0
"""Seconds for which another process may not know of a wish: what it has matched meanwhile is matched for the wish again."""
_A_TURN = 50
"""Wishes that are taken in before others have their turn."""

Announce = Callable[[Sequence[Notification]], Awaitable[None]]


class Matcher:
    """One task reads the log from where the store says that wishes have been matched, and moves that place on with what it tells.

    Several processes may do so on one database: one of them moves the place, and the others find that it was moved.
    """

    def __init__(
        self,
        *,
        event_log: EventLog,
        opening_ids: OpeningIds,
        writer: NotificationWriter,
        book: WishBook,
        composer: Composer,
        tables: OpenTables,
        clock: Clock,
        announce: Announce,
    ) -> None:
        self.wishes = ActiveWishes()
        self._log = MatchLog(event_log, opening_ids)
        self._writer = writer
        self._book = book
        self._composer = composer
        self._tables = tables
        self._clock = clock
        self._announce = announce
        self._place: int | None = None
        """The event up to which this process knows that wishes have been matched."""
        self._doubtful = True
        """Whether the store may have another place."""
        self._changes: list[Wish] = []
        self._gone: list[Key] = []
        self._late: dict[Key, Wish] = {}
        """Wishes that have to be compared with what came before them here."""
        self._since: dict[Key, float] = {}
        """When each young wish came in."""
        self._gained: set[Listing] = set()
        self._awake = anyio.Event()
        self._one_turn = anyio.Lock()

    # --- what others say; nothing here waits

    def wake(self) -> None:
        """Something has been stored."""
        self._awake.set()

    def changed(self, wish: Wish) -> None:
        """A wish has just been stored, or changed."""
        self._changes.append(wish)
        self.wake()

    def deleted(self, kind: Kind, wish_id: int) -> None:
        """A wish is gone."""
        self._gone.append((kind, wish_id))
        self.wake()

    def gained(self, slots: Sequence[OpenSlot]) -> None:
        """Open slots have party sizes that they did not have before."""
        self._gained.update(Listing(slot.venue.provider, slot.venue.venue_id) for slot in slots)
        self.wake()

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Within it nothing is matched."""
        async with self._one_turn:
            yield

    def forget(self) -> None:
        """The store has been emptied: read all of it again. To be called while it stands still."""
        self.wishes = ActiveWishes()
        self._late, self._since, self._changes, self._gone = {}, {}, [], []
        self._place, self._doubtful = None, True
        self._book.forget()
        self._tables.forget()
        self.wake()

    # --- the loop

    async def run(self, loop: Loop) -> None:
        """The loop `matching`: as soon as something is stored, and every second anyway."""
        while True:
            loop.beat()
            self._awake = anyio.Event()
            try:
                more = await self.turn()
            except StoreError as error:
                more = False
                log.warning(LogEvent.STORE_AWAY, message=f"matching has to wait: {error}")
            if not more:
                with anyio.move_on_after(TURN):
                    await self._awake.wait()

    async def turn(self) -> bool:
        """Do what is due; answers whether there is more. Raises `StoreError`: the next turn does again what was not stored."""
        async with self._one_turn:
            await self._find_place()
            await self._take(await self._book.news(self.wishes, self._clock.monotonic()))
            await self._take_changes()
            await self._look_back()
            await self._compare_gained()
            return await self._match_batch()

    async def tell(self, tellings: Sequence[Telling]) -> None:
        """Store what is to be told, and announce it. Raises `StoreError`; what was stored by then stays stored."""
        for start in range(0, len(tellings), TELLINGS_AT_ONCE):
            some = tellings[start : start + TELLINGS_AT_ONCE]
            await self._stored(some, await self._writer.tell(some, self._clock.now()))

    # --- where to go on

    async def _find_place(self) -> None:
        """Where another process has gone on, match what it did for those wishes that it may not have known."""
        if not self._doubtful:
            return
        place, _ = await self._writer.match_head()
        if self._place is not None and place > self._place:
            await self._tell_late(self._young(), self._place, place)
        self._place, self._doubtful = place, False

    def _young(self) -> ActiveWishes:
        oldest = self._clock.monotonic() - YOUNG
        self._since = {key: since for key, since in self._since.items() if since >= oldest}
        return ActiveWishes(wish for key in self._since if (wish := self.wishes.get(key)) is not None)

    # --- wishes that come and go

    async def _take_changes(self) -> None:
        changes, self._changes = self._changes, []
        await self._take(changes)
        gone, self._gone = self._gone, []
        for key in gone:
            self.wishes.drop(key)

    async def _take(self, wishes: Iterable[Wish]) -> None:
        for number, wish in enumerate(wishes, start=1):
            if self.wishes.take(wish) and not wish.looked_back:
                self._late[key_of(wish)] = wish
                self._since[key_of(wish)] = self._clock.monotonic()
            if not number % _A_TURN:
                await anyio.lowlevel.checkpoint()

    async def _look_back(self) -> None:
        """Compare new wishes with the events since they were stored, and new requests with what is open."""
        here = [wish for key in self._late if (wish := self.wishes.get(key)) is not None]
        if here:
            assert self._place is not None, "the place is found before"
            wishes = ActiveWishes(here)
            counts = await self._tell_late(wishes, min(wish.since_event for wish in here), self._place)
            await self.tell((await self._tables.for_requests(wishes)).tellings)
            await self._book.looked_back(wishes, counts)
        self._late = {}

    async def _tell_late(self, wishes: ActiveWishes, after: int, upto: int) -> dict[int, tuple[int, int]]:
        """Match events that have been matched with others; answers the counts of the goals."""
        found = Found()
        if wishes:
            async for events in self._log.pages(after, upto):
                await self._compare(wishes, events, found)
        await self.tell(found.tellings)
        return found.counts

    # --- open slots that gain a party size

    async def _compare_gained(self) -> None:
        if not self._gained:
            return
        gained, self._gained = self._gained, set()
        try:
            news = await self._tables.news(self.wishes, gained)
            await self.tell(news.found.tellings)
        except StoreError:
            self._gained |= gained
            raise
        self._tables.done(news, whole=False)

    # --- the log

    async def _match_batch(self) -> bool:
        assert self._place is not None, "the place is found before"
        events = await self._log.read(self._place)
        if not events:
            return False
        found = Found()
        await self._compare(self.wishes, events, found)
        gone = await self._log.gone(events)
        early = max(0, len(found.tellings) - TELLINGS_AT_ONCE)
        await self.tell(found.tellings[:early])
        openings = sum(event.event_type is not EventType.CLOSED for event in events)
        last = found.tellings[early:]
        # Whatever happens from here on, the place is read again unless its answer has come.
        self._doubtful = True
        try:
            told = await self._writer.tell(
                last,
                self._clock.now(),
                advance=Advance(expected_event=self._place, event_id=events[-1].id, openings=openings),
                counted=found.counted(),
                gone=gone,
            )
        except MatchConflict:
            return True
        self._place, self._doubtful = events[-1].id, False
        await self._stored(last, told)
        return len(events) == EVENTS_AT_ONCE

    async def _compare(self, wishes: ActiveWishes, events: Sequence[Event], found: Found) -> None:
        for event in events:
            await self._composer.compare(wishes, event, found)
            await anyio.lowlevel.checkpoint()

    async def _stored(self, tellings: Sequence[Telling], told: Sequence[Notification]) -> None:
        """A one-off that was to be told is over, whoever told it."""
        for telling in tellings:
            if telling.kind is Kind.NOTIFY and telling.source_id is not None:
                request = self.wishes.requests.get(telling.source_id)
                if request is not None and request.once:
                    self.wishes.drop_request(request.id)
        if told:
            await self._announce(told)
