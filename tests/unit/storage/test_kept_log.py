"""What is kept of one market's log, found without a look at the others', on PostgreSQL."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tablewire.domain.events import microseconds
from tablewire.storage.kept_log import KEPT
from tablewire.storage.market_figures import COUNT_DROPS, DROPS
from tablewire.storage.store import PostgresStore
from tests.stored_log import store_log

FIRST = datetime(2026, 2, 16, 17, tzinfo=UTC)
LATER = FIRST + timedelta(days=2)


@pytest.fixture(autouse=True)
async def _log(dsn: str) -> None:
    """Ten events of one market, and two days later ten of another."""
    await store_log(dsn, 10, FIRST)
    await store_log(dsn, 10, LATER, market="sfo")


@pytest.mark.parametrize(("market", "first"), [("nyc", FIRST), ("sfo", LATER), ("lax", None)])
async def test_the_first_event_is_the_markets_own(
    store: PostgresStore, market: str, first: datetime | None
) -> None:
    kept = await store.market_figures.kept(market)

    assert kept.first_event_at == (None if first is None else microseconds(first))


async def test_drops_are_counted_from_the_beginning_of_a_span_up_to_its_end(store: PostgresStore) -> None:
    minutes = [microseconds(FIRST + timedelta(minutes=minute)) for minute in range(10)]
    spans = ((minutes[0], minutes[2]), (minutes[4], minutes[6] + 1))

    assert await store.market_figures.count_drops("nyc", spans) == 3
    assert await store.market_figures.count_drops("sfo", spans) == 0
    assert await store.market_figures.count_drops("nyc", ()) == 0


@pytest.mark.parametrize(
    ("statement", "values"),
    [(KEPT, ["nyc"]), (DROPS, ["nyc", FIRST, LATER]), (COUNT_DROPS, ["nyc", [FIRST], [LATER]])],
)
async def test_the_log_is_read_by_its_index(dsn: str, statement: str, values: list[object]) -> None:
    """A plan for a long log: the planner would rather read a page of these few events than any index."""
    connection = await asyncpg.connect(dsn, server_settings={"enable_seqscan": "off"})
    try:
        plan = "\n".join(row[0] for row in await connection.fetch("EXPLAIN " + statement, *values))
    finally:
        await connection.close()

    assert "availability_events_happened" in plan
    assert "Seq Scan on availability_events" not in plan
