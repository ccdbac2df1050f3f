"""A user with one of everything that is a user's, straight into the tables."""

import asyncpg

_ROWS = (
    "INSERT INTO users (name, is_admin, time_zone, created_at) VALUES ('ann', false, 'UTC', now())",
    "INSERT INTO user_tokens (user_id, hash, created_at) SELECT id, 'hash', now() FROM users",
    """INSERT INTO user_sessions (hash, user_id, token_id, created_at, expires_at)
       SELECT 'hash', user_id, id, now(), now() FROM user_tokens""",
    """INSERT INTO watches (user_id, mode, venues, filters, every_minutes, paused, created_at, next_due_at)
       SELECT id, 'specific', '[]', '{}', 15, false, now(), now() FROM users""",
    "INSERT INTO venue_search_snapshots (criteria_key, version, names, created_at) VALUES ('key', 1, '{carbone}', now())",
    """INSERT INTO notify_requests
           (user_id, venues, dates, once, status, created_at, updated_at, since_event, looked_back)
       SELECT id, '[]', '{2026-02-18}', true, 'active', now(), now(), 0, true FROM users""",
    """INSERT INTO goals (user_id, name, wish, min_score, active, created_at, updated_at, since_event, openings_before,
           matched, told, looked_back)
       SELECT id, 'dinner', '{}', 0.5, true, now(), now(), 0, 0, 0, 0, true FROM users""",
    """INSERT INTO watch_list (user_id, provider, venue_id, party_size, dates, created_at, next_due_at)
       SELECT id, 'resy', 'v', 2, '{2026-02-18}', now(), now() FROM users""",
    """INSERT INTO notifications (id, user_id, kind, title, body, facts, created_at)
       SELECT 1, id, 'system', 'title', 'body', '{}', now() FROM users""",
    """INSERT INTO channels (user_id, name, type, address, shown, min_interval_seconds, paused, created_at)
       SELECT id, 'phone', 'webhook', 'sealed', 'https://…', 0, false, now() FROM users""",
    """INSERT INTO deliveries (notification_id, channel_id, purpose, status, attempts, due_at, created_at)
       SELECT 1, id, 'new', 'pending', 0, now(), now() FROM channels""",
    """INSERT INTO alert_events (client_id, user_id, event_type, occurred_at, received_at, metadata)
       SELECT 'one', id, 'alert_opened', now(), now(), '{}' FROM users""",
)


async def store_a_person(dsn: str) -> None:
    """One row, at least, in every table of users."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in _ROWS:
            await connection.execute(statement)
    finally:
        await connection.close()
