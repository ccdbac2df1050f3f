"""The rolled-up days and the figures of markets on PostgreSQL."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import asyncpg
import msgspec

from tablewire.insights.intervals import Spans, union
from tablewire.insights.kept import Kept
from tablewire.insights.market_days import MARKET_ROW_VERSION, MarketDay, MarketDrop
from tablewire.insights.market_places import places_of
from tablewire.insights.market_totals import totals_of
from tablewire.insights.supply import BucketSupply
from tablewire.storage.export import HAPPENED_AT
from tablewire.storage.failures import unavailable
from tablewire.storage.insight_door import StoredMarketDay, StoredMetrics
from tablewire.storage.kept_log import KEPT, kept_of
from tablewire.storage.observed_rows import spans_of
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.transactions import transaction

# Zones are whole quarters of an hour from UTC: drops of one quarter are of one local hour.
# Of a drop the instant at which it happened, by which there is an index, is its opening.
DROPS = f"""
SELECT (extract(epoch FROM date_bin('15 minutes', opened_at, 'epoch')) * 1000000)::bigint AS at,
    extract(isodow FROM service_date)::int - 1 AS weekday, time_bucket = 'prime' AS prime, neighborhood, count(*) AS drops
FROM availability_events
WHERE event_type = 'NEW_DROP' AND market = $1 AND {HAPPENED_AT} >= $2 AND {HAPPENED_AT} < $3
GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - names of columns

# Span by span: of a join with all of them the planner thinks that it needs the whole log.
COUNT_DROPS = f"""
SELECT coalesce(sum((
    SELECT count(*) FROM availability_events
    WHERE event_type = 'NEW_DROP' AND market = $1 AND {HAPPENED_AT} >= span.since AND {HAPPENED_AT} < span.until
)), 0)::bigint AS drops FROM unnest($2::timestamptz[], $3::timestamptz[]) AS span (since, until)
"""  # noqa: S608 - names of columns

OBSERVED = "SELECT body FROM observed_spans WHERE market = $1 AND day = $2"

FINISHED = "SELECT day FROM market_days WHERE market = $1 AND version = $2 AND finished"

DAYS = """
SELECT day, CASE WHEN totals IS NULL OR $5::date[] IS NULL OR day = ANY ($5) THEN body END AS body, totals,
    CASE WHEN $6 THEN places END AS places, computed_at
FROM market_days WHERE market = $1 AND version = $2 AND day BETWEEN $3 AND $4 ORDER BY day
"""

KEEP_DAY = """
INSERT INTO market_days (market, day, version, finished, body, totals, places, computed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (market, day) DO UPDATE SET
    version = excluded.version, finished = excluded.finished, body = excluded.body, totals = excluded.totals,
    places = excluded.places, computed_at = excluded.computed_at
"""

WITHOUT_TOTALS = """
SELECT day, body, computed_at FROM market_days
WHERE market = $1 AND version = $2 AND totals IS NULL ORDER BY day DESC LIMIT $3
"""

# Not where the row has been counted anew since.
ADD_TOTALS = """
UPDATE market_days SET totals = $4, places = $5
WHERE market = $1 AND day = $2 AND computed_at = $3 AND totals IS NULL
"""

# Of each length only the newest window is kept: older ones can be counted again from the days.
FORGET_METRICS = "DELETE FROM market_metrics WHERE market = $1 AND window_end - window_start = $2"

KEEP_METRIC = """
INSERT INTO market_metrics (metric_type, market, window_start, window_end, value, computed_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""

METRICS = """
SELECT metric_type, window_start, window_end, value::text AS value, computed_at FROM market_metrics
WHERE market = $1 AND window_end - window_start = $2
"""

EARLIER_BUCKETS = """
SELECT provider, service_date, time_slot, lead_days, baseline_slots, open_slots FROM bucket_days
WHERE market = $1 AND day >= $2 AND day < $3 AND observed_venues > 0
"""


class PostgresMarketFigures:
    """See `insight_door.MarketBook` for what each question means."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def kept(self, market: str) -> Kept:
        """What has not been taken away."""
        return kept_of((await self._rows(KEPT, market))[0])

    async def drops(self, market: str, start: int, end: int) -> list[MarketDrop]:
        """The drops in [start, end), those of a quarter of an hour that are alike as one."""
        rows = await self._rows(DROPS, market, _instant(start), _instant(end))
        return [
            MarketDrop(row["at"], row["weekday"], row["prime"], row["neighborhood"], row["drops"])
            for row in rows
        ]

    async def count_drops(self, market: str, spans: Spans) -> int:
        """The drops that the log has of some spans."""
        if not spans:
            return 0
        starts, ends = [_instant(start) for start, _ in spans], [_instant(end) for _, end in spans]
        (row,) = await self._rows(COUNT_DROPS, market, starts, ends)
        return int(row["drops"])

    async def observed(self, market: str, day: date) -> Spans:
        """When at least one venue was observed on a local day."""
        rows = await self._rows(OBSERVED, market, day)
        return await asyncio.to_thread(_together, [row["body"] for row in rows])

    async def finished(self, market: str) -> frozenset[date]:
        """The days whose rows stay as they are."""
        rows = await self._rows(FINISHED, market, MARKET_ROW_VERSION)
        return frozenset(row["day"] for row in rows)

    async def keep_day(self, market: str, row: MarketDay, at: datetime, *, finished: bool) -> None:
        """Keep a day's row in the place of the one before."""
        body = msgspec.msgpack.encode(row)
        values = market, row.day, MARKET_ROW_VERSION, finished, body, *_beside(row), at
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                await connection.execute(KEEP_DAY, *values)

    async def add_totals(self, market: str, most: int) -> int:
        """Add totals and places to the newest rows that lack them."""
        rows = await self._rows(WITHOUT_TOTALS, market, MARKET_ROW_VERSION, most)
        for row in rows:
            beside = await asyncio.to_thread(_beside_body, row["body"])
            await self._rows(ADD_TOTALS, market, row["day"], row["computed_at"], *beside)
        return len(rows)

    async def days(
        self,
        market: str,
        first: date,
        last: date,
        cells: Collection[date] | None = None,
        *,
        places: bool = False,
    ) -> list[StoredMarketDay]:
        """The rows of some days, in order."""
        wanted = None if cells is None else list(cells)
        rows = await self._rows(DAYS, market, MARKET_ROW_VERSION, first, last, wanted, places)
        return [StoredMarketDay(**dict(row)) for row in rows]

    async def keep_metrics(
        self, market: str, start: datetime, end: datetime, values: Mapping[str, bytes], at: datetime
    ) -> None:
        """Keep the figures of a window, JSON by metric type, in the place of those of the window before of the same length."""
        rows = [
            (metric_type, market, start, end, value.decode(), at)
            for metric_type, value in sorted(values.items())
        ]
        async with transaction(self._pool) as connection:
            await connection.execute(FORGET_METRICS, market, end - start)
            await connection.executemany(KEEP_METRIC, rows)

    async def metrics(self, market: str, length: timedelta) -> StoredMetrics | None:
        """The figures that were kept last of a window of that length."""
        rows = await self._rows(METRICS, market, length)
        if not rows:
            return None
        return StoredMetrics(
            start=rows[0]["window_start"],
            end=rows[0]["window_end"],
            computed_at=rows[0]["computed_at"],
            values={row["metric_type"]: row["value"].encode() for row in rows},
        )

    async def earlier_buckets(self, market: str, first: date, before: date) -> list[BucketSupply]:
        """What was open in buckets at the end of earlier days."""
        return [
            BucketSupply(
                provider=row["provider"],
                service_date=row["service_date"],
                time_slot=row["time_slot"],
                lead_days=row["lead_days"],
                baseline=row["baseline_slots"],
                open_slots=row["open_slots"],
            )
            for row in await self._rows(EARLIER_BUCKETS, market, first, before)
        ]

    async def _rows(self, statement: str, *values: object) -> Sequence[asyncpg.Record]:
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                return await connection.fetch(statement, *values)


def _together(bodies: Iterable[bytes]) -> Spans:
    """The spans of all venues as one; venues that share theirs count once."""
    shared = {id(spans): spans for body in bodies for spans in spans_of(body).values()}
    return union(span for spans in shared.values() for span in spans)


def _beside(row: MarketDay) -> tuple[bytes, bytes]:
    """What is kept beside a row: its totals, and its places."""
    return msgspec.msgpack.encode(totals_of(row)), msgspec.msgpack.encode(places_of(row))


def _beside_body(body: bytes) -> tuple[bytes, bytes]:
    return _beside(msgspec.msgpack.decode(body, type=MarketDay))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _instant(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)
