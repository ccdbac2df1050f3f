"""What is decided of channels: which a user may have, how they are changed, and how they are tried out."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from tablewire.domain.channels import Channel, ChannelType, Quiet
from tablewire.domain.notifications import Kind
from tablewire.errors import BadInput, Conflict, NotFound
from tablewire.notifications.messages import trial
from tablewire.notifications.protocol import Courier, FailureKind, Prepared, Sent, Subscription
from tablewire.storage.channel_door import ChannelBook, NewChannel, Outbox

MOST_CHANNELS = 20
"""Channels of one user."""
LONGEST_NAME = 80
LONGEST_INTERVAL = 86_400
TEST_SECONDS = 15.0
TEST_EVERY = timedelta(seconds=5)
"""Between tests of one channel: each is a real message."""
LATE = timedelta(minutes=2)
"""Older deliveries in the outbox are a problem, quiet hours apart."""


class ChannelWish(msgspec.Struct, frozen=True, kw_only=True):
    """A channel as its user wants it."""

    name: str
    type: ChannelType
    url: str | None = None
    subscription: Subscription | None = None
    kinds: tuple[Kind, ...] | None = None
    min_interval_seconds: int = 0
    quiet: Quiet | None = None
    paused: bool = False


class ChannelChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; what is unset stays."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    url: str | msgspec.UnsetType = msgspec.UNSET
    subscription: Subscription | msgspec.UnsetType = msgspec.UNSET
    kinds: tuple[Kind, ...] | msgspec.UnsetType | None = msgspec.UNSET
    min_interval_seconds: int | msgspec.UnsetType = msgspec.UNSET
    quiet: Quiet | msgspec.UnsetType | None = msgspec.UNSET
    paused: bool | msgspec.UnsetType = msgspec.UNSET


class Made(msgspec.Struct, frozen=True):
    """A channel that was made, and the secret of a webhook, which is told once."""

    channel: Channel
    secret: str | None


class Tested(msgspec.Struct, frozen=True):
    """How a test went."""

    ok: bool
    error: str | None
    failure: FailureKind | None
    seconds: float


class Channels:
    """A user's channels. Another user's are not there."""

    def __init__(
        self,
        book: ChannelBook,
        courier: Courier,
        now: Callable[[], datetime],
        *,
        stopwatch: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`changed` is called where what waits may go now."""
        self._book = book
        self._courier = courier
        self._now = now
        self._stopwatch = stopwatch
        self._changed = changed
        self._tested: dict[int, datetime] = {}

    @property
    def push_key(self) -> str:
        """What browsers subscribe with."""
        return self._courier.push_key

    async def make(self, user_id: int, wish: ChannelWish) -> Made:
        """Check an address and keep it. Raises `BadInput`, and `Conflict` where the user has too many channels."""
        return await self.keep(user_id, wish, await self.prepared(wish))

    async def prepared(self, wish: ChannelWish) -> Prepared:
        """The address of a channel that may be made. Raises `BadInput` that names what is wrong with the channel."""
        check(wish)
        return await self._courier.prepare(wish.type, url=wish.url, subscription=wish.subscription)

    async def keep(self, user_id: int, wish: ChannelWish, prepared: Prepared) -> Made:
        """Keep a channel that has been checked. Raises `Conflict` where the user has too many."""
        new = NewChannel(
            user_id=user_id,
            name=wish.name,
            type=wish.type,
            address=prepared.sealed,
            shown=prepared.shown,
            kinds=wish.kinds,
            min_interval_seconds=wish.min_interval_seconds,
            quiet=wish.quiet,
            paused=wish.paused,
        )
        channel = await self._book.make(new, self._now(), MOST_CHANNELS)
        if channel is None:
            raise Conflict(f"you have {MOST_CHANNELS} channels, and that is the limit: remove one first")
        return Made(channel, prepared.secret)

    async def of_user(self, user_id: int, before: int | None, limit: int) -> list[Channel]:
        """A page of a user's channels, newest first."""
        return await self._book.of_user(user_id, before, limit)

    async def get(self, user_id: int, channel_id: int) -> Channel:
        """One channel. Raises `NotFound`."""
        channel, _ = await self._own(user_id, channel_id)
        return channel

    async def change(self, user_id: int, channel_id: int, change: ChannelChange) -> Channel:
        """Change a channel. Raises `BadInput`, `NotFound`."""
        channel, address = await self._own(user_id, channel_id)
        changes: dict[str, Any] = {
            name: value
            for name, value in msgspec.structs.asdict(change).items()
            if value is not msgspec.UNSET and name not in {"url", "subscription"}
        }
        _check(
            changes.get("name", channel.name),
            changes.get("min_interval_seconds", channel.min_interval_seconds),
            changes.get("kinds", channel.kinds),
            changes.get("quiet", channel.quiet),
        )
        changes |= await self._new_address(channel, address, change)
        changed = await self._book.change(user_id, channel_id, changes, self._now())
        if changed is None:
            raise NotFound("There is no such channel.")
        self._changed()
        return changed

    async def remove(self, user_id: int, channel_id: int) -> None:
        """Remove a channel. Raises `NotFound`."""
        if not await self._book.remove(user_id, channel_id):
            raise NotFound("There is no such channel.")

    async def test(self, user_id: int, channel_id: int) -> Tested:
        """Send a real message now, whatever its pace and pause say. Raises `NotFound`, and `Conflict` right after another test."""
        channel, address = await self._own(user_id, channel_id)
        self._take_turn(channel.id)
        message = trial(str(uuid4()), channel.name, self._now())
        begun = self._stopwatch()
        outcome = await self._courier.send(channel.type, address, message, TEST_SECONDS)
        seconds = round(self._stopwatch() - begun, 3)
        error = None if isinstance(outcome, Sent) else outcome.reason
        await self._book.tried(user_id, channel_id, self._now(), error)
        failure = None if isinstance(outcome, Sent) else outcome.kind
        return Tested(error is None, error, failure, seconds)

    async def _own(self, user_id: int, channel_id: int) -> tuple[Channel, bytes]:
        found = await self._book.get(user_id, channel_id)
        if found is None:
            raise NotFound("There is no such channel.")
        return found

    async def _new_address(self, channel: Channel, address: bytes, change: ChannelChange) -> dict[str, Any]:
        url = None if change.url is msgspec.UNSET else change.url
        subscription = None if change.subscription is msgspec.UNSET else change.subscription
        if url is None and subscription is None:
            return {}
        _check_means(channel.type, url=url is not None, subscription=subscription is not None)
        prepared = await self._courier.prepare(
            channel.type, url=url, subscription=subscription, before=address
        )
        return {"address": prepared.sealed, "shown": prepared.shown}

    def _take_turn(self, channel_id: int) -> None:
        now = self._now()
        self._tested = {id: at for id, at in self._tested.items() if now - at < TEST_EVERY}
        if channel_id in self._tested:
            raise Conflict(f"a test went out just now; another one is possible after {TEST_EVERY.seconds} s")
        self._tested[channel_id] = now


async def examine_channels(outbox: Outbox, now: datetime) -> list[str]:
    """What is wrong with delivery, in plain words; nothing where all is well."""
    depth = await outbox.depth()
    wrong = [
        f"channels that {said}: {count}; their users see the reason in GET /channels"
        for count, said in ((depth.failing, "fail"), (depth.paused, "were paused by the service"))
        if count
    ]
    if depth.due_since is not None and now - depth.due_since > LATE:
        age = int((now - depth.due_since).total_seconds())
        wrong.append(f"a delivery has been due for {age} s: is the loop `deliver` running?")
    return wrong


def check(wish: ChannelWish) -> None:
    """Raises `BadInput` that names what is wrong with a channel, its address apart."""
    _check(wish.name, wish.min_interval_seconds, wish.kinds, wish.quiet)
    _check_means(wish.type, url=wish.url is not None, subscription=wish.subscription is not None)


def _check_means(type: ChannelType, *, url: bool, subscription: bool) -> None:
    if type is ChannelType.WEBPUSH and url:
        raise BadInput.of("url", "a webpush channel has a subscription instead")
    if type is not ChannelType.WEBPUSH and subscription:
        raise BadInput.of("subscription", "only webpush channels have one")


def _check(name: str, min_interval_seconds: int, kinds: tuple[Kind, ...] | None, quiet: Quiet | None) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadInput.of("name", f"1 to {LONGEST_NAME} printable characters are allowed")
    if not 0 <= min_interval_seconds <= LONGEST_INTERVAL:
        raise BadInput.of("min_interval_seconds", f"whole seconds from 0 to {LONGEST_INTERVAL} are allowed")
    if kinds is not None and (not kinds or len(set(kinds)) != len(kinds)):
        allowed = ", ".join(kind.value for kind in Kind)
        raise BadInput.of("kinds", f"at least one of {allowed} is allowed, none twice; or null for all")
    if quiet is not None and quiet.begin == quiet.end:
        raise BadInput.of("quiet", "from and to are the same; pause the channel if it is never to ring")
