"""The venues, the daily rows of buckets, and the heartbeats of loops."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

VENUES = """
CREATE TABLE venues (
    provider text COLLATE "C" NOT NULL,
    venue_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    neighborhood text,
    neighborhood_key text COLLATE "C",
    price_range smallint,
    cuisine text,
    cuisine_key text COLLATE "C",
    latitude double precision,
    longitude double precision,
    url text,
    image_url text,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    CONSTRAINT venues_pkey PRIMARY KEY (provider, venue_id)
) WITH (fillfactor = 80)
"""

BUCKET_DAYS = """
CREATE TABLE bucket_days (
    day date NOT NULL,
    market text COLLATE "C" NOT NULL,
    bucket_id text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    service_date date NOT NULL,
    time_slot text COLLATE "C" NOT NULL,
    lead_days smallint NOT NULL,
    baseline_slots integer NOT NULL,
    open_slots integer NOT NULL,
    observed_venues integer NOT NULL,
    CONSTRAINT bucket_days_pkey PRIMARY KEY (day, market, provider, bucket_id)
)
"""

LOOP_HEARTBEATS = """
CREATE TABLE loop_heartbeats (
    process text COLLATE "C" NOT NULL,
    loop text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT loop_heartbeats_pkey PRIMARY KEY (process, loop)
) WITH (fillfactor = 50)
"""


def upgrade() -> None:
    op.execute(VENUES)
    op.execute("CREATE INDEX venues_by_name ON venues (name_key, provider, venue_id)")
    op.execute(BUCKET_DAYS)
    op.execute(LOOP_HEARTBEATS)


def downgrade() -> None:
    op.execute("DROP TABLE loop_heartbeats")
    op.execute("DROP TABLE bucket_days")
    op.execute("DROP TABLE venues")
