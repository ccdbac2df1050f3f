"""The log of a make-believe city, of any length, made by the database itself: openings, their closings, and observed time."""

from datetime import date, datetime, time, timedelta
from typing import Any

import asyncpg
import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import microseconds
from tablewire.domain.markets import NYC, window
from tablewire.domain.slots import OpenSlot
from tablewire.insights.intervals import Spans
from tablewire.insights.local_time import HOUR, SECOND, local_day
from tablewire.storage.observed_rows import body_of
from tablewire.storage.store import PostgresStore
from tests.bench.things import open_slot, poll_of

VENUES = 2_700
PAGE = 75
"""Venues that are looked at together, and share their observed time."""
AHEAD = 14
EVENTS_A_STAY = 1.88
"""An eighth of all stays begin without an event."""
# Every fact of a stay follows from its number: a chunk knows the closings of stays that began in the chunk before.
STAYS = """
SELECT n, opened_at, opened_at + make_interval(secs => least(86000, 5 - ln(1 - chance[2])
        * CASE WHEN chance[3] < 0.15 THEN 14400 ELSE 420 END)) AS closed_at,
    CASE WHEN $6::bigint > 0 THEN n * $6 % $5::bigint ELSE floor($5 * chance[1] ^ 1.5)::bigint END AS venue,
    CASE WHEN chance[4] < 0.80 THEN 'drop' WHEN chance[4] < 0.88 THEN 'reopened' WHEN chance[4] < 0.96 THEN 'baseline'
        ELSE 'after_gap' END AS origin,
    CASE WHEN chance[5] < 0.80 THEN 'taken' WHEN chance[5] < 0.95 THEN 'expired' ELSE 'vanished' END AS reason,
    (opened_at AT TIME ZONE 'America/New_York')::date + floor(14 * chance[6] ^ 2)::int AS day,
    time '17:00' + make_interval(mins => 15 * floor(20 * chance[7])::int) AS minute,
    CASE WHEN chance[1] > 0.5 THEN '{2,4}'::smallint[] ELSE '{2}' END AS sizes
FROM (
    SELECT n, $1::timestamptz + make_interval(secs => $2::float8 * n) AS opened_at, ARRAY(
        SELECT (hashint8extended(n, seed) & 2147483647) / 2147483648.0::float8 FROM generate_series(1, 7) AS seed
    ) AS chance
    FROM generate_series(
        greatest(0, ceil(extract(epoch FROM $3::timestamptz - interval '1 day' - $1) / $2))::bigint,
        ceil(extract(epoch FROM $4::timestamptz - $1) / $2)::bigint - 1
    ) AS n
) AS numbered
"""

ADD = f"""
WITH stays AS MATERIALIZED ({STAYS}), happened AS (
    SELECT CASE origin WHEN 'drop' THEN 'NEW_DROP' ELSE 'REOPENED' END AS event_type, opened_at AS at, stays.*
    FROM stays WHERE origin IN ('drop', 'reopened') AND opened_at >= $3 AND opened_at < $4
    UNION ALL
    SELECT 'CLOSED', closed_at, stays.* FROM stays WHERE closed_at >= $3 AND closed_at < $4
), added AS (
    INSERT INTO availability_events
    SELECT head.last_id + row_number() OVER (ORDER BY at, n), event_type, 'nyc',
        day || CASE WHEN minute < '19:00' THEN '_15:00' ELSE '_19:00' END, day, 'resy', md5(n::text)::uuid, venue::text,
        'House ' || venue, 'house ' || venue, day, minute, CASE WHEN minute < '19:00' THEN 'off_peak' ELSE 'prime' END,
        origin, sizes, 'Quarter ' || venue % 120, 'quarter ' || venue % 120, 1 + venue % 4, known, known - interval '30 s',
        opened_at, CASE event_type WHEN 'CLOSED' THEN closed_at END, CASE event_type WHEN 'CLOSED' THEN closed_at END,
        CASE event_type WHEN 'CLOSED' THEN reason END,
        CASE WHEN event_type = 'CLOSED' AND reason = 'taken' THEN extract(epoch FROM closed_at - known) END,
        jsonb_build_object('availability_times', ARRAY[day || ' ' || minute], 'book_url', NULL, 'image_url', NULL,
            'seatings', ARRAY['Dining Room']),
        concat_ws('|', CASE event_type WHEN 'CLOSED' THEN 'closed' END, 'nyc', 'resy', n, (extract(epoch FROM at) * 1000000)::bigint)
    FROM feed_head AS head, happened,
        LATERAL (SELECT CASE WHEN origin IN ('drop', 'reopened') THEN opened_at END AS known) AS opening
    ORDER BY at, n RETURNING 1
)
UPDATE feed_head SET last_id = last_id + (SELECT count(*) FROM added) RETURNING (SELECT count(*) FROM added)
"""  # noqa: S608 - our own text

INDEXES = (
    "ALTER TABLE availability_events ADD PRIMARY KEY (id)",
    "ALTER TABLE availability_events ADD CONSTRAINT availability_events_dedupe_key UNIQUE (dedupe_key)",
    "CREATE INDEX availability_events_venue ON availability_events (provider, venue_id, id)",
    "CREATE INDEX availability_events_opened ON availability_events USING brin (opened_at)",
    "CREATE INDEX availability_events_happened ON availability_events (market, coalesce(closed_at, opened_at, first_seen_at))",
)
"""Made anew when a long log is stored: that is much quicker than keeping them up."""
UNINDEXED = (
    "ALTER TABLE availability_events DROP CONSTRAINT availability_events_pkey",
    "ALTER TABLE availability_events DROP CONSTRAINT availability_events_dedupe_key",
    "DROP INDEX availability_events_venue, availability_events_opened, availability_events_happened",
)

LEARN = """
INSERT INTO venues (provider, venue_id, name, name_key, neighborhood, neighborhood_key, price_range, first_seen_at, last_seen_at)
SELECT 'resy', n::text, 'House ' || n, 'house ' || n, 'Quarter ' || n % 120, 'quarter ' || n % 120, 1 + n % 4, $2, $2
FROM generate_series(0, $1::int - 1) AS n
"""

OBSERVE = """
INSERT INTO observed_spans (market, day, provider, service_date, body, updated_at) VALUES ('nyc', $1, 'resy', $2, $3, $4)
ON CONFLICT (market, day, provider, service_date) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at
"""


class Length(msgspec.Struct, frozen=True, kw_only=True):
    """How long a log is to be, and how much of it."""

    events: int
    days: int
    end: datetime
    venues: int = VENUES

    @property
    def start(self) -> datetime:
        """Its first instant."""
        return self.end - timedelta(days=self.days)

    @property
    def step(self) -> float:
        """Seconds from one opening to the next."""
        return self.days * 86_400 * EVENTS_A_STAY / self.events


async def store_city(dsn: str, length: Length) -> int:
    """Store a whole log with all that goes with it; answers how many events it came to."""
    connection = await _connect(dsn)
    try:
        for statement in UNINDEXED:
            await connection.execute(statement)
        stored, begin = 0, length.start
        while begin < length.end:
            until = min(length.end, begin + timedelta(days=1))
            stored += await connection.fetchval(
                ADD, length.start, length.step, begin, until, length.venues, 0
            )
            begin = until
        for statement in INDEXES:
            await connection.execute(statement)
        await connection.execute(LEARN, length.venues, length.start)
        await _observe(connection, length, length.start, length.end)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return stored


async def go_on(dsn: str, length: Length, begin: datetime, until: datetime, each: int) -> int:
    """Go on with the log; answers by how many events.

    As it went before where `each` is 0, else by a drop at each so manieth venue, and its closing if that comes in time.
    """
    start, step = length.start, length.step
    if each:
        start, step = begin, (until - begin).total_seconds() / -(-length.venues // each)
    connection = await _connect(dsn)
    try:
        stored: int = await connection.fetchval(ADD, start, step, begin, until, length.venues, each)
        await _observe(connection, length, begin, until)
    finally:
        await connection.close()
    return stored


async def store_open(dsn: str, now: datetime, slots: int, venues: int = VENUES) -> None:
    """Open so many slots, spread over all venues and the whole window, and known from the beginning."""
    store = await PostgresStore.open(dsn)
    days = window(now, NYC.zone, AHEAD)
    try:
        keys = [BucketKey("nyc", day, slot) for day in days for slot in ("15:00", "19:00")]
        states = await store.load(keys, "resy")
        for place, key in enumerate(keys):
            numbers = range(place * slots // len(keys), (place + 1) * slots // len(keys))
            opened = [_slot(number, key.service_date, venues, now) for number in numbers]
            await store.record(poll_of(states[key], opened=opened), states[key])
    finally:
        await store.close()


def _slot(number: int, day: date, venues: int, now: datetime) -> OpenSlot:
    slot = open_slot(number, day)
    venue = msgspec.structs.replace(slot.venue, venue_id=str(number % venues))
    seen = now - timedelta(hours=number % 200)
    return msgspec.structs.replace(slot, venue=venue, first_seen_at=seen, seen_at=now)


async def _observe(
    connection: "asyncpg.Connection[asyncpg.Record]", length: Length, begin: datetime, until: datetime
) -> None:
    """All venues were looked at, but for a while at noon and at midnight, on each local day that the time touches."""
    day, last = begin.astimezone(NYC.zone).date(), until.astimezone(NYC.zone).date()
    while day <= last:
        body = body_of(_looks(day, microseconds(length.start), microseconds(until), length.venues))
        dates = [day + timedelta(days=ahead) for ahead in range(AHEAD)]
        at = min(until, datetime.combine(day + timedelta(days=1), time(), NYC.zone))
        rows: list[tuple[Any, ...]] = [(day, on, body, at) for on in dates]
        await connection.executemany(OBSERVE, rows)
        day += timedelta(days=1)


def _looks(day: date, since: int, until: int, venues: int) -> dict[str, Spans]:
    """The observed time of each venue on a day; those of one page share it."""
    local, found = local_day(day, NYC.zone), dict[str, Spans]()
    for first in range(0, venues, PAGE):
        turn = first // PAGE * 10 * SECOND
        halves = ((local.start + turn, local.start + 12 * HOUR), (local.start + 13 * HOUR + turn, local.end))
        spans = tuple(
            (max(since, start), min(until, end))
            for start, end in halves
            if max(since, start) < min(until, end)
        )
        if spans:
            found.update(dict.fromkeys(map(str, range(first, min(venues, first + PAGE))), spans))
    return found


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Without haste: a long log takes a while, and memory for sorting it."""
    settings = {"timezone": "UTC", "work_mem": "64MB", "maintenance_work_mem": "256MB"}
    return await asyncpg.connect(dsn, server_settings=settings, command_timeout=3_600)
