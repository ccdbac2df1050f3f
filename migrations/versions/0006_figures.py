"""Observed time, days that are rolled up, and the figures made of them."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# `body` is packed: what is in it is written and read whole, and does not compress any more.
OBSERVED_SPANS = """
CREATE TABLE observed_spans (
    market text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    service_date date NOT NULL,
    day date NOT NULL,
    body bytea NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT observed_spans_pkey PRIMARY KEY (market, day, provider, service_date)
)
"""

KEEP_AS_IT_IS = "ALTER TABLE observed_spans ALTER COLUMN body SET STORAGE EXTERNAL"

VENUE_DAYS = """
CREATE TABLE venue_days (
    market text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    venue_id text COLLATE "C" NOT NULL,
    day date NOT NULL,
    version smallint NOT NULL,
    finished boolean NOT NULL,
    body bytea NOT NULL,
    shown date[] NOT NULL,
    computed_at timestamptz NOT NULL,
    CONSTRAINT venue_days_pkey PRIMARY KEY (market, provider, venue_id, day)
)
"""

MARKET_DAYS = """
CREATE TABLE market_days (
    market text COLLATE "C" NOT NULL,
    day date NOT NULL,
    version smallint NOT NULL,
    finished boolean NOT NULL,
    body bytea NOT NULL,
    computed_at timestamptz NOT NULL,
    CONSTRAINT market_days_pkey PRIMARY KEY (market, day)
)
"""

# How far a market's days are rolled up: the last event of the log that is in them, and the last day that is over.
ROLLUP_HEADS = """
CREATE TABLE rollup_heads (
    market text COLLATE "C" CONSTRAINT rollup_heads_pkey PRIMARY KEY,
    event_id bigint NOT NULL,
    finished_day date NOT NULL,
    rolled_at timestamptz NOT NULL
)
"""

VENUE_METRICS = """
CREATE TABLE venue_metrics (
    market text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    venue_id text COLLATE "C" NOT NULL,
    window_days smallint NOT NULL,
    body jsonb NOT NULL,
    computed_at timestamptz NOT NULL,
    CONSTRAINT venue_metrics_pkey PRIMARY KEY (provider, venue_id, window_days, market)
)
"""

MARKET_METRICS = """
CREATE TABLE market_metrics (
    metric_type text COLLATE "C" NOT NULL,
    market text COLLATE "C" NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    value jsonb NOT NULL,
    computed_at timestamptz NOT NULL,
    CONSTRAINT market_metrics_pkey PRIMARY KEY (market, metric_type, window_start, window_end)
)
"""

FORECAST_VERDICTS = """
CREATE TABLE forecast_verdicts (
    market text COLLATE "C" NOT NULL,
    computed_at timestamptz NOT NULL,
    learned_from date NOT NULL,
    held_out_from date NOT NULL,
    verdict jsonb NOT NULL,
    prior bytea NOT NULL,
    CONSTRAINT forecast_verdicts_pkey PRIMARY KEY (market, computed_at)
)
"""

# From when on the log is whole: days before it cannot be rolled up from it again.
RETENTION_MARKS = """
CREATE TABLE retention_marks (
    what text COLLATE "C" CONSTRAINT retention_marks_pkey PRIMARY KEY,
    kept_since timestamptz NOT NULL
)
"""

INDEXES = (
    "CREATE INDEX observed_spans_updated ON observed_spans (updated_at)",
    "CREATE INDEX venue_days_unfinished ON venue_days (market, day) WHERE NOT finished",
    "CREATE INDEX venue_metrics_of_market ON venue_metrics (market, window_days)",
)
TABLES = (
    OBSERVED_SPANS, VENUE_DAYS, MARKET_DAYS, ROLLUP_HEADS, VENUE_METRICS, MARKET_METRICS, FORECAST_VERDICTS,
    RETENTION_MARKS,
)  # fmt: skip


def upgrade() -> None:
    for statement in (*TABLES, KEEP_AS_IT_IS, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    for statement in reversed(TABLES):
        op.execute("DROP TABLE " + statement.split()[2])
