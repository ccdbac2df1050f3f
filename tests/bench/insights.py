"""Insights: the refresh of roll-ups beside full SQL, also as the log grows; the routes; retention beside a writer."""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import asyncpg

from tests.bench import databases, insight_routes, retiring
from tests.bench.children import Child
from tests.bench.city_log import VENUES, Length, go_on, store_city, store_open
from tests.bench.figures import Bench, ratios, shown

A_DAY = 25_000
"""Events, so that 400 days come to ten million."""
OPEN = 50_000
TURN = timedelta(minutes=10)
"""By so much the log goes on before each refresh, with an event or two at each venue that is touched."""
LONG_AGO = timedelta(hours=8)
"""The log ends so long ago, for the refreshes go on with it."""
GOAL = 1 / 30
PATIENCE = 3_600.0

FULL_SQL = """
SELECT provider, venue_id, count(*) FILTER (WHERE event_type = 'NEW_DROP') AS drops,
    count(*) FILTER (WHERE event_type = 'NEW_DROP' AND time_bucket = 'prime') AS prime, avg(drop_duration_seconds),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY drop_duration_seconds)
FROM availability_events WHERE market = 'nyc' AND coalesce(closed_at, opened_at, first_seen_at) >= $1
GROUP BY provider, venue_id
"""
QUICKEST = {
    "jit": "off",
    "enable_indexscan": "off",
    "work_mem": "64MB",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
}
"""The quickest plan for the whole log reads it in its own order, by several workers; left alone, the planner goes by an index, and takes twice as long."""


class City:
    """A log in a database of its own, and what rolls it up."""

    def __init__(self, dsn: str, length: Length, roller: Child) -> None:
        self.dsn, self.length, self.roller = dsn, length, roller
        self.at = length.end

    def rebuild(self, bench: Bench) -> None:
        """Everything anew."""
        self.roller.tell("refresh", at=self.at.isoformat(), everything=True)
        done = self.roller.answer(PATIENCE)
        rate = self.length.events / done["seconds"]
        bench.say(
            f"   full rebuild: {done['days']:,} days of {done['venues']:,} venues in {done['seconds']:.0f} s (processor {done['cpu']:.0f} s), "
            f"{rate:,.0f} events/s, peak {done['peak'] / 1e6:.0f} MB"
        )

    def whole(self) -> float:
        """What is due of all venues."""
        return float(self.roller.do("refresh", at=self.at.isoformat(), whole=True)["seconds"])

    def refresh(self, each: int) -> float:
        """Go on with the log at every so manieth venue (0: as it goes by itself, an hour of it), and roll that up; seconds."""
        until = self.at + (TURN if each else timedelta(hours=1))
        asyncio.run(go_on(self.dsn, self.length, self.at, until, each))
        self.at = until
        return float(self.roller.do("refresh", at=self.at.isoformat())["seconds"])

    def full_sql(self, days: int) -> float:
        """Counts, means and exact medians of all venues over so many days; seconds."""

        async def run() -> float:
            connection = await asyncpg.connect(self.dsn, server_settings=QUICKEST, command_timeout=600)
            began = time.perf_counter()
            await connection.fetch(FULL_SQL, self.at - timedelta(days=days))
            seconds = time.perf_counter() - began
            await connection.close()
            return seconds

        return asyncio.run(run())


def run(bench: Bench) -> None:
    """At the usual sizes."""
    sizes = (40, 120, 400) if bench.full else (12,)
    measure(bench, [days * A_DAY for days in sizes], sizes)


def measure(bench: Bench, events: Sequence[int], days: Sequence[int]) -> None:
    """Logs one after the other; the last one also with its routes, and with retention."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - LONG_AGO
    found: list[tuple[float, float]] = []
    for count, over in zip(events, days, strict=True):
        length = Length(events=count, days=over, end=end)
        with databases.server(bench.new_folder()) as dsn:
            began = time.monotonic()
            stored = asyncio.run(store_city(dsn, length))
            asyncio.run(store_open(dsn, end, OPEN))
            bench.say(f"{stored:,} events of {over} days, made in {time.monotonic() - began:.0f} s")
            with Child("servers.rolling", dsn=dsn, at=end.isoformat()) as roller:
                city = City(dsn, length, roller)
                city.rebuild(bench)
                found.append(refreshes(bench, city))
            if over == days[-1]:
                insight_routes.measure(bench, dsn)
                asyncio.run(retiring.measure(bench, dsn, length, min(12, over // 2)))
    if len(found) > 1:
        bench.at_most("refresh_all_venues_growth", found[-1][0] / found[0][0], 1.2)
        bench.at_most("refresh_tenth_of_venues_growth", found[-1][1] / found[0][1], 1.2)


def refreshes(bench: Bench, city: City) -> tuple[float, float]:
    """Refreshes and full SQL in turn; the medians of both kinds of refresh."""
    city.whole()
    every, tenth, sql, fortnight = list[float](), list[float](), list[float](), list[float]()
    for _ in range(bench.pairs):
        every.append(city.refresh(1))
        tenth.append(city.refresh(10))
        sql.append(city.full_sql(city.length.days))
        fortnight.append(city.full_sql(14))
    city.whole()
    hour = [city.refresh(0) for _ in range(3)]
    bench.say(f"   full SQL: {_told(sql)} over all days, {_told(fortnight)} over 14 days")
    bench.say(
        f"   refresh: {_told(every)} with all {VENUES:,} venues touched, {_told(tenth)} with a tenth, "
        f"{_told(hour)} after an hour as it comes; all of today, touched or not: {city.whole():.2f} s"
    )
    bench.at_most("refresh_all_venues_vs_full_sql", ratios(every, sql), GOAL)
    bench.at_most("refresh_tenth_of_venues_vs_full_sql", ratios(tenth, sql), GOAL)
    bench.at_most("refresh_an_hour_vs_full_sql", median(hour) / median(sql), GOAL)
    return median(every), median(tenth)


def _told(seconds: Sequence[float]) -> str:
    return shown(seconds, " s", digits=2)


def main() -> None:
    """One log of any length: `python -m tests.bench.insights --events 10000000 --days 400`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--events", type=int, default=12 * A_DAY)
    parser.add_argument("--days", type=int, default=12)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tw-", dir="/tmp") as folder:
        measure(Bench(full=False, folder=Path(folder)), [wanted.events], [wanted.days])


if __name__ == "__main__":
    main()
