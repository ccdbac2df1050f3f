"""Drops of a window are those of the log, also where the log is gone, on PostgreSQL."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tablewire.domain.markets import NYC
from tablewire.engine.market_rollups import MarketRollups
from tablewire.services.drop_counts import DropCounts
from tablewire.storage.store import PostgresStore
from tests.stored_log import store_log

FIRST = datetime(2026, 2, 16, 17, 7, tzinfo=UTC)
EVERY = timedelta(minutes=17)
NOW = FIRST + 200 * EVERY
"""A drop, a closing, a drop: over two days and a half."""
BETWEEN = [
    (FIRST, NOW),
    (FIRST - timedelta(days=3), FIRST + 7 * EVERY),
    (FIRST + timedelta(hours=5), FIRST + timedelta(hours=40)),
    (FIRST + 2 * EVERY, FIRST + 2 * EVERY + timedelta(microseconds=1)),
    (NOW - timedelta(minutes=40), NOW),
]


@pytest.fixture
async def counts(store: PostgresStore, dsn: str) -> DropCounts:
    """Rolled up two hours ago; another market has drops of its own."""
    await store_log(dsn, 200, FIRST, EVERY)
    await store_log(dsn, 50, FIRST, EVERY, market="sfo")
    await MarketRollups(store.market_figures).roll_up(NYC, NOW - timedelta(hours=2))
    return DropCounts(store.market_figures, [NYC])


def in_log(since: datetime, until: datetime) -> int:
    return sum(since <= FIRST + number * EVERY < until for number in range(0, 200, 2))


@pytest.mark.parametrize(("since", "until"), BETWEEN)
async def test_any_window_has_the_drops_of_the_log(
    counts: DropCounts, since: datetime, until: datetime
) -> None:
    assert await counts.between(since, until) == in_log(since, until)


async def test_where_the_log_is_gone_the_days_still_know(counts: DropCounts, dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("DELETE FROM availability_events WHERE opened_at < $1", NOW - timedelta(days=1))
    await connection.close()
    midnight = datetime(2026, 2, 16, 5, tzinfo=UTC)

    assert await counts.between(midnight, NOW) == 100


async def test_markets_that_are_not_watched_do_not_count(store: PostgresStore, counts: DropCounts) -> None:
    assert counts.markets == ["nyc"]
    assert await DropCounts(store.market_figures, []).between(FIRST, NOW) == 0
