"""The door of stored channels and of the outbox: what the engine and the services ask of them, in their words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from tablewire.domain.channels import Channel, ChannelType, Quiet
from tablewire.domain.notifications import Kind, Notification


class NewChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that is to be stored; its address is sealed."""

    user_id: int
    name: str
    type: ChannelType
    address: bytes
    shown: str
    kinds: tuple[Kind, ...] | None = None
    min_interval_seconds: int = 0
    quiet: Quiet | None = None
    paused: bool = False


class ChannelBook(Protocol):
    """The channels of users. None, or False, is the answer for what is not there or another user's."""

    async def make(self, new: NewChannel, at: datetime, most: int) -> Channel | None:
        """Store a channel; None where its user has `most` already."""
        ...

    async def of_user(self, user_id: int, before: int | None, limit: int) -> list[Channel]:
        """The newest `limit` below an id, newest first."""
        ...

    async def get(self, user_id: int, channel_id: int) -> tuple[Channel, bytes] | None:
        """A channel, and its sealed address."""
        ...

    async def change(
        self, user_id: int, channel_id: int, changes: Mapping[str, Any], at: datetime
    ) -> Channel | None:
        """Change some fields. What waits for it is looked at again at once; where it is paused, that is skipped."""
        ...

    async def remove(self, user_id: int, channel_id: int) -> bool:
        """Remove a channel with what waits for it."""
        ...

    async def tried(self, user_id: int, channel_id: int, at: datetime, error: str | None) -> None:
        """Note how a test went."""
        ...


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A channel for which something is due."""

    channel: Channel
    time_zone: str
    """Its user's."""
    new: int
    """Deliveries that were never tried."""
    first_at: datetime | None
    """When the oldest of them was made."""
    burst_at: datetime | None
    """When the delivery was made that lies five before the channel's newest, whatever became of it."""
    retries: int
    gone: int


class Parcel(msgspec.Struct, frozen=True):
    """One delivery of a batch."""

    delivery_id: int
    notification: Notification
    told: bool = False
    """Of a `gone` delivery: whether the message that told of the table went out alone, so that this one means it."""
    receipt: str | None = None
    """Its receipt."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries that were claimed together, to be sent as one message."""

    id: str
    """The message's id: the same at every try."""
    channel: Channel
    address: bytes
    purpose: Literal["new", "gone"]
    tries: int
    """This one included."""
    parcels: tuple[Parcel, ...]


class Depth(msgspec.Struct, frozen=True):
    """How full the outbox is, and how channels are doing, over all users."""

    pending: int = 0
    oldest_at: datetime | None = None
    """When the oldest delivery was made that waits."""
    due_since: datetime | None = None
    """Since when the one is due that has been longest."""
    failing: int = 0
    """Channels whose last try failed, and that are not paused."""
    paused: int = 0
    """Channels that the service has paused."""


class Outbox(Protocol):
    """Deliveries that wait. Everything that is stored is stored in one transaction; raises `StoreError`."""

    async def waiting(self, now: datetime, limit: int) -> Sequence[Waiting]:
        """Channels with something due, that are neither paused nor being sent to, the longest waiting first."""
        ...

    async def hold(self, channel_id: int, purpose: Literal["new", "gone"], until: datetime) -> None:
        """Let what was never tried wait."""
        ...

    async def claim(
        self, channel_id: int, purpose: Literal["new", "gone"], now: datetime, lease_until: datetime
    ) -> Batch | None:
        """Take what is to be sent next, under a lease: for `new` a batch to be tried again before all that was never tried."""
        ...

    async def sent(
        self, batch: Batch, at: datetime, receipt: str | None, *, left_out: Collection[int] = ()
    ) -> bool:
        """Note that a batch went out, except for some deliveries. False where another process has taken it over."""
        ...

    async def skipped(self, batch: Batch, at: datetime, why: str) -> None:
        """Note that a batch needs no message."""
        ...

    async def failed(
        self, batch: Batch, at: datetime, reason: str, *, retry_at: datetime | None, pause: str | None = None
    ) -> bool:
        """Note that a try failed; the batch is given up where there is no `retry_at`. With `pause` the channel is paused for that reason."""
        ...

    async def depth(self) -> Depth:
        """How much waits, and how channels are doing."""
        ...
