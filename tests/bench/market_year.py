"""The figures of a market over a year, from rolled-up days alone: `python -m tests.bench.market_year`."""

import argparse
import asyncio
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg

from tablewire.domain.markets import NYC
from tablewire.insights.local_time import DAY, HOUR, LocalDay, local_day
from tablewire.insights.market_days import MarketDrop, roll_up_market
from tablewire.storage.store import PostgresStore
from tests.bench import databases, insight_routes
from tests.bench.city_log import AHEAD, LEARN, VENUES
from tests.bench.figures import Bench

DROPS = 18_000
"""A day."""
NEIGHBORHOODS = 120


async def store_days(dsn: str, days: int) -> int:
    """The rows of so many days up to yesterday, as they are rolled up; answers how many cells they have."""
    store, luck, cells = await PostgresStore.open(dsn), random.Random(7), 0
    now = datetime.now(UTC)
    try:
        for ago in range(days, 0, -1):
            local = local_day(now.astimezone(NYC.zone).date() - timedelta(days=ago), NYC.zone)
            seen = ((local.start, local.start + 12 * HOUR), (local.start + 13 * HOUR, local.end))
            row = roll_up_market(local.day, NYC.zone, _drops(luck, local), seen)
            await store.market_figures.keep_day(NYC.id, row, now, finished=True)
            cells += len(row.cells.drops)
    finally:
        await store.close()
    connection = await asyncpg.connect(dsn)
    await connection.execute(LEARN, VENUES, now)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return cells


def _drops(luck: random.Random, local: LocalDay) -> Iterator[MarketDrop]:
    """Spread over the day, most for soon, and most at few venues, as in `city_log`."""
    for _ in range(DROPS):
        on: date = local.day + timedelta(days=int(AHEAD * luck.random() ** 2))
        venue = int(VENUES * luck.random() ** 1.5)
        yield MarketDrop(
            local.start + int(luck.random() * min(DAY, local.end - local.start)),
            on.weekday(),
            luck.random() < 0.6,
            f"Quarter {venue % NEIGHBORHOODS}",
        )


def _paths() -> dict[str, str]:
    found = {
        name: path
        for name, path in insight_routes.paths().items()
        if name.startswith(("market_year", "alerts"))
    }
    return found | {"market_year_neighborhood": found["market_year"] + "&neighborhood=Quarter+7"}


def main() -> None:
    """A store without a log, and the addresses that read the market's days."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--days", type=int, default=400)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tw-", dir="/tmp") as folder:
        bench = Bench(full=False, folder=Path(folder))
        with databases.server(bench.new_folder()) as dsn:
            cells = asyncio.run(store_days(dsn, wanted.days))
            bench.say(f"{wanted.days} days of {DROPS:,} drops, {cells:,} cells")
            insight_routes.measure(bench, dsn, _paths())


if __name__ == "__main__":
    main()
