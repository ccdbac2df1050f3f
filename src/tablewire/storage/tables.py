"""The tables as SQLAlchemy Core knows them: what migrations made, for queries and for comparison."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB, TIMESTAMP

metadata = MetaData()

INSTANT = TIMESTAMP(timezone=True)
KEY = Text(collation="C")
"""Text that is compared byte by byte, as Python compares it, whatever the database's locale."""

feed_head = Table(
    "feed_head",
    metadata,
    Column("id", SmallInteger, CheckConstraint("id = 1"), primary_key=True, server_default="1"),
    Column("last_id", BigInteger, nullable=False),
    Column("oldest_id", BigInteger, nullable=False),
)
"""One row: the newest id ever given, and the oldest that is kept. Whoever gives ids holds it until the commit."""

availability_events = Table(
    "availability_events",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("event_type", Text, nullable=False),
    Column("market", KEY, nullable=False),
    Column("bucket_id", KEY, nullable=False),
    Column("service_date", Date, nullable=False),
    Column("provider", KEY, nullable=False),
    Column("slot_id", Uuid, nullable=False),
    Column("venue_id", KEY, nullable=False),
    Column("venue_name", Text, nullable=False),
    Column("name_key", KEY, nullable=False),
    Column("slot_date", Date, nullable=False),
    Column("slot_time", Time, nullable=False),
    Column("time_bucket", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("party_sizes", ARRAY(SmallInteger), nullable=False),
    Column("neighborhood", Text),
    Column("neighborhood_key", KEY),
    Column("price_range", SmallInteger),
    Column("opened_at", INSTANT),
    Column("opened_after", INSTANT),
    Column("first_seen_at", INSTANT, nullable=False),
    Column("last_seen_at", INSTANT),
    Column("closed_at", INSTANT),
    Column("close_reason", Text),
    Column("drop_duration_seconds", Double),
    Column("payload", JSONB, nullable=False),
    Column("dedupe_key", KEY, nullable=False),
    UniqueConstraint("dedupe_key", name="availability_events_dedupe_key"),
    Index("availability_events_venue", "provider", "venue_id", "id"),
    Index("availability_events_opened", "opened_at", postgresql_using="brin"),
    Index("availability_events_happened", "market", text("coalesce(closed_at, opened_at, first_seen_at)")),
)
"""One row a transition, append-only."""

discovery_buckets = Table(
    "discovery_buckets",
    metadata,
    Column("ref", Integer, Identity(always=True), primary_key=True),
    Column("market", KEY, nullable=False),
    Column("bucket_id", KEY, nullable=False),
    Column("service_date", Date, nullable=False),
    Column("time_slot", KEY, nullable=False),
    Column("provider", KEY, nullable=False),
    Column("baseline_built_at", INSTANT),
    Column("poll_seq", BigInteger, nullable=False, server_default="0"),
    Column("scanned_at", INSTANT),
    Column("outcome", Text),
    Column("cause", Text),
    Column("observed_pairs", Integer, nullable=False, server_default="0"),
    Column("open_slots", Integer, nullable=False, server_default="0"),
    Column("baseline_slots", Integer, nullable=False, server_default="0"),
    UniqueConstraint("market", "provider", "bucket_id", name="discovery_buckets_key"),
)
"""One row a bucket and provider; `ref` stands for it in the rows of its slots and pairs."""

slot_changes = Table(
    "slot_changes",
    metadata,
    Column("ref", Integer, primary_key=True, autoincrement=False),
    Column("poll_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("slot_ids", LargeBinary, nullable=False),
    Column("slots", JSON, nullable=False),
    Column("event_ids", ARRAY(BigInteger)),
    Column("closed", LargeBinary, nullable=False),
)
"""One row a poll that opened, changed or closed slots; the view `open_slots` has one row a slot that is open now."""

baseline_slots = Table(
    "baseline_slots",
    metadata,
    Column("ref", Integer, primary_key=True, autoincrement=False),
    Column("poll_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("slot_ids", LargeBinary, nullable=False),
)
"""Slots of the baseline that have closed at least once, by the poll that closed them; open ones are marked in their own rows."""

venue_observations = Table(
    "venue_observations",
    metadata,
    Column("ref", Integer, primary_key=True, autoincrement=False),
    Column("party_size", SmallInteger, primary_key=True, autoincrement=False),
    Column("chunk", SmallInteger, primary_key=True, autoincrement=False),
    Column("venue_ids", ARRAY(Text), nullable=False),
    Column("counts", ARRAY(SmallInteger), nullable=False),
    Column("observed_at", ARRAY(INSTANT), nullable=False),
)
"""Pairs in the order in which they were met, 128 to a row: how often each was observed, and when last."""

settings_marks = Table(
    "settings_marks",
    metadata,
    Column("market", KEY, primary_key=True),
    Column("mark", Text, nullable=False),
)
"""Per market, what the settings were that its observations were made under."""

venues = Table(
    "venues",
    metadata,
    Column("provider", KEY, primary_key=True),
    Column("venue_id", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", KEY, nullable=False),
    Column("neighborhood", Text),
    Column("neighborhood_key", KEY),
    Column("price_range", SmallInteger),
    Column("cuisine", Text),
    Column("cuisine_key", KEY),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("url", Text),
    Column("image_url", Text),
    Column("first_seen_at", INSTANT, nullable=False),
    Column("last_seen_at", INSTANT, nullable=False),
    Column("address", Text),
    Column("phone", Text),
    Index("venues_by_name", "name_key", "provider", "venue_id"),
)
"""Every venue that was ever seen."""

_PAIR = ("provider", "venue_id", "other_provider", "other_venue_id")

venue_links = Table(
    "venue_links",
    metadata,
    *(Column(name, KEY, primary_key=True) for name in _PAIR),
    Column("verdict", KEY, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("evidence", ARRAY(Text), nullable=False),
    Index("venue_links_other", "other_provider", "other_venue_id"),
)
"""Pairs of venues that the evidence says are one restaurant, or could be."""

venue_decisions = Table(
    "venue_decisions",
    metadata,
    *(Column(name, KEY, primary_key=True) for name in _PAIR),
    Column("verdict", KEY, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", INSTANT, nullable=False),
    Column("why", Text),
)
"""What people decided of pairs of venues."""

venue_restaurants = Table(
    "venue_restaurants",
    metadata,
    Column("provider", KEY, primary_key=True),
    Column("venue_id", KEY, primary_key=True),
    Column("restaurant", KEY, nullable=False),
    Index("venue_restaurants_by_restaurant", "restaurant"),
)
"""The restaurant of each venue that shares one with others."""

bucket_days = Table(
    "bucket_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("market", KEY, primary_key=True),
    Column("provider", KEY, primary_key=True),
    Column("bucket_id", KEY, primary_key=True),
    Column("service_date", Date, nullable=False),
    Column("time_slot", KEY, nullable=False),
    Column("lead_days", SmallInteger, nullable=False),
    Column("baseline_slots", Integer, nullable=False),
    Column("open_slots", Integer, nullable=False),
    Column("observed_venues", Integer, nullable=False),
)
"""One small row a bucket and day; it outlives the bucket."""

loop_heartbeats = Table(
    "loop_heartbeats",
    metadata,
    Column("process", KEY, primary_key=True),
    Column("loop", KEY, primary_key=True),
    Column("at", INSTANT, nullable=False),
)
"""When each loop of each process last showed that it is alive."""
