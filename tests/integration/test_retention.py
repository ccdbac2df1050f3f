"""What is old goes from the database in small batches, and what was made of it stays."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tablewire.api.retention.controller import routes
from tablewire.domain.filters import EventFilter
from tablewire.domain.markets import NYC
from tablewire.engine import retention as engine
from tablewire.engine.retention import Ages, Removed, Retention
from tablewire.errors import CursorGone
from tablewire.live.feed import Feed, PageWish
from tablewire.live.hub import Hub
from tablewire.storage.retention import ONE_AT_A_TIME
from tablewire.storage.store import PostgresStore
from tests.api_client import ANN, ROOT, serving
from tests.clock import StepClock
from tests.stored_figures import store_figures
from tests.stored_log import store_log
from tests.stored_people import store_a_person

TODAY = datetime(2026, 6, 1, 16, tzinfo=UTC)
LONG_AGO = datetime(2026, 2, 1, 12, tzinfo=UTC)
FIGURES = ("venue_days", "market_days", "venue_metrics", "market_metrics", "forecast_verdicts")


class Kept:
    """A database with a log of which 6 events are old and 4 are young."""

    def __init__(self, store: PostgresStore, dsn: str) -> None:
        self.store, self.dsn = store, dsn
        self.clock = StepClock(TODAY)
        ages = Ages(events=timedelta(days=60), notifications=timedelta(days=30))
        self.retention = Retention(store.retention, [NYC], ages, self.clock, pause=0)

    async def begin(self) -> None:
        await store_log(self.dsn, 6, LONG_AGO)
        await store_log(self.dsn, 4, TODAY - timedelta(days=10))

    async def rolled_up(self, upto: int, day: date) -> None:
        await self.execute("INSERT INTO rollup_heads VALUES ('nyc', $1, $2, now())", upto, day)

    async def execute(self, statement: str, *values: Any) -> None:
        connection = await asyncpg.connect(self.dsn)
        await connection.execute(statement, *values)
        await connection.close()

    async def read(self, statement: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    async def ids(self) -> list[int]:
        return [row[0] for row in await self.read("SELECT id FROM availability_events ORDER BY id")]


@pytest.fixture
async def kept(store: PostgresStore, dsn: str) -> Kept:
    kept = Kept(store, dsn)
    await kept.begin()
    return kept


async def test_old_events_go_once_their_days_are_rolled_up(kept: Kept) -> None:
    assert await kept.retention.remove() == Removed(waiting=("nyc",))
    await kept.rolled_up(10, date(2026, 5, 31))
    assert await kept.retention.remove() == Removed(events=6)
    assert await kept.ids() == [7, 8, 9, 10]
    assert (await kept.store.bounds()).oldest == 7
    assert await kept.store.retention.kept_since() == LONG_AGO + timedelta(minutes=6)


async def test_of_a_day_that_is_not_rolled_up_all_stays(kept: Kept) -> None:
    await store_log(kept.dsn, 2, LONG_AGO + timedelta(days=1))  # stored late: it is not in the days yet
    await kept.rolled_up(10, LONG_AGO.date() - timedelta(days=1))
    assert (await kept.retention.remove()).events == 0
    await kept.execute("UPDATE rollup_heads SET finished_day = '2026-02-02', event_id = 3")
    assert (await kept.retention.remove()).events == 3
    assert (await kept.ids())[0] == 4


async def test_the_log_has_no_holes_and_never_looks_emptied(kept: Kept) -> None:
    await kept.rolled_up(99, date(2026, 5, 31))
    await store_log(kept.dsn, 2, LONG_AGO)
    assert (await kept.retention.remove()).events == 6  # the old ones behind young ones wait for these
    await kept.execute("UPDATE availability_events SET opened_at = '2026-01-01', closed_at = NULL")
    assert (await kept.retention.remove()).events == 5
    bounds = await kept.store.bounds()
    assert (bounds.oldest, bounds.newest, await kept.ids()) == (12, 12, [12])


async def test_events_of_a_market_that_is_watched_no_more_go_by_their_age(kept: Kept) -> None:
    await kept.execute("UPDATE availability_events SET market = 'sfo'")
    assert (await kept.retention.remove()).events == 6


async def test_many_go_in_batches(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BATCH", 2)
    await kept.rolled_up(10, date(2026, 5, 31))
    told = list[int]()
    await kept.retention.remove(told.append)
    assert told == [2, 4, 6]


async def test_a_cursor_of_what_is_gone_is_answered_as_gone(kept: Kept) -> None:
    hub = Hub(kept.store)
    await hub.start()
    feed, all_types = Feed(hub), frozenset({"drop", "reopened", "closed"})
    wish = PageWish(wanted=EventFilter(), types=all_types, limit=3, since=3)
    assert [entry.id for entry in (await feed.page(wish)).entries] == [4, 5, 6]
    await kept.rolled_up(10, date(2026, 5, 31))
    await kept.retention.remove()
    await hub.catch_up()
    with pytest.raises(CursorGone) as gone:
        await feed.page(wish)
    assert (gone.value.reason, gone.value.oldest_cursor) == ("too_old", "6")
    page = await feed.page(PageWish(wanted=EventFilter(), types=all_types, limit=9, since=0))
    assert [entry.id for entry in page.entries] == [7, 8, 9, 10]


async def test_figures_stay_as_they_are_and_old_observed_time_goes(kept: Kept) -> None:
    await store_figures(kept.dsn)
    await kept.execute("UPDATE rollup_heads SET event_id = 10, finished_day = '2026-05-31'")
    before = [await kept.read(f"SELECT * FROM {table}") for table in FIGURES]  # noqa: S608 - our names
    removed = await kept.retention.remove()
    assert (removed.events, removed.observed_spans) == (6, 1)
    assert [await kept.read(f"SELECT * FROM {table}") for table in FIGURES] == before  # noqa: S608 - our names


async def test_old_notifications_go_with_their_deliveries_and_their_places(kept: Kept) -> None:
    await store_a_person(kept.dsn)
    await kept.execute("UPDATE notification_head SET last_id = 2")
    await kept.execute("UPDATE notifications SET created_at = '2026-04-30', place = 2")
    await kept.execute(
        """INSERT INTO notifications (id, user_id, kind, title, body, facts, created_at, place)
           SELECT 3, id, 'system', 't', 'b', '{}', '2026-05-30', 3 FROM users"""
    )
    assert (await kept.retention.remove()).notifications == 1
    assert await kept.read("SELECT id FROM notifications") == [(3,)]
    assert await kept.read("SELECT count(*) FROM deliveries") == [(0,)]
    assert (await kept.store.people.notifications.ends())[0] == 2


async def test_two_processes_do_not_remove_at_once(kept: Kept) -> None:
    await kept.rolled_up(10, date(2026, 5, 31))
    connection = await asyncpg.connect(kept.dsn)
    async with connection.transaction():
        await connection.execute(ONE_AT_A_TIME)
        assert await kept.retention.remove() == Removed(busy=True)
    await connection.close()
    assert (await kept.retention.remove()).events == 6


async def test_an_admin_runs_it_over_http(kept: Kept) -> None:
    await kept.rolled_up(10, date(2026, 5, 31))
    async with serving(routes(kept.retention), user=ANN) as client:
        assert (await client.post("/admin/retention/run")).status == 403
        client.user = ROOT
        answer = await client.post("/admin/retention/run")
    assert (answer.status, answer.json()["events"]) == (200, 6)
