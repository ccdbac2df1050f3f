"""Channels: where a user's notifications are sent, and when they may be."""

from datetime import datetime, time
from enum import StrEnum

import msgspec

from tablewire.domain.notifications import Kind


class ChannelType(StrEnum):
    """How a channel is spoken to."""

    APPRISE = "apprise"
    """A URL of the Apprise library: ntfy, Telegram, Discord, mail and a hundred more."""
    WEBHOOK = "webhook"
    """A URL that gets signed JSON."""
    WEBPUSH = "webpush"
    """A browser that has subscribed."""


class Quiet(msgspec.Struct, frozen=True):
    """Hours of every day in which nothing is sent, on the user's wall clock. An earlier end is the next day's."""

    begin: time
    end: time


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel as it is stored, without its address, which is a secret."""

    id: int
    user_id: int
    name: str
    type: ChannelType
    shown: str
    """What may be shown of its address."""
    kinds: tuple[Kind, ...] | None = None
    """The kinds of notification that it takes; None: all."""
    min_interval_seconds: int = 0
    quiet: Quiet | None = None
    paused: bool = False
    paused_why: str | None = None
    """Set where the service paused it."""
    created_at: datetime
    last_sent_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    failing_since: datetime | None = None
    """The first failure after which nothing went through."""
    pending: int = 0
    """Deliveries that wait."""
