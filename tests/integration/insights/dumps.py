"""The tables of figures, byte for byte."""

from typing import Any

import asyncpg

_TABLES = {
    "venue_days": "market, provider, venue_id, day, version, finished, body, shown",
    "market_days": "market, day, version, finished, body, totals, places",
    "venue_metrics": "market, provider, venue_id, window_days, body::text",
    "market_metrics": "market, metric_type, window_start, window_end, value::text",
}


async def dump(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the tables of figures, but for when they were counted."""
    connection = await asyncpg.connect(dsn)
    try:
        return {
            table: [
                tuple(row)
                for row in await connection.fetch(f"SELECT {columns} FROM {table} ORDER BY 1, 2, 3, 4")  # noqa: S608 - our names
            ]
            for table, columns in _TABLES.items()
        }
    finally:
        await connection.close()


async def wipe(dsn: str) -> None:
    """Take away all that was ever figured; the log and the observed time stay."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"TRUNCATE {', '.join(_TABLES)}, rollup_heads")
    finally:
        await connection.close()
