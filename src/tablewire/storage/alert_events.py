"""What users did about their alerts, on PostgreSQL, in SQLAlchemy Core."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from tablewire.domain.alert_events import APP, AlertEvent, AlertType, ToldOf
from tablewire.storage.failures import unavailable
from tablewire.storage.storable import storable, storable_or_none
from tablewire.storage.user_tables import alert_events, channels, notifications

_AT_ONCE = 500


class PostgresAlertEvents:
    """See `services.alert_events.AlertBook` and `services.links.TapBook`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def told_of(self, user_id: int, notification_ids: Collection[int]) -> dict[int, ToldOf]:
        """What is known of those of some notifications that are the user's own."""
        table, sent = notifications.c, alert_events.c
        own = select(table.id, table.event_id, table.facts, table.goal_match_score, table.created_at).where(
            table.user_id == user_id, table.id.in_(notification_ids)
        )
        times = select(sent.notification_id, sent.channel, sent.occurred_at).where(
            sent.user_id == user_id,
            sent.notification_id.in_(notification_ids),
            sent.event_type == AlertType.ALERT_SENT.value,
        )
        with unavailable():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(own)).all()
                found = (await connection.execute(times)).all()
        sent_at: dict[int, dict[str, datetime]] = {}
        for row in found:
            sent_at.setdefault(row.notification_id, {})[row.channel] = row.occurred_at
        return {
            row.id: ToldOf(
                event_id=row.event_id,
                provider=row.facts.get("provider"),
                venue_id=row.facts.get("venue_id"),
                goal_match_score=row.goal_match_score,
                created_at=row.created_at,
                sent_at=sent_at.get(row.id, {}),
            )
            for row in rows
        }

    async def add(self, user_id: int, events: Sequence[AlertEvent], at: datetime) -> int:
        """Store what is not stored yet, by the clients' own ids; answers how many that were."""
        rows = [
            {
                "user_id": user_id,
                "client_id": storable(event.client_id),
                "session": storable_or_none(event.session),
                "event_type": event.event_type.value,
                "occurred_at": event.occurred_at,
                "received_at": at,
                "notification_id": event.notification_id,
                "event_id": event.event_id,
                "provider": storable_or_none(event.provider),
                "venue_id": storable_or_none(event.venue_id),
                "channel": storable_or_none(event.channel),
                "time_to_action_seconds": event.time_to_action_seconds,
                "goal_match_score": event.goal_match_score,
                "metadata": event.metadata,
            }
            for event in events
        ]
        added = 0
        with unavailable():
            async with self._engine.begin() as connection:
                for start in range(0, len(rows), _AT_ONCE):
                    statement = (
                        insert(alert_events)
                        .values(rows[start : start + _AT_ONCE])
                        .on_conflict_do_nothing(index_elements=["user_id", "client_id"])
                        .returning(alert_events.c.id)
                    )
                    added += len((await connection.execute(statement)).all())
        return added

    async def book_url(self, notification_id: int) -> str | None:
        """Where a notification's table is booked."""
        statement = select(notifications.c.book_url).where(notifications.c.id == notification_id)
        with unavailable():
            async with self._engine.connect() as connection:
                found: str | None = (await connection.execute(statement)).scalar()
                return found

    async def tapped(self, notification_id: int, channel_id: int, at: datetime) -> None:
        """Keep a tap, once for each notification and channel."""
        table = notifications.c
        statement = select(table.user_id).where(table.id == notification_id)
        named = select(channels.c.name).where(channels.c.id == channel_id)
        with unavailable():
            async with self._engine.connect() as connection:
                user_id = (await connection.execute(statement)).scalar()
                channel = "app" if channel_id == APP else (await connection.execute(named)).scalar()
        if user_id is None:
            return
        told = (await self.told_of(user_id, [notification_id])).get(notification_id)
        if told is None:
            return
        place = "app" if channel_id == APP else channel_id
        tap = AlertEvent(
            client_id=f"go:{notification_id}:{place}",
            event_type=AlertType.TAP_TO_RESERVE,
            occurred_at=at,
            notification_id=notification_id,
            channel=channel,
        )
        await self.add(user_id, [tap.completed_by(told)], at)
