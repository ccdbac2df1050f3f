"""Emptying the database under an engine at work."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import asyncpg
import pytest

from tablewire.engine.clearing import Clearing
from tablewire.engine.identities import Identities
from tablewire.live.hub import Hub
from tablewire.live.restaurants import Restaurants
from tablewire.storage.store import PostgresStore
from tablewire.storage.tables import metadata
from tests.clock import START
from tests.stored_figures import store_figures
from tests.stored_people import store_a_person
from tests.unit.engine.world import World

STAY = {
    "alert_events": 1,
    "channels": 1,
    "feed_head": 1,
    "goals": 1,
    "match_head": 1,
    "notification_head": 1,
    "settings_marks": 1,
    "user_sessions": 1,
    "user_tokens": 1,
    "users": 1,
    "venue_decisions": 1,
}
"""Rows that are left, by table; all other tables are empty."""

A_DECISION = """
INSERT INTO venue_decisions (provider, venue_id, other_provider, other_venue_id, verdict, decided_by, decided_at)
VALUES ('opentable', '7', 'resy', '834', 'same', 'ann', now())
"""
AN_ALERT = """
INSERT INTO alert_events (client_id, user_id, event_type, occurred_at, received_at, notification_id, metadata)
SELECT 'sent:1', id, 'alert_sent', now(), now(), 1, '{}' FROM users
"""


class Working:
    """An engine on PostgreSQL that has told of one drop, with figures, and a user who has one of everything."""

    def __init__(self, store: PostgresStore, dsn: str) -> None:
        self.world = World()
        self.world.store = store  # type: ignore[assignment]  # the same door
        self.store, self.dsn = store, dsn
        self.hub = Hub(store)
        identities = Identities(store, Restaurants(), self.world.clock)
        self.clearing = Clearing(
            store,
            still=[identities.still, self._still, self.hub.still],
            forget=[identities.forget, self._forget, self.hub.forget],
        )

    def _still(self) -> AbstractAsyncContextManager[None]:
        return self.world.discovery.still()

    def _forget(self) -> None:
        self.world.discovery.forget()

    async def begin(self) -> None:
        self.world.provider.free = {("834", 2): set()}
        await self.world.start()
        await self.world.cycle()
        await self.open("20:30:00")
        await self.hub.start()
        await store_a_person(self.dsn)
        await store_figures(self.dsn)
        await self.execute(A_DECISION)
        await self.execute(AN_ALERT)

    async def open(self, time: str) -> None:
        self.world.provider.free[("834", 2)] |= {f"{self.world.today + timedelta(days=1)} {time}"}
        await self.world.cycle()
        await self.world.turn()

    async def execute(self, statement: str) -> None:
        await self.store._pool.execute(statement)

    async def rows(self) -> dict[str, int]:
        """How many rows each table has that has any."""
        counts = {
            name: await self.store._pool.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608 - names are ours
            for name in metadata.tables
        }
        return {name: count for name, count in counts.items() if count}


@pytest.fixture
async def working(store: PostgresStore, dsn: str) -> Working:
    working = Working(store, dsn)
    await working.begin()
    return working


async def test_what_was_observed_figured_and_wished_goes_and_users_with_their_goals_and_channels_stay(
    working: Working,
) -> None:
    emptied = await working.clearing.clear()
    assert await working.rows() == STAY
    assert {"availability_events", "venues", "watches", "notifications", "venue_metrics"} <= set(emptied)


async def test_ids_go_on_and_the_engine_begins_anew_without_a_word(working: Working) -> None:
    await working.clearing.clear()
    bounds = await working.store.bounds()
    assert (bounds.oldest, bounds.newest) == (2, 1)
    await working.world.cycle()
    assert (await working.store.bounds()).newest == 1
    await working.open("21:00:00")
    assert [event.id for event in working.world.listener.events] == [1, 2]
    assert working.world.listener.events[-1].event_type == "NEW_DROP"


async def test_venues_of_what_opens_afterwards_are_stored_with_it(working: Working) -> None:
    await working.clearing.clear()
    await working.world.cycle()
    await working.world.start()  # a restart before venues are learned lazily
    [slot] = [slot for state in working.world.listener.shown.values() for slot in state.open.values()]
    assert slot.venue.name == "Venue 834"


async def test_what_was_read_before_and_not_told_yet_is_not_told_afterwards(working: Working) -> None:
    head = await working.store._pool.fetchval("SELECT event_id FROM match_head")
    assert head == 0
    await working.clearing.clear()
    assert await working.store._pool.fetchval("SELECT event_id FROM match_head") == 1


async def test_a_poll_of_another_process_begins_anew_too(working: Working, dsn: str) -> None:
    other = await PostgresStore.open(dsn)
    try:
        world = World(START + timedelta(minutes=5))
        world.store = other  # type: ignore[assignment]  # the same door
        world.provider.free = dict(working.world.provider.free)
        await world.start()
        await world.cycle()
        await working.clearing.clear()
        await world.cycle()  # refused, and read again
        await world.cycle()
        assert world.listener.events == []
        assert (await other.bounds()).newest == 1
    finally:
        await other.close()


async def test_the_database_is_asked_for_its_name(store: PostgresStore, dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        assert await store.database_name() == await connection.fetchval("SELECT current_database()")
    finally:
        await connection.close()
