"""Taking up what clients say happened to alerts."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import msgspec

from tablewire.domain.alert_events import AlertEvent, AlertType, ToldOf
from tablewire.domain.users import User
from tablewire.errors import BadInput, FieldError

MOST_EVENTS: Final = 500
LONGEST_TEXT: Final = 200
LARGEST_METADATA: Final = 4_096
AHEAD: Final = timedelta(minutes=5)
"""So far a client's clock may be ahead."""
OLDEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_OURS: Final = ("sent:", "go:")
_TEXTS: Final = ("client_id", "session", "provider", "venue_id", "channel")


class AlertBook(Protocol):
    """Where alert events are kept."""

    async def told_of(self, user_id: int, notification_ids: Collection[int]) -> dict[int, ToldOf]:
        """What is known of those of some notifications that are the user's own."""
        ...

    async def add(self, user_id: int, events: Sequence[AlertEvent], at: datetime) -> int:
        """Store what is not stored yet, by the clients' own ids; answers how many that were."""
        ...


class Taken(msgspec.Struct, frozen=True):
    """What became of alert events that were sent in."""

    accepted: int
    repeated: int
    """They had been sent in before, or stood there twice."""


class AlertEvents:
    """Alert events of users."""

    def __init__(self, book: AlertBook, now: Callable[[], datetime]) -> None:
        self._book = book
        self._now = now

    async def take(self, user: User, events: Sequence[AlertEvent], *, many: bool) -> Taken:
        """Store events, all or none. Raises `BadInput` that names all that is wrong; `many`: by their places in the list."""
        if not 1 <= len(events) <= MOST_EVENTS:
            raise BadInput.of("body", f"it has {len(events)} events; 1 to {MOST_EVENTS} are allowed")
        now = self._now()
        named = {event.notification_id for event in events if event.notification_id is not None}
        told = await self._book.told_of(user.id, named) if named else {}
        wrong = [
            FieldError(f"[{place}].{error.field}" if many else error.field, error.message)
            for place, event in enumerate(events)
            for error in _wrong(event, told, now)
        ]
        if wrong:
            raise BadInput(wrong[:50])
        whole = [
            event if event.notification_id is None else event.completed_by(told[event.notification_id])
            for event in events
        ]
        added = await self._book.add(user.id, whole, now)
        return Taken(accepted=added, repeated=len(events) - added)


def _wrong(event: AlertEvent, told: dict[int, ToldOf], now: datetime) -> Iterator[FieldError]:
    for name in _TEXTS:
        text = getattr(event, name)
        if text is not None and not 1 <= len(text) <= LONGEST_TEXT:
            yield FieldError(name, f"1 to {LONGEST_TEXT} characters are allowed")
    if event.client_id.startswith(_OURS):
        yield FieldError("client_id", f"ids that begin with {' or '.join(_OURS)} are the service's own")
    if event.event_type is AlertType.ALERT_SENT:
        allowed = ", ".join(one for one in AlertType if one is not AlertType.ALERT_SENT)
        yield FieldError("event_type", f"alert_sent is the service's own; allowed: {allowed}")
    if not OLDEST <= event.occurred_at <= now + AHEAD:
        yield FieldError("occurred_at", "it is before 2000 or more than 5 minutes in the future")
    if event.notification_id is not None and event.notification_id not in told:
        yield FieldError("notification_id", "you have no such notification")
    if (event.provider is None) != (event.venue_id is None):
        yield FieldError("venue", "provider and venue_id belong together")
    if event.time_to_action_seconds is not None and not 0 <= event.time_to_action_seconds <= 1e9:
        yield FieldError("time_to_action_seconds", "it is not from 0 to 1000000000")
    if len(msgspec.json.encode(event.metadata)) > LARGEST_METADATA:
        yield FieldError("metadata", f"it has more than {LARGEST_METADATA} bytes as JSON")
