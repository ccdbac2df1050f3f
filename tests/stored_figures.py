"""One row in every table of figures, straight into the tables."""

import asyncpg

_ROWS = (
    "INSERT INTO observed_spans VALUES ('nyc', 'resy', '2026-02-18', '2026-02-16', '', now())",
    "INSERT INTO venue_days VALUES ('nyc', 'resy', 'v', '2026-02-16', 1, true, '', '{2026-02-18}', now())",
    "INSERT INTO market_days VALUES ('nyc', '2026-02-16', 1, true, '', now())",
    "INSERT INTO rollup_heads VALUES ('nyc', 1, '2026-02-15', now())",
    "INSERT INTO venue_metrics VALUES ('nyc', 'resy', 'v', 14, '{}', now())",
    "INSERT INTO market_metrics VALUES ('drops_total', 'nyc', '2026-02-16', now(), '{}', now())",
    "INSERT INTO retention_marks VALUES ('events', now())",
    "INSERT INTO forecast_verdicts VALUES ('nyc', now(), '2026-02-01', '2026-02-10', '{}', '')",
)


async def store_figures(dsn: str) -> None:
    """One row, at least, in every table of figures."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in _ROWS:
            await connection.execute(statement)
    finally:
        await connection.close()
