"""Users and what is theirs: tokens, watches, notify requests, goals, notifications, channels, deliveries, alert events."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

USERS = """
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT users_pkey PRIMARY KEY,
    name text COLLATE "C" NOT NULL CONSTRAINT users_name_key UNIQUE,
    is_admin boolean NOT NULL,
    time_zone text NOT NULL,
    created_at timestamptz NOT NULL
)
"""

# Tokens and sessions are known by their hashes only.
USER_TOKENS = """
CREATE TABLE user_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT user_tokens_pkey PRIMARY KEY,
    user_id bigint NOT NULL CONSTRAINT user_tokens_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    hash bytea NOT NULL CONSTRAINT user_tokens_hash_key UNIQUE,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
)
"""

USER_SESSIONS = """
CREATE TABLE user_sessions (
    hash bytea CONSTRAINT user_sessions_pkey PRIMARY KEY,
    user_id bigint NOT NULL CONSTRAINT user_sessions_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    token_id bigint NOT NULL CONSTRAINT user_sessions_token_fkey REFERENCES user_tokens (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
)
"""

WATCHES = """
CREATE TABLE watches (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT watches_pkey PRIMARY KEY,
    user_id bigint NOT NULL CONSTRAINT watches_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    mode text NOT NULL,
    venues jsonb NOT NULL,
    filters jsonb NOT NULL,
    criteria_key text COLLATE "C",
    every_minutes integer NOT NULL,
    paused boolean NOT NULL,
    created_at timestamptz NOT NULL,
    next_due_at timestamptz NOT NULL,
    lease_until timestamptz,
    last_checked_at timestamptz,
    last_result jsonb,
    last_error text,
    seen jsonb,
    seen_event bigint,
    seen_version integer
)
"""

VENUE_SEARCH_SNAPSHOTS = """
CREATE TABLE venue_search_snapshots (
    criteria_key text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    names text[] NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT venue_search_snapshots_pkey PRIMARY KEY (criteria_key, version)
)
"""

NOTIFY_REQUESTS = """
CREATE TABLE notify_requests (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT notify_requests_pkey PRIMARY KEY,
    user_id bigint NOT NULL CONSTRAINT notify_requests_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    venues jsonb NOT NULL,
    dates date[] NOT NULL,
    time_from time,
    time_to time,
    party_size smallint,
    once boolean NOT NULL,
    status text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    since_event bigint NOT NULL,
    looked_back boolean NOT NULL,
    fulfilled_by bigint
)
"""

GOALS = """
CREATE TABLE goals (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT goals_pkey PRIMARY KEY,
    user_id bigint NOT NULL CONSTRAINT goals_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL,
    wish jsonb NOT NULL,
    min_score double precision NOT NULL,
    active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    since_event bigint NOT NULL,
    openings_before bigint NOT NULL,
    matched bigint NOT NULL,
    told bigint NOT NULL,
    looked_back boolean NOT NULL
)
"""

WATCH_LIST = """
CREATE TABLE watch_list (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT watch_list_pkey PRIMARY KEY,
    user_id bigint NOT NULL CONSTRAINT watch_list_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    provider text COLLATE "C" NOT NULL,
    venue_id text COLLATE "C" NOT NULL,
    venue_name text,
    party_size smallint NOT NULL,
    dates date[] NOT NULL,
    created_at timestamptz NOT NULL,
    next_due_at timestamptz NOT NULL,
    lease_until timestamptz,
    last_checked_at timestamptz,
    last_result jsonb,
    last_error text
)
"""

# One row: up to which event wishes have been matched, and how many openings there were up to it.
MATCH_HEAD = """
CREATE TABLE match_head (
    id smallint CONSTRAINT match_head_pkey PRIMARY KEY DEFAULT 1 CONSTRAINT match_head_id_check CHECK (id = 1),
    event_id bigint NOT NULL,
    openings bigint NOT NULL
)
"""

# One row: the newest number given, as the id of a notification or as the place of a change to one (its `place`). Whoever gives
# numbers holds the row until the commit, so that they become visible in order.
NOTIFICATION_HEAD = """
CREATE TABLE notification_head (
    id smallint CONSTRAINT notification_head_pkey PRIMARY KEY DEFAULT 1
        CONSTRAINT notification_head_id_check CHECK (id = 1),
    last_id bigint NOT NULL,
    oldest_id bigint NOT NULL
)
"""

NOTIFICATIONS = """
CREATE TABLE notifications (
    id bigint CONSTRAINT notifications_pkey PRIMARY KEY,
    user_id bigint NOT NULL CONSTRAINT notifications_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    kind text NOT NULL,
    source_id bigint,
    event_id bigint,
    slot_key text COLLATE "C",
    opening text COLLATE "C",
    title text NOT NULL,
    body text NOT NULL,
    book_url text,
    facts jsonb NOT NULL,
    goal_match_score double precision,
    created_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    read_at timestamptz,
    closed_at timestamptz,
    open_seconds double precision,
    place bigint NOT NULL DEFAULT 0,
    CONSTRAINT notifications_once UNIQUE (user_id, kind, source_id, slot_key, opening)
)
"""

CHANNELS = """
CREATE TABLE channels (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT channels_pkey PRIMARY KEY,
    user_id bigint NOT NULL CONSTRAINT channels_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL,
    type text NOT NULL,
    address bytea NOT NULL,
    shown text NOT NULL,
    kinds text[],
    min_interval_seconds integer NOT NULL,
    quiet jsonb,
    paused boolean NOT NULL,
    paused_why text,
    created_at timestamptz NOT NULL,
    last_sent_at timestamptz,
    last_error text,
    last_error_at timestamptz,
    failing_since timestamptz
)
"""

DELIVERIES = """
CREATE TABLE deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT deliveries_pkey PRIMARY KEY,
    notification_id bigint NOT NULL
        CONSTRAINT deliveries_notification_fkey REFERENCES notifications (id) ON DELETE CASCADE,
    channel_id bigint NOT NULL CONSTRAINT deliveries_channel_fkey REFERENCES channels (id) ON DELETE CASCADE,
    purpose text NOT NULL,
    status text NOT NULL,
    batch uuid,
    attempts smallint NOT NULL,
    due_at timestamptz NOT NULL,
    lease_until timestamptz,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    last_error text,
    receipt text,
    CONSTRAINT deliveries_once UNIQUE (notification_id, channel_id, purpose)
)
"""

ALERT_EVENTS = """
CREATE TABLE alert_events (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT alert_events_pkey PRIMARY KEY,
    user_id bigint NOT NULL CONSTRAINT alert_events_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    client_id text COLLATE "C" NOT NULL,
    session text,
    event_type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    notification_id bigint,
    event_id bigint,
    provider text COLLATE "C",
    venue_id text COLLATE "C",
    channel text,
    time_to_action_seconds double precision,
    goal_match_score double precision,
    metadata jsonb NOT NULL,
    CONSTRAINT alert_events_once UNIQUE (user_id, client_id)
)
"""

INDEXES = (
    "CREATE INDEX user_tokens_of_user ON user_tokens (user_id)",
    "CREATE INDEX user_sessions_of_user ON user_sessions (user_id)",
    "CREATE INDEX user_sessions_of_token ON user_sessions (token_id)",
    "CREATE INDEX watches_of_user ON watches (user_id, id)",
    "CREATE INDEX watches_due ON watches (next_due_at) WHERE NOT paused",
    "CREATE INDEX notify_requests_of_user ON notify_requests (user_id, id)",
    "CREATE INDEX notify_requests_changed ON notify_requests (updated_at)",
    "CREATE INDEX notify_requests_active ON notify_requests (id) WHERE status = 'active'",
    "CREATE INDEX goals_of_user ON goals (user_id, id)",
    "CREATE INDEX goals_changed ON goals (updated_at)",
    "CREATE INDEX watch_list_of_user ON watch_list (user_id, id)",
    "CREATE INDEX watch_list_due ON watch_list (next_due_at)",
    "CREATE INDEX notifications_of_user ON notifications (user_id, id)",
    "CREATE INDEX notifications_by_place ON notifications (place)",
    "CREATE INDEX notifications_of_user_by_place ON notifications (user_id, place)",
    "CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL",
    "CREATE INDEX notifications_open ON notifications (slot_key, opening) WHERE closed_at IS NULL",
    "CREATE INDEX channels_of_user ON channels (user_id, id)",
    "CREATE INDEX deliveries_due ON deliveries (channel_id, due_at) WHERE status = 'pending'",
    "CREATE INDEX deliveries_of_channel ON deliveries (channel_id, id)",
    "CREATE INDEX alert_events_of_notification ON alert_events (notification_id)",
    "CREATE INDEX alert_events_at ON alert_events (occurred_at)",
)
TABLES = (
    USERS, USER_TOKENS, USER_SESSIONS, WATCHES, VENUE_SEARCH_SNAPSHOTS, NOTIFY_REQUESTS, GOALS, WATCH_LIST, MATCH_HEAD,
    NOTIFICATION_HEAD, NOTIFICATIONS, CHANNELS, DELIVERIES, ALERT_EVENTS,
)  # fmt: skip


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    op.execute("INSERT INTO match_head (event_id, openings) SELECT last_id, 0 FROM feed_head")
    op.execute("INSERT INTO notification_head (last_id, oldest_id) VALUES (0, 1)")


def downgrade() -> None:
    for statement in reversed(TABLES):
        op.execute("DROP TABLE " + statement.split()[2])
