"""A log of made-up events of any length, written at once: one table after the other drops, and is taken."""

from datetime import datetime, timedelta

import asyncpg

ADD = """
INSERT INTO availability_events
SELECT h.last_id + n, CASE n % 2 WHEN 1 THEN 'NEW_DROP' ELSE 'CLOSED' END, $4::text, '2026-02-18_19:00', '2026-02-18', 'resy',
    md5(n::text)::uuid, 'v' || n % 7, $5::text, 'venue', '2026-02-18', '20:00', 'prime', 'drop', '{2,4}', 'NoHo', 'noho', 3,
    t.at, t.at - interval '30 s', t.at, CASE n % 2 WHEN 0 THEN t.at + interval '1 minute' END,
    CASE n % 2 WHEN 0 THEN t.at + interval '1 minute' END, CASE n % 2 WHEN 0 THEN 'taken' END,
    CASE n % 2 WHEN 0 THEN 60.0 END,
    '{"availability_times": ["2026-02-18 20:00:00"], "book_url": null, "image_url": null, "seatings": ["Dining, \\"room\\""]}',
    $4::text || (h.last_id + n)
FROM feed_head AS h, generate_series(1, $1::bigint) AS n, LATERAL (SELECT $2::timestamptz + $3::interval * (n - 1) AS at) AS t
ORDER BY n
"""


async def store_log(
    dsn: str,
    count: int,
    first: datetime,
    every: timedelta = timedelta(minutes=1),
    *,
    market: str = "nyc",
    name: str = "Chez Une",
) -> None:
    """Append `count` events to the log, the first at an instant and each other so long after the one before."""
    connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
    try:
        async with connection.transaction():
            await connection.execute(ADD, count, first, every, market, name)
            await connection.execute("UPDATE feed_head SET last_id = last_id + $1", count)
    finally:
        await connection.close()
