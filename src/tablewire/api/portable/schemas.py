"""The file of everything that a user has made, and what an import of one came to."""

from datetime import datetime
from typing import Literal

import msgspec

from tablewire.api.channels.schemas import ChannelBody, PushKeys, PushSubscription, QuietHours
from tablewire.domain.channels import Quiet
from tablewire.notifications.protocol import Subscription
from tablewire.services.channels import ChannelWish
from tablewire.services.goals import GoalBody
from tablewire.services.notify_requests import NotifyRequestBody
from tablewire.services.portable import Brought
from tablewire.services.watches import WatchWish


class UserFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a user has made: each entry as its own address takes it."""

    format: Literal["tablewire-1"]
    exported_at: datetime | None = None
    channels: list[ChannelBody] = []
    """With their addresses only where `secrets` was asked for."""
    watches: list[WatchWish] = []
    notify_requests: list[NotifyRequestBody] = []
    goals: list[GoalBody] = []


class NewSecretView(msgspec.Struct, frozen=True, kw_only=True):
    """The key of the signatures of a webhook that was made; shown this once."""

    channel_id: int
    name: str
    secret: str


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import came to."""

    channels: Brought
    watches: Brought
    notify_requests: Brought
    goals: Brought
    webhook_secrets: list[NewSecretView]


def channel_body(wish: ChannelWish) -> ChannelBody:
    """A channel as it would be asked for."""
    return ChannelBody(
        name=wish.name,
        type=wish.type,
        url=wish.url,
        subscription=None if wish.subscription is None else _subscription(wish.subscription),
        kinds=None if wish.kinds is None else list(wish.kinds),
        min_interval_seconds=wish.min_interval_seconds,
        quiet=None if wish.quiet is None else _hours(wish.quiet),
        paused=wish.paused,
    )


def _subscription(given: Subscription) -> PushSubscription:
    return PushSubscription(given.endpoint, PushKeys(given.p256dh, given.auth))


def _hours(quiet: Quiet) -> QuietHours:
    return QuietHours(f"{quiet.begin:%H:%M}", f"{quiet.end:%H:%M}")
