"""What clients send about their alerts, as documents."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from tablewire.domain.alert_events import AlertEvent, AlertType


class VenueName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A venue by its id at a provider."""

    provider: str
    venue_id: str


class AlertEventBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that happened to an alert."""

    client_id: str
    """The client's own id for it: a repeat counts once."""
    event_type: Literal["alert_opened", "tap_to_reserve", "booking_confirmed"]
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]
    session: str | None = None
    notification_id: int | None = None
    event_id: int | None = None
    venue: VenueName | None = None
    channel: str | None = None
    time_to_action_seconds: float | None = None
    """From sending to acting; computed from the notification where it is left out."""
    metadata: dict[str, Any] = {}

    def event(self) -> AlertEvent:
        """The same in our words."""
        return AlertEvent(
            client_id=self.client_id,
            event_type=AlertType(self.event_type),
            occurred_at=self.occurred_at,
            session=self.session,
            notification_id=self.notification_id,
            event_id=self.event_id,
            provider=None if self.venue is None else self.venue.provider,
            venue_id=None if self.venue is None else self.venue.venue_id,
            channel=self.channel,
            time_to_action_seconds=self.time_to_action_seconds,
            metadata=self.metadata,
        )
