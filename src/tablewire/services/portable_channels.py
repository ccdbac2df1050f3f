"""Channels in the file of everything: with their addresses only where that is asked for."""

from collections.abc import Sequence

import msgspec

from tablewire.domain.channels import Channel, ChannelType
from tablewire.domain.users import User
from tablewire.notifications.courier import Address
from tablewire.notifications.protocol import Prepared, Sealer, Subscription
from tablewire.notifications.webhooks import new_secret
from tablewire.services.channels import MOST_CHANNELS, Channels, ChannelWish, check
from tablewire.storage.channel_door import ChannelBook

NO_ADDRESS = "(no address)"
"""What is shown of a channel that was brought without one."""


class NewSecret(msgspec.Struct, frozen=True, kw_only=True):
    """The key of the signatures of a webhook that was made, which is told once."""

    channel_id: int
    name: str
    secret: str


class ChannelShelf:
    """One that comes without its address is kept paused, until its user gives it one.

    The key of a webhook's signatures is not in the file: one that is brought gets a new key, which waits here to be told.
    """

    def __init__(self, channels: Channels, book: ChannelBook, sealer: Sealer) -> None:
        self._channels = channels
        self._book = book
        self._sealer = sealer
        self._secrets: dict[int, list[NewSecret]] = {}

    async def kept(self, user: User, *, secrets: bool) -> Sequence[ChannelWish]:
        """The user's channels."""
        channels = reversed(await self._book.of_user(user.id, None, MOST_CHANNELS))
        return [await self._wish_of(user, channel, secrets=secrets) for channel in channels]

    async def check(self, user: User, body: ChannelWish) -> ChannelWish:
        """The channel as it is kept. Raises `BadInput`."""
        if _has_address(body):
            await self._channels.prepared(body)
            return body
        check(body)
        there = (one for one in await self.kept(user, secrets=True) if _alike(one, body))
        return next(there, msgspec.structs.replace(body, paused=True))

    async def make(self, user: User, body: ChannelWish) -> int:
        """Make a channel; the key of a webhook waits for `take_secrets`. Raises `BadInput`, `Conflict`."""
        if _has_address(body):
            made = await self._channels.make(user.id, body)
        else:
            paused = msgspec.structs.replace(body, paused=True)
            made = await self._channels.keep(user.id, paused, self._no_address(body))
        if made.secret is not None:
            told = NewSecret(channel_id=made.channel.id, name=made.channel.name, secret=made.secret)
            self._secrets.setdefault(user.id, []).append(told)
        return made.channel.id

    async def remove(self, user: User, id: int) -> None:
        """Remove a channel."""
        self.take_secrets(user)
        await self._book.remove(user.id, id)

    def take_secrets(self, user: User) -> Sequence[NewSecret]:
        """The keys of the webhooks that were made since this was last asked."""
        return self._secrets.pop(user.id, [])

    def _no_address(self, body: ChannelWish) -> Prepared:
        secret = new_secret() if body.type is ChannelType.WEBHOOK else None
        return Prepared(self._sealer.seal(msgspec.json.encode(Address("", secret))), NO_ADDRESS, secret)

    async def _wish_of(self, user: User, channel: Channel, *, secrets: bool) -> ChannelWish:
        address = await self._address_of(user, channel) if secrets else None
        is_browser = channel.type is ChannelType.WEBPUSH
        return ChannelWish(
            name=channel.name,
            type=channel.type,
            url=None if address is None or is_browser else address.url,
            subscription=Subscription(address.url, address.p256dh, address.auth)
            if address is not None and is_browser
            else None,
            kinds=channel.kinds,
            min_interval_seconds=channel.min_interval_seconds,
            quiet=channel.quiet,
            paused=channel.paused,
        )

    async def _address_of(self, user: User, channel: Channel) -> Address | None:
        """None where it has none, or where it was sealed with another key."""
        found = await self._book.get(user.id, channel.id)
        opened = None if found is None else self._sealer.open(found[1])
        address = None if opened is None else msgspec.json.decode(opened, type=Address)
        return address if address is not None and address.url else None


def _has_address(wish: ChannelWish) -> bool:
    return wish.url is not None or wish.subscription is not None


def _alike(one: ChannelWish, other: ChannelWish) -> bool:
    """Whether two are the same but for their addresses, and for whether they are paused."""
    return _without_address(one) == _without_address(other)


def _without_address(wish: ChannelWish) -> ChannelWish:
    return msgspec.structs.replace(wish, url=None, subscription=None, paused=True)
