"""The log as the matcher reads it: events in order, and which openings its closings end."""

from collections.abc import AsyncIterator, Sequence

from tablewire.domain.events import Event, EventType
from tablewire.domain.filters import EVENT_TYPES, EventFilter
from tablewire.domain.notifications import opening_of
from tablewire.storage.notification_door import Gone
from tablewire.storage.protocol import EventLog
from tablewire.storage.wish_door import OpeningIds

EVENTS_AT_ONCE = 500
_ALL = frozenset(EVENT_TYPES)


class MatchLog:
    """Reads and answers; keeps nothing."""

    def __init__(self, event_log: EventLog, opening_ids: OpeningIds) -> None:
        self._log = event_log
        self._opening_ids = opening_ids

    async def read(self, after: int, upto: int | None = None) -> list[Event]:
        """The next events, at most `EVENTS_AT_ONCE`. Raises `StoreError`."""
        return await self._log.after(after, EVENTS_AT_ONCE, wanted=EventFilter(), types=_ALL, upto=upto)

    async def pages(self, after: int, upto: int) -> AsyncIterator[list[Event]]:
        """All events of a stretch. Raises `StoreError`."""
        while after < upto:
            events = await self.read(after, upto)
            if not events:
                return
            yield events
            after = events[-1].id

    async def gone(self, events: Sequence[Event]) -> list[Gone]:
        """The tables that closed, by their openings. Raises `StoreError`."""
        closings = [event for event in events if event.event_type is EventType.CLOSED]
        ids = await self._opening_ids.opening_ids(closings) if closings else {}
        return [
            Gone(
                slot_key=event.slot_id,
                opening=opening_of(ids.get(event.id), event.first_seen_at),
                closed_at=event.closed_at,
                open_seconds=event.drop_duration_seconds,
            )
            for event in closings
            if event.closed_at is not None
        ]
