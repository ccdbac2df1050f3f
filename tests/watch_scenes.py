"""Watches at work on PostgreSQL: one bucket that is polled, users, and the loop that checks."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert

from tablewire.domain.markets import NYC, Market
from tablewire.domain.notifications import Notification
from tablewire.domain.polled import Polled
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import SeenSlot, Venue, slot_id
from tablewire.domain.snapshots import Answer, Outcome, Snapshot, VenueAnswer
from tablewire.domain.users import User
from tablewire.domain.venue_names import VenueWish
from tablewire.domain.wanted import WantedVenue
from tablewire.domain.watches import Mode, Watch
from tablewire.engine.outside import Outside
from tablewire.engine.sight import Sight
from tablewire.engine.watch import WatchLoop
from tablewire.engine.watch_checks import WatchChecks
from tablewire.engine.watch_list import WatchListLoop
from tablewire.live.board import Board
from tablewire.live.looked import BoardLooked
from tablewire.live.restaurants import Restaurants
from tablewire.live.sightings import BoardSightings
from tablewire.providers.protocol import ProviderStatus
from tablewire.services.named_venues import VenueFinder
from tablewire.services.watch_history import WatchHistory
from tablewire.services.watch_list import WatchList
from tablewire.services.watches import Watches, WatchWish
from tablewire.storage.notifications import PostgresNotifications
from tablewire.storage.store import PostgresStore
from tablewire.storage.user_tables import users
from tablewire.storage.watch_list import PostgresWatchList
from tablewire.storage.watches import PostgresWatches
from tests.clock import StepClock
from tests.stored_scenes import StoredScene
from tests.unit.domain.scenes import LATENCY, NOON, after, call

ONE_DAY = date(2026, 2, 18)
FAR_DAY = date(2026, 3, 20)
"""Beyond the window of 14 days."""


class FakeProvider:
    """Answers looks with what it is told to; it is no real provider's doing."""

    provider_id = "resy"
    venues_per_call = 2

    def __init__(self, clock: StepClock) -> None:
        self.free: dict[tuple[str, date, int], tuple[str, ...]] = {}
        """The times of a venue on a date for a party size."""
        self.asked: list[tuple[date, Mapping[int, tuple[str, ...]]]] = []
        self.outcome = Outcome.OK
        self.answered = ProviderStatus(enabled=True, rate=1.0, rate_now=1.0)
        self._clock = clock

    async def look_at(
        self,
        market: Market,
        service_date: date,
        venues: Mapping[int, tuple[str, ...]],
        *,
        until: float | None = None,
    ) -> Snapshot:
        self.asked.append((service_date, venues))
        answers = [
            Answer(
                party_size=size,
                sent_at=self._clock.now(),
                arrived_at=self._clock.now(),
                venues=tuple(
                    VenueAnswer(
                        venue,
                        self._slots(venue, service_date, size),
                    )
                    for venue in named
                ),
                page=0,
            )
            for size, named in venues.items()
        ]
        return Snapshot(
            provider="resy",
            market=market.id,
            service_date=service_date,
            finished_at=self._clock.now(),
            answers=tuple(answers),
            outcome=self.outcome,
            venues={
                name: Venue(provider="resy", venue_id=name, name=f"Chez {name}")
                for named in venues.values()
                for name in named
            },
        )

    def _slots(self, venue: str, day: date, size: int) -> tuple[SeenSlot, ...]:
        times = self.free.get((venue, day, size), ())
        return tuple(
            SeenSlot(slot_id=slot_id("resy", venue, at), actual_time=at, service_date=day) for at in times
        )

    async def search_availability(self, *_: Any, **__: Any) -> Snapshot:
        raise AssertionError("a whole search is never asked for")

    def status(self) -> ProviderStatus:
        return self.answered

    async def probe(self) -> str | None:
        return None

    async def aclose(self) -> None:
        """Nothing is held."""


class WatchScene:
    """Everything that watches need, wired."""

    def __init__(self, store: PostgresStore, bucket: StoredScene, ann: User, bob: User) -> None:
        self.ann, self.bob = ann, bob
        self.bucket = bucket
        self.clock = StepClock(NOON)
        self.board = Board()
        self.board.put(bucket.state)
        self.houses = Restaurants()
        self.provider = FakeProvider(self.clock)
        self.outside = Outside({"resy": self.provider}, lambda _: NYC, self.clock)
        self.polled = Polled(markets=(NYC,), window_days=14, party_sizes=(2, 4))
        self.wanted: dict[str, tuple[WantedVenue, ...]] = {}
        self.told: list[Notification] = []
        self.notifications = PostgresNotifications(store._pool)
        self.book = PostgresWatches(store._engine)
        sightings = BoardSightings(self.board)
        self.sight = Sight(sightings, self.outside, self.polled)
        self.checks = WatchChecks(book=self.book, log=store, houses=self.houses, sight=self.sight)
        self.loop = self.make_loop()
        self.finder = VenueFinder(store, self.houses)
        self.watches = Watches(
            book=self.book,
            finder=self.finder,
            checker=self.loop,
            polled=self.polled,
            now=self.clock.now,
        )
        self.history = WatchHistory(
            watches=self.watches,
            log=store,
            sightings=sightings,
            houses=self.houses,
            polled=self.polled,
            looked=BoardLooked(self.board),
            now=self.clock.now,
        )
        list_book = PostgresWatchList(store._engine)
        self.list_loop = WatchListLoop(
            book=list_book,
            sight=self.sight,
            listings=self.houses,
            clock=self.clock,
            wants=self._want,
        )
        self.watch_list = WatchList(
            book=list_book, finder=self.finder, checker=self.list_loop, now=self.clock.now
        )

    @classmethod
    async def begin(cls, store: PostgresStore) -> "WatchScene":
        """A scene in which `v` and `w` have been looked at once, and had nothing."""
        ann, bob = [await add_user(store, name) for name in ("ann", "bob")]
        scene = cls(store, await StoredScene.begin(store), ann, bob)
        names = [Venue(provider="resy", venue_id=name, name=f"Chez {name}") for name in ("v", "w")]
        await store.learn(names, NOON)
        await scene.poll(0, {"v": [], "w": []})
        return scene

    def make_loop(self, **others: Any) -> WatchLoop:
        """The loop, with other parts where they are given."""
        parts: dict[str, Any] = {
            "book": self.book,
            "checks": self.checks,
            "writer": self.notifications,
            "listings": self.houses,
            "polled": self.polled,
            "clock": self.clock,
            "wants": self._want,
            "on_told": self.told.extend,
        }
        return WatchLoop(**parts | others)

    async def poll(self, minute: float, shown: Mapping[str, Sequence[str]], *, size: int = 2) -> None:
        """So many minutes after noon the bucket is polled, and shows this."""
        self.clock.not_before(after(minute) + 3 * LATENCY)
        await self.bucket.keep(call(minute, shown, size=size))
        self.board.touched(self.bucket.state)

    async def watch(self, *venues: str, user: User | None = None, **fields: Any) -> Watch:
        """Make a watch, by name, every minute."""
        wishes = [VenueWish(name=name) for name in venues]
        mode = Mode.SPECIFIC if venues else Mode.NEW
        wish = WatchWish(mode=mode, venues=wishes, **{"every_minutes": 1} | fields)
        return await self.watches.make(user or self.ann, wish)

    async def turn(self, minute: float) -> list[str]:
        """The loop turns; answers the titles of what is told."""
        self.clock.not_before(after(minute))
        before = len(self.told)
        await self.loop.turn()
        return [one.title for one in self.told[before:]]

    async def stored(self, user: User | None = None) -> list[Notification]:
        """The notifications of a user, oldest first."""
        found = await self.notifications.of_user((user or self.ann).id, None, 100)
        return found[::-1]

    def _want(self, source: str, venues: Any) -> None:
        self.wanted[source] = tuple(venues)


async def add_user(store: PostgresStore, name: str) -> User:
    """A user who is known to the database."""
    row = insert(users).values(name=name, is_admin=False, time_zone="UTC", created_at=NOON)
    async with store._engine.begin() as connection:
        user_id = (await connection.execute(row.returning(users.c.id))).scalar_one()
    return User(id=user_id, name=name)


def listing(venue: str) -> Listing:
    """A venue at Resy."""
    return Listing("resy", venue)
