"""Open slots as what each poll did to them, and their venues as rows of `venues`."""

from types import ModuleType

from alembic import context, op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# `slot_ids` and `closed` are ids of 16 bytes, one after the other; `slots` is what those of `slot_ids` are from this poll on.
# A row stays as it is until a poll writes the whole bucket anew. Ids do not compress; MAIN keeps them in the row up to 8 kB.
SLOT_CHANGES = """
CREATE TABLE slot_changes (
    ref integer NOT NULL,
    poll_seq bigint NOT NULL,
    slot_ids bytea NOT NULL,
    slots json NOT NULL,
    event_ids bigint[],
    closed bytea NOT NULL,
    CONSTRAINT slot_changes_pkey PRIMARY KEY (ref, poll_seq)
)
"""

BASELINE_SLOTS = """
CREATE TABLE baseline_slots (
    ref integer NOT NULL,
    poll_seq bigint NOT NULL,
    slot_ids bytea NOT NULL,
    CONSTRAINT baseline_slots_pkey PRIMARY KEY (ref, poll_seq)
)
"""

KEEP_INLINE = """
ALTER TABLE slot_changes
    ALTER COLUMN slot_ids SET STORAGE MAIN,
    ALTER COLUMN slots SET STORAGE MAIN,
    ALTER COLUMN event_ids SET STORAGE MAIN,
    ALTER COLUMN closed SET STORAGE MAIN
"""

# One row a slot that is open now: the newest that is said of a slot holds.
OPEN_SLOTS = """
CREATE VIEW open_slots AS
SELECT
    last.ref,
    last.slot_id,
    last.slot ->> 0 AS venue_id,
    (last.slot ->> 1)::timestamp AS actual_time,
    ((last.slot ->> 1)::timestamp - (last.slot ->> 2)::int * interval '1 second') AT TIME ZONE 'UTC' AS starts_at,
    ARRAY(SELECT json_array_elements_text(last.slot -> 5)::smallint) AS sizes,
    ARRAY(SELECT json_array_elements_text(last.slot -> 6)::smallint) AS ever_sizes,
    last.slot ->> 3 AS origin,
    (last.slot ->> 4)::boolean AS in_baseline,
    (last.slot ->> 7)::timestamptz AS first_seen_at,
    (last.slot ->> 8)::timestamptz AS seen_at,
    (last.slot ->> 9)::timestamptz AS opened_at,
    (last.slot ->> 10)::timestamptz AS opened_after,
    coalesce((last.slot ->> 11)::bigint, last.event_id) AS event_id,
    (last.slot ->> 12)::timestamptz AS off_market_at,
    (last.slot ->> 13)::timestamptz AS missed_at,
    ARRAY(SELECT json_array_elements_text(last.slot -> 14)::smallint) AS missed_sizes,
    ARRAY(SELECT json_array_elements_text(last.slot -> 15)) AS seatings,
    CASE WHEN (last.slot ->> 16)::boolean THEN concat(venue.url, last.slot ->> 17) ELSE last.slot ->> 17 END AS book_url
FROM (
    SELECT DISTINCT ON (said.ref, said.slot_id) said.*
    FROM (
        SELECT
            change.ref, change.poll_seq, one.slot, change.event_ids[one.place::int] AS event_id,
            encode(substring(change.slot_ids FROM (16 * one.place - 15)::int FOR 16), 'hex')::uuid AS slot_id
        FROM slot_changes AS change, json_array_elements(change.slots) WITH ORDINALITY AS one (slot, place)
        UNION ALL
        SELECT
            change.ref, change.poll_seq, NULL, NULL,
            encode(substring(change.closed FROM 16 * place - 15 FOR 16), 'hex')::uuid
        FROM slot_changes AS change, generate_series(1, length(change.closed) / 16) AS place
    ) AS said
    ORDER BY said.ref, said.slot_id, said.poll_seq DESC
) AS last
JOIN discovery_buckets AS bucket ON bucket.ref = last.ref
LEFT JOIN venues AS venue ON venue.provider = bucket.provider AND venue.venue_id = last.slot ->> 0
WHERE last.slot IS NOT NULL
"""

# One poll of one bucket, whole or not at all: the bucket's row, what came and went, and the events.
# Answers the ids that the events got (null for one that was stored before), or null where poll_seq was not as expected.
# The row of feed_head is locked from the first id to the commit: so ids become visible in order. It is locked late, to be held
# shortly; all statements after it see what was committed before it was free (READ COMMITTED), so the check for repeats is exact.
# Locks are taken in one order by all: the bucket's row, venues by provider and id, feed_head.
# Plans are made once a connection, when tables may still be small: so they are kept from reading whole tables.
# p_bucket.observed_pairs says how many pairs came new. p_places says for each of p_slots which of p_events opens it, if any does.
RECORD_POLL = """
CREATE FUNCTION record_poll(
    p_bucket discovery_buckets,
    p_expected bigint,
    p_whole boolean,
    p_slot_ids bytea,
    p_slots json,
    p_places int[],
    p_closed bytea,
    p_baseline bytea,
    p_venues venues[],
    p_chunks venue_observations[],
    p_events availability_events[]
) RETURNS bigint[] LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    v_last bigint;
    v_repeats text[];
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

    IF p_baseline <> '' THEN
        INSERT INTO baseline_slots VALUES (p_bucket.ref, p_bucket.poll_seq, p_baseline);
    END IF;
    IF cardinality(p_chunks) > 0 THEN
        INSERT INTO venue_observations SELECT new.* FROM unnest(p_chunks) AS new
        ON CONFLICT (ref, party_size, chunk) DO UPDATE SET
            venue_ids = excluded.venue_ids, counts = excluded.counts, observed_at = excluded.observed_at;
    END IF;
    IF cardinality(p_venues) > 0 THEN
        INSERT INTO venues AS old SELECT new.* FROM unnest(p_venues) AS new
        ON CONFLICT (provider, venue_id) DO UPDATE SET
            name = excluded.name,
            name_key = excluded.name_key,
            neighborhood = coalesce(excluded.neighborhood, old.neighborhood),
            neighborhood_key = coalesce(excluded.neighborhood_key, old.neighborhood_key),
            price_range = coalesce(excluded.price_range, old.price_range),
            cuisine = coalesce(excluded.cuisine, old.cuisine),
            cuisine_key = coalesce(excluded.cuisine_key, old.cuisine_key),
            latitude = coalesce(excluded.latitude, old.latitude),
            longitude = coalesce(excluded.longitude, old.longitude),
            url = coalesce(excluded.url, old.url),
            image_url = coalesce(excluded.image_url, old.image_url),
            last_seen_at = greatest(excluded.last_seen_at, old.last_seen_at)
        WHERE (
            old.name, old.neighborhood, old.price_range, old.cuisine, old.latitude, old.longitude, old.url, old.image_url
        ) IS DISTINCT FROM (
            excluded.name, coalesce(excluded.neighborhood, old.neighborhood), coalesce(excluded.price_range, old.price_range),
            coalesce(excluded.cuisine, old.cuisine), coalesce(excluded.latitude, old.latitude),
            coalesce(excluded.longitude, old.longitude), coalesce(excluded.url, old.url), coalesce(excluded.image_url, old.image_url)
        );
    END IF;
    IF p_whole THEN
        DELETE FROM slot_changes WHERE ref = p_bucket.ref;
    END IF;

    IF cardinality(p_events) > 0 THEN
        UPDATE feed_head SET last_id = last_id + cardinality(p_events)
        RETURNING last_id - cardinality(p_events) INTO v_last;
        v_repeats := ARRAY(
            SELECT dedupe_key FROM availability_events WHERE dedupe_key = ANY (ARRAY(SELECT new.dedupe_key FROM unnest(p_events) AS new))
        );
        WITH stored AS (
            INSERT INTO availability_events
            SELECT
                v_last + row_number() OVER (ORDER BY place), event_type, market, bucket_id, service_date, provider, slot_id, venue_id,
                venue_name, name_key, slot_date, slot_time, time_bucket, origin, party_sizes, neighborhood, neighborhood_key,
                price_range, opened_at, opened_after, first_seen_at, last_seen_at, closed_at, close_reason,
                drop_duration_seconds, payload, dedupe_key
            FROM unnest(p_events) WITH ORDINALITY AS new (
                id, event_type, market, bucket_id, service_date, provider, slot_id, venue_id, venue_name, name_key,
                slot_date, slot_time, time_bucket, origin, party_sizes, neighborhood, neighborhood_key, price_range,
                opened_at, opened_after, first_seen_at, last_seen_at, closed_at, close_reason, drop_duration_seconds,
                payload, dedupe_key, place
            )
            WHERE dedupe_key <> ALL (v_repeats)
            RETURNING id
        )
        SELECT array_agg(id ORDER BY id) INTO v_ids FROM stored;
        IF cardinality(v_repeats) > 0 THEN
            UPDATE feed_head SET last_id = v_last + coalesce(cardinality(v_ids), 0);
            v_ids := ARRAY(
                SELECT CASE WHEN fresh THEN v_ids[count(*) FILTER (WHERE fresh) OVER (ORDER BY place)] END
                FROM (
                    SELECT place, dedupe_key <> ALL (v_repeats) AS fresh
                    FROM (SELECT row_number() OVER () AS place, new.dedupe_key FROM unnest(p_events) AS new) AS event
                ) AS event
                ORDER BY place
            );
        END IF;
    END IF;

    IF p_slot_ids <> '' OR p_closed <> '' THEN
        INSERT INTO slot_changes
        SELECT
            p_bucket.ref, p_bucket.poll_seq, p_slot_ids, p_slots,
            (SELECT array_agg(v_ids[of_slot.place] ORDER BY nth) FROM unnest(p_places) WITH ORDINALITY AS of_slot (place, nth)),
            p_closed;
    END IF;
    RETURN v_ids;
END
$$
"""

# The name's key is only lower-cased: it is put right when the venue is seen next.
LEARN_VENUES = """
INSERT INTO venues (
    provider, venue_id, name, name_key, neighborhood, neighborhood_key, price_range, cuisine, cuisine_key, latitude, longitude,
    url, image_url, first_seen_at, last_seen_at
)
SELECT DISTINCT ON (bucket.provider, slot.venue_id)
    bucket.provider, slot.venue_id, venue ->> 'name', lower(venue ->> 'name'), venue ->> 'neighborhood',
    lower(venue ->> 'neighborhood'), (venue ->> 'price_range')::smallint, venue ->> 'cuisine', lower(venue ->> 'cuisine'),
    (venue ->> 'latitude')::float8, (venue ->> 'longitude')::float8, venue ->> 'url', venue ->> 'image_url',
    slot.first_seen_at, slot.seen_at
FROM open_slots AS slot JOIN discovery_buckets AS bucket USING (ref), LATERAL (SELECT slot.payload -> 'venue' AS venue) AS shown
ORDER BY bucket.provider, slot.venue_id, slot.seen_at DESC
ON CONFLICT DO NOTHING
"""

FILL_CHANGES = """
INSERT INTO slot_changes (ref, poll_seq, slot_ids, slots, closed)
SELECT
    ref, bucket.poll_seq, string_agg(uuid_send(slot_id), '' ORDER BY slot_id),
    json_agg(json_build_array(
        venue_id, to_char(actual_time, 'YYYY-MM-DD HH24:MI:SS'), extract(epoch FROM actual_time - (starts_at AT TIME ZONE 'UTC'))::int,
        origin, in_baseline, sizes, ever_sizes, first_seen_at, seen_at, opened_at, opened_after, event_id, off_market_at,
        missed_at, coalesce(missed_sizes, '{}'), coalesce(payload -> 'seatings', '[]'), false, payload ->> 'book_url'
    ) ORDER BY slot_id),
    ''
FROM open_slots JOIN discovery_buckets AS bucket USING (ref)
GROUP BY ref, bucket.poll_seq
"""

FILL_BASELINE = """
INSERT INTO baseline_slots SELECT ref, 0, string_agg(uuid_send(slot_id), '' ORDER BY slot_id) FROM before GROUP BY ref
"""

FILL_SLOTS_BACK = """
INSERT INTO open_slots
SELECT
    slot.ref, slot.slot_id, slot.venue_id, slot.actual_time, slot.starts_at, slot.sizes, slot.ever_sizes, slot.origin,
    slot.in_baseline, slot.first_seen_at, slot.seen_at, slot.opened_at, slot.opened_after, slot.event_id, slot.off_market_at,
    slot.missed_at, nullif(slot.missed_sizes, '{}'),
    jsonb_strip_nulls(jsonb_build_object(
        'venue', jsonb_build_object(
            'name', coalesce(venue.name, slot.venue_id), 'neighborhood', venue.neighborhood, 'price_range', venue.price_range,
            'cuisine', venue.cuisine, 'latitude', venue.latitude, 'longitude', venue.longitude, 'url', venue.url,
            'image_url', venue.image_url
        ),
        'seatings', slot.seatings, 'book_url', slot.book_url
    ))
FROM before AS slot
JOIN discovery_buckets AS bucket USING (ref)
LEFT JOIN venues AS venue ON venue.provider = bucket.provider AND venue.venue_id = slot.venue_id
"""

FILL_BASELINE_BACK = """
INSERT INTO baseline_slots
SELECT DISTINCT ref, encode(substring(slot_ids FROM 16 * place - 15 FOR 16), 'hex')::uuid
FROM before, generate_series(1, length(slot_ids) / 16) AS place
"""


def upgrade() -> None:
    op.execute("DROP FUNCTION record_poll")
    op.execute(LEARN_VENUES)
    op.execute(SLOT_CHANGES)
    op.execute(KEEP_INLINE)
    op.execute(FILL_CHANGES)
    op.execute("DROP TABLE open_slots")
    op.execute(OPEN_SLOTS)
    _replace("TABLE baseline_slots", BASELINE_SLOTS, FILL_BASELINE)
    op.execute("DROP INDEX availability_events_closed")
    op.execute(
        "CREATE INDEX availability_events_closed ON availability_events (event_type, closed_at) WHERE closed_at IS NOT NULL"
    )
    op.execute(RECORD_POLL)


def downgrade() -> None:
    first = _first_revision()
    op.execute("DROP FUNCTION record_poll")
    op.execute("DROP INDEX availability_events_closed")
    op.execute("CREATE INDEX availability_events_closed ON availability_events (event_type, closed_at)")
    _replace("TABLE baseline_slots", first.BASELINE_SLOTS, FILL_BASELINE_BACK)
    _replace("VIEW open_slots", first.OPEN_SLOTS, FILL_SLOTS_BACK)
    op.execute("DROP TABLE slot_changes")
    op.execute(first.RECORD_POLL)


def _replace(old: str, new: str, fill: str) -> None:
    """Put something else under the same name, filled from what was there, which `fill` knows as `before`."""
    kind, name = old.split()
    op.execute(f"CREATE TEMPORARY TABLE before AS SELECT * FROM {name}")  # noqa: S608 - the names are ours
    op.execute(f"DROP {kind} {name}")
    op.execute(new)
    op.execute(fill)
    op.execute("DROP TABLE before")


def _first_revision() -> ModuleType:
    return context.script.get_revision("0001").module
