"""Channels as documents: what is asked for, and what is shown of them."""

from datetime import datetime, time
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tablewire.domain.channels import Channel, ChannelType, Quiet
from tablewire.domain.notifications import Kind
from tablewire.notifications.protocol import FailureKind, Subscription
from tablewire.services.channels import ChannelChange, ChannelWish, Tested

_Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:30"])]
_Name = Annotated[str, Meta(min_length=1, max_length=80)]
_Url = Annotated[str, Meta(min_length=4, max_length=2000, examples=["ntfys://ntfy.sh/my-tables"])]
_Seconds = Annotated[int, Meta(ge=0, le=86_400)]
_Kinds = Annotated[list[Kind], Meta(min_length=1, max_length=4)]
_Key = Annotated[str, Meta(min_length=16, max_length=120)]


class QuietHours(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"begin": "from", "end": "to"}
):
    """Hours in which nothing is sent, in the user's time zone; an earlier end is the next day's."""

    begin: _Clock
    end: _Clock


class PushKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A browser's keys."""

    p256dh: _Key
    auth: _Key


class PushSubscription(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What the browser's `pushManager.subscribe()` gave, as JSON."""

    endpoint: _Url
    keys: PushKeys
    expiration_time: float | None = None


class ChannelBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel that is to be made."""

    name: _Name
    type: ChannelType
    url: _Url | None = None
    """Of a webhook, or an Apprise URL. It is never shown again."""
    subscription: PushSubscription | None = None
    """Of a webpush channel."""
    kinds: _Kinds | None = None
    """The kinds of notification that it takes; null: all."""
    min_interval_seconds: _Seconds = 0
    quiet: QuietHours | None = None
    paused: bool = False


class ChannelPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different; what is left out stays."""

    name: _Name | UnsetType = UNSET
    url: _Url | UnsetType = UNSET
    subscription: PushSubscription | UnsetType = UNSET
    kinds: _Kinds | UnsetType | None = UNSET
    min_interval_seconds: _Seconds | UnsetType = UNSET
    quiet: QuietHours | UnsetType | None = UNSET
    paused: bool | UnsetType = UNSET


class ShownChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel, without what is secret of it."""

    id: int
    name: str
    type: ChannelType
    url: str
    """Its address, masked."""
    kinds: list[Kind] | None
    min_interval_seconds: int
    quiet: QuietHours | None
    paused: bool
    paused_why: str | None
    """Why the service paused it; null where its user did."""
    created_at: datetime
    last_sent_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    failing_since: datetime | None
    pending: int
    """Deliveries that wait."""


class MadeChannel(ShownChannel, frozen=True, kw_only=True):
    """A channel that was just made."""

    secret: str | None
    """The key with which a webhook's messages are signed (Standard Webhooks); shown this once."""


class ChannelPage(msgspec.Struct, frozen=True):
    """Channels, newest first."""

    channels: list[ShownChannel]
    next_cursor: str | None
    """Hand it back as `before`; null where nothing is older."""
    has_more: bool


class TestResult(msgspec.Struct, frozen=True):
    """How a test message went."""

    ok: bool
    error: str | None
    failure: FailureKind | None
    """temporary: it may work later; refused: this address cannot be used; permanent: the receiver says it is no more."""
    seconds: float


class PushKey(msgspec.Struct, frozen=True):
    """The key with which browsers subscribe."""

    key: str
    """`applicationServerKey` of `pushManager.subscribe()`: VAPID, base64url."""


def shown(channel: Channel) -> ShownChannel:
    """A channel as its user sees it."""
    return ShownChannel(**_fields(channel))


def made(channel: Channel, secret: str | None) -> MadeChannel:
    """A new one, with its secret."""
    return MadeChannel(**_fields(channel), secret=secret)


def result(tested: Tested) -> TestResult:
    """How a test went."""
    return TestResult(tested.ok, tested.error, tested.failure, tested.seconds)


def wish_of(body: ChannelBody) -> ChannelWish:
    """What is asked for."""
    return ChannelWish(
        name=body.name,
        type=body.type,
        url=body.url,
        subscription=None if body.subscription is None else _subscription(body.subscription),
        kinds=None if body.kinds is None else tuple(body.kinds),
        min_interval_seconds=body.min_interval_seconds,
        quiet=None if body.quiet is None else _quiet(body.quiet),
        paused=body.paused,
    )


def change_of(body: ChannelPatch) -> ChannelChange:
    """What is to be different."""
    return ChannelChange(
        name=body.name,
        url=body.url,
        subscription=_subscription(body.subscription)
        if isinstance(body.subscription, PushSubscription)
        else UNSET,
        kinds=tuple(body.kinds) if isinstance(body.kinds, list) else body.kinds,
        min_interval_seconds=body.min_interval_seconds,
        quiet=_quiet(body.quiet) if isinstance(body.quiet, QuietHours) else body.quiet,
        paused=body.paused,
    )


def _fields(channel: Channel) -> dict[str, Any]:
    fields = {name: getattr(channel, name, None) for name in ShownChannel.__struct_fields__}
    quiet = channel.quiet
    fields["url"] = channel.shown
    fields["quiet"] = None if quiet is None else QuietHours(f"{quiet.begin:%H:%M}", f"{quiet.end:%H:%M}")
    fields["kinds"] = None if channel.kinds is None else list(channel.kinds)
    return fields


def _quiet(hours: QuietHours) -> Quiet:
    return Quiet(time.fromisoformat(hours.begin), time.fromisoformat(hours.end))


def _subscription(given: PushSubscription) -> Subscription:
    return Subscription(given.endpoint, given.keys.p256dh, given.keys.auth)
