"""The trail of a notification: what is stored of its way from the table to its user."""

from datetime import datetime
from typing import Any

import msgspec

from tablewire.domain.channels import Quiet
from tablewire.domain.notifications import Notification


class OpeningTrail(msgspec.Struct, frozen=True, kw_only=True):
    """The opening in the log that it tells of."""

    opened_after: datetime | None
    """When the call was sent whose answer did not show the table yet."""
    opened_at: datetime | None
    """When the answer came that first showed it."""


class DeliveryTrail(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery of it."""

    channel_id: int
    channel: str
    purpose: str
    status: str
    attempts: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    last_error: str | None
    quiet: Quiet | None
    min_interval_seconds: int


class ActTrail(msgspec.Struct, frozen=True, kw_only=True):
    """Something that its user did about it."""

    event_type: str
    channel: str | None
    occurred_at: datetime


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, each in the order of time."""

    notification: Notification
    stored_at: datetime
    """By the database's clock, just before the commit."""
    source: dict[str, Any] | None
    """The watch, notify request or goal as it is now; None where there is none any more."""
    opening: OpeningTrail | None
    deliveries: tuple[DeliveryTrail, ...]
    acts: tuple[ActTrail, ...]
