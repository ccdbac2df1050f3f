"""What is kept of a market's log and observed time, as PostgreSQL knows it."""

import asyncpg

from tablewire.domain.events import microseconds
from tablewire.insights.kept import Kept
from tablewire.storage.export import HAPPENED_AT

EVENTS = "events"
"""The mark of removed events, in `retention_marks`."""
SPANS = "observed_spans/"
"""With a market's id behind it, the mark of its removed observed time: its day's midnight by UTC."""

KEPT = f"""
SELECT (
        SELECT {HAPPENED_AT} FROM availability_events WHERE market = $1 ORDER BY {HAPPENED_AT} LIMIT 1
    ) AS first_event_at,
    (SELECT min(day) FROM observed_spans WHERE market = $1) AS first_observed,
    (SELECT kept_since FROM retention_marks WHERE what = '{EVENTS}') AS gone_until,
    (SELECT (kept_since AT TIME ZONE 'UTC')::date FROM retention_marks WHERE what = '{SPANS}' || $1) AS observed_from
"""  # noqa: S608 - our own names


def kept_of(row: asyncpg.Record) -> Kept:
    """What the one row of `KEPT` says."""
    first, gone = row["first_event_at"], row["gone_until"]
    return Kept(
        first_event_at=None if first is None else microseconds(first),
        first_observed=row["first_observed"],
        gone_until=None if gone is None else microseconds(gone),
        observed_from=row["observed_from"],
    )
