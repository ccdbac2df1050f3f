"""Notify requests and goals at work on PostgreSQL: one bucket that is polled, users, and the matcher."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from tablewire.domain.goals import Goal
from tablewire.domain.markets import NYC
from tablewire.domain.notifications import Notification
from tablewire.domain.notify_requests import NotifyRequest, Status
from tablewire.domain.polled import Polled
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import SeenSlot, Venue, slot_id
from tablewire.domain.users import User
from tablewire.domain.venue_names import VenueWish
from tablewire.domain.wanted import WantedVenue
from tablewire.engine.active import WishBook
from tablewire.engine.matcher import Matcher
from tablewire.engine.notify import NotifyLoop
from tablewire.engine.open_tables import OpenTables
from tablewire.engine.telling import Composer
from tablewire.live.board import Board
from tablewire.live.looked import BoardLooked
from tablewire.live.restaurants import Restaurants
from tablewire.services.goals import GoalBody, Goals
from tablewire.services.named_venues import VenueFinder
from tablewire.services.notify_requests import NotifyRequestBody, NotifyRequests
from tablewire.services.wish_history import WishHistory
from tablewire.storage.goals import PostgresGoals
from tablewire.storage.notifications import PostgresNotifications
from tablewire.storage.notify_requests import PostgresNotifyRequests
from tablewire.storage.opening_ids import PostgresOpeningIds
from tablewire.storage.store import PostgresStore
from tests.clock import StepClock
from tests.stored_scenes import StoredScene
from tests.unit.domain.scenes import DAY, LATENCY, NOON, after, call
from tests.watch_scenes import add_user


class Asked:
    """What is free outside of what is polled, as a test says; what was asked for is noted."""

    def __init__(self) -> None:
        self.free: dict[tuple[str, date, int], tuple[str, ...]] = {}
        self.questions: list[tuple[str, date, int]] = []

    def open_slots(self, listing: Listing, day: date, size: int) -> Sequence[SeenSlot] | None:
        question = (listing.venue_id, day, size)
        self.questions.append(question)
        times = self.free.get(question)
        if times is None:
            return None
        venue = listing.venue_id
        return [
            SeenSlot(slot_id=slot_id("resy", venue, at), actual_time=at, service_date=day) for at in times
        ]


class Replica:
    """One service's part in matching: several work on one database."""

    def __init__(self, scene: "WishScene", **others: Any) -> None:
        self.told: list[Notification] = []
        self.board = Board()
        self.board.put(scene.bucket.state)
        composer = Composer(scene.houses, {"nyc": NYC.zone}, scene.scarcity_of)
        tables = OpenTables(self.board, scene.houses, composer)
        parts: dict[str, Any] = {
            "event_log": scene.store,
            "opening_ids": scene.opening_ids,
            "writer": scene.notifications,
            "book": WishBook(scene.requests, scene.goals),
            "composer": composer,
            "tables": tables,
            "clock": scene.clock,
            "announce": self._announce,
        }
        self.matcher = Matcher(**parts | others)
        self.notify = NotifyLoop(
            self.matcher,
            requests=scene.requests,
            tables=tables,
            composer=composer,
            listings=scene.houses,
            venues=scene.store,
            outside=scene.outside,
            wants=scene.want,
            polled=scene.polled,
            clock=scene.clock,
        )

    async def match(self) -> list[str]:
        """Turn until there is no more; answers the titles of what is told by it."""
        before = len(self.told)
        while await self.matcher.turn():
            pass
        return [one.title for one in self.told[before:]]

    async def minute(self) -> list[str]:
        """The notify loop turns; answers the titles of what is told by it."""
        before = len(self.told)
        await self.notify.turn()
        return [one.title for one in self.told[before:]]

    async def _announce(self, notifications: Sequence[Notification]) -> None:
        self.told.extend(notifications)


class WishScene:
    """Everything that notify requests and goals need, wired."""

    def __init__(self, store: PostgresStore, bucket: StoredScene, ann: User, bob: User) -> None:
        self.store, self.bucket, self.ann, self.bob = store, bucket, ann, bob
        self.clock = StepClock(NOON)
        self.houses = Restaurants()
        self.outside = Asked()
        self.scarcity: dict[str, float] = {}
        self.wanted: dict[str, tuple[WantedVenue, ...]] = {}
        self.polled = Polled(markets=(NYC,), window_days=14, party_sizes=(2, 4))
        self.notifications = PostgresNotifications(store._pool)
        self.opening_ids = PostgresOpeningIds(store._pool)
        self.requests, self.goals = PostgresNotifyRequests(store._engine), PostgresGoals(store._engine)
        self.one = Replica(self)
        self.matcher = self.one.matcher
        finder = VenueFinder(store, self.houses)
        self.asking = NotifyRequests(self.requests, finder, self.matcher, self.polled, self.clock.now)
        self.wishing = Goals(self.goals, finder, self.matcher, self.polled, self.clock.now)
        self.history = WishHistory(
            store, self.houses, BoardLooked(self.one.board), self.polled, self.clock.now, self.scarcity_of
        )

    @classmethod
    async def begin(cls, store: PostgresStore) -> "WishScene":
        """A scene in which `v` and `w` have been looked at once, and had nothing."""
        ann, bob = [await add_user(store, name) for name in ("ann", "bob")]
        scene = cls(store, await StoredScene.begin(store), ann, bob)
        names = [Venue(provider="resy", venue_id=name, name=f"Chez {name}") for name in ("v", "w")]
        await store.learn(names, NOON)
        await scene.poll(0, {"v": [], "w": []})
        await scene.match()
        return scene

    async def poll(self, minute: float, shown: Mapping[str, Sequence[str]], *, size: int = 2) -> None:
        """So many minutes after noon the bucket is polled, and shows this."""
        self.clock.not_before(after(minute) + 3 * LATENCY)
        await self.bucket.keep(call(minute, shown, size=size))
        self.one.board.touched(self.bucket.state)

    async def request(self, *venues: str, user: User | None = None, **fields: Any) -> NotifyRequest:
        """Ask for venues on the bucket's day."""
        said: dict[str, Any] = {"dates": [DAY], "once": False} | fields
        wishes = [VenueWish(provider="resy", venue_id=venue) for venue in venues]
        body = NotifyRequestBody(venues=wishes, **said)
        return await self.asking.make(user or self.ann, body)

    async def goal(self, **fields: Any) -> Goal:
        """Wish for something."""
        said: dict[str, Any] = {"name": "dinner", "min_score": 0.0} | fields
        return await self.wishing.make(self.ann, GoalBody(**said))

    async def match(self) -> list[str]:
        """What the first service tells."""
        return await self.one.match()

    async def stored(self, user: User | None = None) -> list[str]:
        """The titles of a user's notifications, oldest first."""
        found = await self.notifications.of_user((user or self.ann).id, None, 100)
        return [one.title for one in found[::-1]]

    async def state(self, request: NotifyRequest) -> tuple[Status, int | None]:
        """Where a request stands, and what fulfilled it."""
        now = await self.asking.get(self.ann, request.id)
        return now.status, now.fulfilled_by

    async def counts(self, goal: Goal) -> tuple[int, ...]:
        """What became of a goal: seen, matched, told, converted."""
        figures = await self.wishing.figures([await self.wishing.get(self.ann, goal.id)])
        return msgspec.structs.astuple(figures[goal.id])

    def scarcity_of(self, _provider: str, venue_id: str) -> float | None:
        return self.scarcity.get(venue_id)

    def want(self, source: str, venues: Any) -> None:
        self.wanted[source] = tuple(venues)
