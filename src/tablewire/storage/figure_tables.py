"""The tables of observed time and of figures, as SQLAlchemy Core knows them."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, LargeBinary, SmallInteger, Table, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from tablewire.storage.tables import INSTANT, KEY
from tablewire.storage.user_tables import metadata as metadata  # noqa: PLC0414 - handed on: whole only with these

observed_spans = Table(
    "observed_spans",
    metadata,
    Column("market", KEY, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("provider", KEY, primary_key=True),
    Column("service_date", Date, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Index("observed_spans_updated", "updated_at"),
)
"""When the venues of a provider were observed for a service date on a local day: see `observed_rows`."""

venue_days = Table(
    "venue_days",
    metadata,
    Column("market", KEY, primary_key=True),
    Column("provider", KEY, primary_key=True),
    Column("venue_id", KEY, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("version", SmallInteger, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("shown", ARRAY(Date), nullable=False),
    Column("computed_at", INSTANT, nullable=False),
    Index("venue_days_unfinished", "market", "day", postgresql_where=text("NOT finished")),
)
"""A venue's local days, rolled up; `shown` are the service dates of which some table had been seen by the day's end."""

market_days = Table(
    "market_days",
    metadata,
    Column("market", KEY, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("version", SmallInteger, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("computed_at", INSTANT, nullable=False),
    Column("totals", LargeBinary),
    Column("places", LargeBinary),
)
"""A market's local days, rolled up; without totals and places where they were kept before there were any."""

rollup_heads = Table(
    "rollup_heads",
    metadata,
    Column("market", KEY, primary_key=True),
    Column("event_id", BigInteger, nullable=False),
    Column("finished_day", Date, nullable=False),
    Column("rolled_at", INSTANT, nullable=False),
)
"""How far each market is rolled up."""

venue_metrics = Table(
    "venue_metrics",
    metadata,
    Column("provider", KEY, primary_key=True),
    Column("venue_id", KEY, primary_key=True),
    Column("window_days", SmallInteger, primary_key=True),
    Column("market", KEY, primary_key=True),
    Column("body", JSONB, nullable=False),
    Column("computed_at", INSTANT, nullable=False),
    Index("venue_metrics_of_market", "market", "window_days"),
)
"""The figures of each venue over its last days."""

market_metrics = Table(
    "market_metrics",
    metadata,
    Column("market", KEY, primary_key=True),
    Column("metric_type", KEY, primary_key=True),
    Column("window_start", INSTANT, primary_key=True),
    Column("window_end", INSTANT, primary_key=True),
    Column("value", JSONB, nullable=False),
    Column("computed_at", INSTANT, nullable=False),
)
"""The figures of each market over a window."""

forecast_verdicts = Table(
    "forecast_verdicts",
    metadata,
    Column("market", KEY, primary_key=True),
    Column("computed_at", INSTANT, primary_key=True),
    Column("learned_from", Date, nullable=False),
    Column("held_out_from", Date, nullable=False),
    Column("verdict", JSONB, nullable=False),
    Column("prior", LargeBinary, nullable=False),
)
"""How good the forecasts were on days that they had not seen, and what they go on with."""

retention_marks = Table(
    "retention_marks",
    metadata,
    Column("what", KEY, primary_key=True),
    Column("kept_since", INSTANT, nullable=False),
)
"""From when on what is kept is whole: see `kept_log`."""
