"""The log of events, and the checkpoints of each bucket."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FEED_HEAD = """
CREATE TABLE feed_head (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    last_id bigint NOT NULL,
    oldest_id bigint NOT NULL
) WITH (fillfactor = 10)
"""

EVENTS = """
CREATE TABLE availability_events (
    id bigint PRIMARY KEY,
    event_type text NOT NULL CHECK (event_type IN ('NEW_DROP', 'REOPENED', 'CLOSED')),
    market text COLLATE "C" NOT NULL,
    bucket_id text COLLATE "C" NOT NULL,
    service_date date NOT NULL,
    provider text COLLATE "C" NOT NULL,
    slot_id uuid NOT NULL,
    venue_id text COLLATE "C" NOT NULL,
    venue_name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    slot_date date NOT NULL,
    slot_time time NOT NULL,
    time_bucket text NOT NULL,
    origin text NOT NULL CHECK (origin IN ('drop', 'reopened', 'baseline', 'after_gap')),
    party_sizes smallint[] NOT NULL,
    neighborhood text,
    neighborhood_key text COLLATE "C",
    price_range smallint,
    opened_at timestamptz,
    opened_after timestamptz,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz,
    closed_at timestamptz,
    close_reason text CHECK (close_reason IN ('taken', 'expired', 'vanished', 'withdrawn')),
    drop_duration_seconds double precision,
    payload jsonb NOT NULL,
    dedupe_key text COLLATE "C" NOT NULL CONSTRAINT availability_events_dedupe_key UNIQUE
)
"""

BUCKETS = """
CREATE TABLE discovery_buckets (
    ref integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    market text COLLATE "C" NOT NULL,
    bucket_id text COLLATE "C" NOT NULL,
    service_date date NOT NULL,
    time_slot text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    baseline_built_at timestamptz,
    poll_seq bigint NOT NULL DEFAULT 0,
    scanned_at timestamptz,
    outcome text CHECK (outcome IN ('ok', 'partial', 'failed', 'blocked')),
    cause text,
    observed_pairs integer NOT NULL DEFAULT 0,
    open_slots integer NOT NULL DEFAULT 0,
    baseline_slots integer NOT NULL DEFAULT 0,
    CONSTRAINT discovery_buckets_key UNIQUE (market, provider, bucket_id)
) WITH (fillfactor = 50)
"""

OPEN_SLOTS = """
CREATE TABLE open_slots (
    ref integer NOT NULL,
    slot_id uuid NOT NULL,
    venue_id text COLLATE "C" NOT NULL,
    actual_time timestamp NOT NULL,
    starts_at timestamptz NOT NULL,
    sizes smallint[] NOT NULL,
    ever_sizes smallint[] NOT NULL,
    origin text NOT NULL CHECK (origin IN ('drop', 'reopened', 'baseline', 'after_gap')),
    in_baseline boolean NOT NULL,
    first_seen_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    opened_at timestamptz,
    opened_after timestamptz,
    event_id bigint,
    off_market_at timestamptz,
    missed_at timestamptz,
    missed_sizes smallint[],
    payload jsonb NOT NULL,
    CONSTRAINT open_slots_pkey PRIMARY KEY (ref, slot_id)
) WITH (fillfactor = 90)
"""

BASELINE_SLOTS = """
CREATE TABLE baseline_slots (
    ref integer NOT NULL,
    slot_id uuid NOT NULL,
    CONSTRAINT baseline_slots_pkey PRIMARY KEY (ref, slot_id)
)
"""

# A row stays whole in its page, so that rewriting it costs what has changed.
OBSERVATIONS = """
CREATE TABLE venue_observations (
    ref integer NOT NULL,
    party_size smallint NOT NULL,
    chunk smallint NOT NULL,
    venue_ids text[] NOT NULL,
    counts smallint[] NOT NULL,
    observed_at timestamptz[] NOT NULL,
    CONSTRAINT venue_observations_pkey PRIMARY KEY (ref, party_size, chunk)
) WITH (fillfactor = 50, toast_tuple_target = 8160)
"""

SETTINGS_MARKS = """
CREATE TABLE settings_marks (
    market text COLLATE "C" PRIMARY KEY,
    mark text NOT NULL
)
"""

# One poll of one bucket, whole or not at all: the bucket's row, what came and went, and the events.
# Answers the ids that the events got (null for one that was stored before), or null where poll_seq was not as expected.
# The row of feed_head is locked from the first id to the commit: so ids become visible in order. It is locked late, to be held
# shortly; all statements after it see what was committed before it was free (READ COMMITTED), so the check for repeats is exact.
# Two columns are used otherwise than they are stored: p_bucket.observed_pairs says how many came new, and event_id of a row in
# p_opened is the place of its opening event in p_events.
RECORD_POLL = """
CREATE FUNCTION record_poll(
    p_bucket discovery_buckets,
    p_expected bigint,
    p_opened open_slots[],
    p_updated open_slots[],
    p_closed uuid[],
    p_baseline uuid[],
    p_chunks venue_observations[],
    p_events availability_events[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    v_last bigint;
    v_stored bigint;
    v_ids bigint[] := '{}';
BEGIN
    UPDATE discovery_buckets SET
        baseline_built_at = p_bucket.baseline_built_at,
        poll_seq = p_bucket.poll_seq,
        scanned_at = p_bucket.scanned_at,
        outcome = p_bucket.outcome,
        cause = p_bucket.cause,
        observed_pairs = observed_pairs + p_bucket.observed_pairs,
        open_slots = p_bucket.open_slots,
        baseline_slots = p_bucket.baseline_slots
    WHERE ref = p_bucket.ref AND poll_seq = p_expected;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    IF cardinality(p_closed) > 0 THEN
        DELETE FROM open_slots WHERE ref = p_bucket.ref AND slot_id = ANY (p_closed);
    END IF;
    IF cardinality(p_baseline) > 0 THEN
        INSERT INTO baseline_slots SELECT p_bucket.ref, gone FROM unnest(p_baseline) AS gone ON CONFLICT DO NOTHING;
    END IF;
    IF cardinality(p_updated) > 0 THEN
        UPDATE open_slots AS slot SET
            sizes = new.sizes,
            ever_sizes = new.ever_sizes,
            seen_at = new.seen_at,
            missed_at = new.missed_at,
            missed_sizes = new.missed_sizes,
            payload = new.payload
        FROM unnest(p_updated) AS new
        WHERE slot.ref = p_bucket.ref AND slot.slot_id = new.slot_id;
    END IF;
    IF cardinality(p_chunks) > 0 THEN
        INSERT INTO venue_observations SELECT new.* FROM unnest(p_chunks) AS new
        ON CONFLICT (ref, party_size, chunk) DO UPDATE SET
            venue_ids = excluded.venue_ids, counts = excluded.counts, observed_at = excluded.observed_at;
    END IF;

    IF cardinality(p_events) > 0 THEN
        UPDATE feed_head SET last_id = last_id + cardinality(p_events)
        RETURNING last_id - cardinality(p_events) INTO v_last;
        WITH fresh AS (
            SELECT new.*, row_number() OVER (ORDER BY place) AS nth
            FROM unnest(p_events) WITH ORDINALITY AS new (
                id, event_type, market, bucket_id, service_date, provider, slot_id, venue_id, venue_name, name_key,
                slot_date, slot_time, time_bucket, origin, party_sizes, neighborhood, neighborhood_key, price_range,
                opened_at, opened_after, first_seen_at, last_seen_at, closed_at, close_reason, drop_duration_seconds,
                payload, dedupe_key, place
            )
            WHERE NOT EXISTS (SELECT FROM availability_events AS old WHERE old.dedupe_key = new.dedupe_key)
        ), stored AS (
            INSERT INTO availability_events
            SELECT
                v_last + nth, event_type, market, bucket_id, service_date, provider, slot_id, venue_id, venue_name,
                name_key, slot_date, slot_time, time_bucket, origin, party_sizes, neighborhood, neighborhood_key,
                price_range, opened_at, opened_after, first_seen_at, last_seen_at, closed_at, close_reason,
                drop_duration_seconds, payload, dedupe_key
            FROM fresh
        )
        SELECT array_agg(v_last + fresh.nth ORDER BY event.place), count(fresh.nth) INTO v_ids, v_stored
        FROM generate_subscripts(p_events, 1) AS event (place) LEFT JOIN fresh USING (place);
        IF v_stored < cardinality(p_events) THEN
            UPDATE feed_head SET last_id = v_last + v_stored;
        END IF;
    END IF;

    IF cardinality(p_opened) > 0 THEN
        INSERT INTO open_slots
        SELECT
            new.ref, new.slot_id, new.venue_id, new.actual_time, new.starts_at, new.sizes, new.ever_sizes, new.origin,
            new.in_baseline, new.first_seen_at, new.seen_at, new.opened_at, new.opened_after, v_ids[new.event_id],
            new.off_market_at, new.missed_at, new.missed_sizes, new.payload
        FROM unnest(p_opened) AS new;
    END IF;
    RETURN v_ids;
END
$$
"""


def upgrade() -> None:
    op.execute(FEED_HEAD)
    op.execute("INSERT INTO feed_head (last_id, oldest_id) VALUES (0, 1)")
    op.execute(EVENTS)
    op.execute("CREATE INDEX availability_events_venue ON availability_events (provider, venue_id, id)")
    op.execute("CREATE INDEX availability_events_closed ON availability_events (event_type, closed_at)")
    op.execute("CREATE INDEX availability_events_opened ON availability_events USING brin (opened_at)")
    op.execute(BUCKETS)
    op.execute(OPEN_SLOTS)
    op.execute(BASELINE_SLOTS)
    op.execute(OBSERVATIONS)
    op.execute(SETTINGS_MARKS)
    op.execute(RECORD_POLL)


def downgrade() -> None:
    op.execute("DROP FUNCTION record_poll")
    for table in (
        "settings_marks",
        "venue_observations",
        "baseline_slots",
        "open_slots",
        "discovery_buckets",
        "availability_events",
        "feed_head",
    ):
        op.execute(f"DROP TABLE {table}")
