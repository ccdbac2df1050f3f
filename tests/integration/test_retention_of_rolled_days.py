"""Retention changes no figure of a day that is over, wherever it stops, and whatever is rolled up after it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tablewire.domain.markets import NYC
from tablewire.engine.retention import Ages, Removed, Retention, bound_of
from tablewire.figures import make_rollups
from tablewire.storage.store import PostgresStore
from tests.bench.city_log import Length, store_city
from tests.clock import StepClock

END = datetime(2026, 3, 18, 14, tzinfo=UTC)
"""The clocks changed ten days before."""
KEPT = timedelta(days=6)
FIGURES = (
    "SELECT market, provider, venue_id, day, version, finished, body, shown FROM venue_days ORDER BY 1, 2, 3, 4",
    "SELECT market, day, version, finished, body, totals, places FROM market_days ORDER BY 1, 2",
    "SELECT market, provider, venue_id, window_days, body::text FROM venue_metrics ORDER BY 1, 2, 3, 4",
    "SELECT DISTINCT market, learned_from, held_out_from, verdict::text, prior FROM forecast_verdicts",
    """SELECT metric_type, market, window_end - window_start, value::text FROM market_metrics
       WHERE metric_type <> 'drops_per_hour' ORDER BY 1, 2, 3""",
)


class RolledCity:
    """Twenty venues over sixteen days, rolled up."""

    def __init__(self, store: PostgresStore, dsn: str) -> None:
        self.store, self.dsn = store, dsn
        self.clock = StepClock(END)
        self.retention = Retention(
            store.retention, [NYC], Ages(events=KEPT, notifications=KEPT), self.clock, pause=0
        )

    async def begin(self, *late: str) -> None:
        await store_city(self.dsn, Length(events=4_000, days=16, end=END, venues=20))
        for statement in late:
            await self.read(statement)
        await self.refresh(everything=False)

    async def refresh(self, *, everything: bool = True) -> None:
        """As a command would: a process that knows of nothing."""
        rollups = make_rollups(self.store, (NYC,), "19:00", self.clock)
        await rollups.refresh(everything=everything)

    async def read(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return [tuple(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    async def figures(self) -> list[list[tuple[Any, ...]]]:
        return [await self.read(statement) for statement in FIGURES]

    async def remove_some(self, limit: int) -> int:
        """One batch of what may go."""
        old = self.clock.now() - KEPT
        rolled = await self.store.retention.rolled_up()
        return await self.store.retention.remove_events(
            {"nyc": bound_of(NYC, rolled["nyc"], old)}, old, limit
        )


@pytest.fixture
def city(store: PostgresStore, dsn: str) -> RolledCity:
    return RolledCity(store, dsn)


async def test_all_figures_are_the_same_after_a_run_and_a_rebuild(city: RolledCity) -> None:
    await city.begin()
    before = await city.figures()
    removed: Removed = await city.retention.remove()
    assert removed.events > 2_000
    assert removed.observed_spans > 100

    await city.refresh(everything=False)
    assert await city.figures() == before
    await city.refresh()
    after = await city.figures()

    assert after == before
    assert min(row[3] for row in after[0]) == END.date() - timedelta(days=16)


async def test_a_run_that_stopped_within_a_day_changes_nothing_either(city: RolledCity) -> None:
    await city.begin()
    before = await city.figures()
    assert await city.remove_some(1_100) == 1_100
    (gone,) = await city.read(
        "SELECT (kept_since AT TIME ZONE 'America/New_York')::date FROM retention_marks"
    )
    (oldest,) = await city.read(
        "SELECT (min(coalesce(closed_at, opened_at)) AT TIME ZONE 'America/New_York')::date FROM availability_events"
    )
    assert gone == oldest  # a day that is half deleted

    await city.refresh()

    assert await city.figures() == before


async def test_an_old_event_that_was_stored_late_does_not_bring_its_day_back(city: RolledCity) -> None:
    await city.begin(
        "UPDATE availability_events SET closed_at = closed_at - interval '3 days', first_seen_at = first_seen_at - interval '3 days', "
        "opened_at = opened_at - interval '3 days' WHERE id BETWEEN 1201 AND 1205"
    )
    before = await city.figures()
    assert await city.remove_some(1_200) == 1_200

    await city.refresh()

    assert await city.figures() == before


async def test_half_of_a_days_observed_time_is_none(city: RolledCity) -> None:
    await city.begin()
    before = await city.figures()
    assert await city.store.retention.remove_spans("nyc", date(2026, 3, 10), 45) == 45

    await city.refresh()

    assert await city.figures() == before
