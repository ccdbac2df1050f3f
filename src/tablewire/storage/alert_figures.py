"""What came of alerts and goals, read from PostgreSQL for their figures."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from tablewire.domain.events import microseconds
from tablewire.domain.notifications import Kind
from tablewire.insights.alerts import Alert, AlertEvent, Deed
from tablewire.insights.goals import GoalCount
from tablewire.storage.failures import unavailable
from tablewire.storage.insight_door import AlertPile, GoalPile
from tablewire.storage.pools import CONNECT_TIMEOUT

MOST_ALERTS: Final = 50_000
"""So many are counted at most, the newest: of one user it is all of them, but for machines."""
MOST_GOALS: Final = 10_000
_AT_ONCE = 2_000
"""After so many rows others get a turn."""

# An alert belongs to the window in which it was sent first, by whatever channel.
ALERTS = """
SELECT DISTINCT told.id, told.kind, told.source_id, told.goal_match_score, told.open_seconds
FROM alert_events sent JOIN notifications told ON told.id = sent.notification_id
WHERE sent.event_type = 'alert_sent' AND ($1::bigint IS NULL OR sent.user_id = $1)
    AND sent.occurred_at >= $2 AND sent.occurred_at < $3
    AND NOT EXISTS (
        SELECT FROM alert_events earlier
        WHERE earlier.notification_id = told.id AND earlier.event_type = 'alert_sent' AND earlier.occurred_at < $2
    )
ORDER BY told.id DESC LIMIT $4
"""

EVENTS = """
SELECT notification_id, event_type, occurred_at, channel, time_to_action_seconds
FROM alert_events WHERE notification_id = ANY ($1::bigint[])
"""

# The limits of a wish, by name; what is null or empty is none.
WISHES = {
    Kind.GOAL: """
        SELECT id, wish -> 'limits' || jsonb_build_object('preferred_time', wish -> 'preferred_time') AS limits
        FROM goals WHERE id = ANY ($1::bigint[])
    """,
    Kind.NOTIFY: """
        SELECT id, jsonb_build_object(
            'venues', venues, 'dates', dates, 'time_from', time_from, 'time_to', time_to, 'party_size', party_size
        ) AS limits
        FROM notify_requests WHERE id = ANY ($1::bigint[])
    """,
    Kind.WATCH: """
        SELECT id, filters || jsonb_build_object('venues', venues) AS limits FROM watches WHERE id = ANY ($1::bigint[])
    """,
}

GOALS = """
SELECT goals.id, goals.name, greatest(0, openings - openings_before) AS seen, matched, goals.told, (
    SELECT count(DISTINCT told.id)
    FROM notifications told JOIN alert_events done ON done.notification_id = told.id
    WHERE told.user_id = goals.user_id AND told.kind = 'goal' AND told.source_id = goals.id
        AND done.event_type IN ('tap_to_reserve', 'booking_confirmed')
) AS converted
FROM goals, match_head
WHERE $1::bigint IS NULL OR user_id = $1
ORDER BY goals.id DESC LIMIT $2
"""

DROPS_TOLD = """
SELECT count(DISTINCT told.event_id)
FROM notifications told JOIN availability_events opened ON opened.id = told.event_id
WHERE told.kind = 'goal' AND ($1::bigint IS NULL OR told.user_id = $1)
    AND opened.event_type = 'NEW_DROP' AND opened.opened_at >= $2 AND opened.opened_at < $3
    AND opened.market = ANY ($4::text[])
"""

_Row = asyncpg.Record


class PostgresAlertFigures:
    """See `insight_door.AlertFigureBook` for what each question means."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def alerts(self, user_id: int | None, since: datetime, until: datetime) -> AlertPile:
        """The alerts that were sent first in a window."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                told = await connection.fetch(ALERTS, user_id, since, until, MOST_ALERTS + 1)
                kept = told[:MOST_ALERTS]
                events = await connection.fetch(EVENTS, [row["id"] for row in kept])
                filters = {
                    (kind.value, row["id"]): tuple(_named(row["limits"]))
                    for kind, statement in WISHES.items()
                    for row in await connection.fetch(statement, _sources(kept, kind))
                }
        return AlertPile(
            events=[_event(row) async for row in _in_turns(events)],
            alerts=[_alert(row, filters) async for row in _in_turns(kept)],
            complete=len(told) == len(kept),
        )

    async def goals(
        self, user_id: int | None, markets: Sequence[str], since: datetime, until: datetime
    ) -> GoalPile:
        """Goals since they were made, and which drops of a window they told of."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                rows = await connection.fetch(GOALS, user_id, MOST_GOALS)
                told = await connection.fetchval(DROPS_TOLD, user_id, since, until, list(markets))
        return GoalPile(
            counts=[_goal(row) for row in rows],
            names={row["id"]: row["name"] for row in rows},
            drops_told=told,
        )


async def _in_turns(rows: Sequence[_Row]) -> Any:
    for number, row in enumerate(rows):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
        yield row


def _sources(rows: Iterable[_Row], kind: Kind) -> list[int]:
    return list(
        {row["source_id"] for row in rows if row["kind"] == kind.value and row["source_id"] is not None}
    )


def _named(limits: str | None) -> Iterator[str]:
    """The names of the limits that a wish has."""
    if limits is not None:
        found: Mapping[str, Any] = msgspec.json.decode(limits)
        yield from (name for name, value in sorted(found.items()) if value not in (None, [], {}, ""))


def _event(row: _Row) -> AlertEvent:
    return AlertEvent(
        notification_id=row["notification_id"],
        deed=Deed(row["event_type"]),
        at=microseconds(row["occurred_at"]),
        channel=row["channel"],
        seconds=row["time_to_action_seconds"] if row["event_type"] != Deed.SENT else None,
    )


def _alert(row: _Row, filters: Mapping[tuple[str, int], tuple[str, ...]]) -> Alert:
    return Alert(
        notification_id=row["id"],
        filters=filters.get((row["kind"], row["source_id"]), ()),
        score=row["goal_match_score"],
        open_seconds=row["open_seconds"],
    )


def _goal(row: _Row) -> GoalCount:
    return GoalCount(
        goal_id=row["id"],
        seen=row["seen"],
        matched=row["matched"],
        told=row["told"],
        converted=row["converted"],
    )
