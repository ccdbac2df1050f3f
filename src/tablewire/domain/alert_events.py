"""Alert events: what became of an alert, from its sending to the booking."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

APP = 0
"""Stands for the app where a channel's id is wanted."""


class AlertType(StrEnum):
    """What happened. `alert_sent` is the service's own word, the others are clients'."""

    ALERT_SENT = "alert_sent"
    ALERT_OPENED = "alert_opened"
    TAP_TO_RESERVE = "tap_to_reserve"
    BOOKING_CONFIRMED = "booking_confirmed"


class ToldOf(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a notification that something happened to."""

    event_id: int | None
    provider: str | None
    venue_id: str | None
    goal_match_score: float | None
    created_at: datetime
    sent_at: dict[str, datetime]
    """When it was sent, by channel; `app` for the app itself."""

    def reached_at(self, channel: str | None) -> datetime:
        """When it reached its user through a channel; where that is not known, when it was first sent at all."""
        if channel is not None and channel in self.sent_at:
            return self.sent_at[channel]
        return min(self.sent_at.values(), default=self.created_at)


class AlertEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened, known by the client's own id for it: a repeat counts once."""

    client_id: str
    event_type: AlertType
    occurred_at: datetime
    session: str | None = None
    notification_id: int | None = None
    event_id: int | None = None
    provider: str | None = None
    venue_id: str | None = None
    channel: str | None = None
    time_to_action_seconds: float | None = None
    goal_match_score: float | None = None
    metadata: dict[str, Any] = {}

    def completed_by(self, told: ToldOf) -> "AlertEvent":
        """The same event, with what its notification says where it says nothing itself.

        Where clocks disagree so that the user acted before they were told, the time between is not known.
        """
        seconds = self.time_to_action_seconds
        if seconds is None:
            between = (self.occurred_at - told.reached_at(self.channel)).total_seconds()
            seconds = between if between >= 0 else None
        same_venue = self.provider is None and self.venue_id is None
        return msgspec.structs.replace(
            self,
            event_id=told.event_id if self.event_id is None else self.event_id,
            provider=told.provider if same_venue else self.provider,
            venue_id=told.venue_id if same_venue else self.venue_id,
            time_to_action_seconds=seconds,
            goal_match_score=told.goal_match_score,
        )
