"""The door of the notifications room: what the engine and the services ask of it, in their words."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from tablewire.domain.channels import ChannelType
from tablewire.domain.notifications import Kind, Notification


class Purpose(StrEnum):
    """What a message is for."""

    NEW = "new"
    GONE = "gone"
    """It says that a table is gone of which an earlier message told."""
    DIGEST = "digest"
    """It tells of several notifications at once."""
    TEST = "test"


class Item(msgspec.Struct, frozen=True):
    """One notification within a message, and the link that goes with it."""

    notification: Notification
    url: str | None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent."""

    id: str
    """The same at every try, so that receivers can drop repeats."""
    purpose: Purpose
    kind: Kind
    title: str
    body: str
    url: str | None = None
    tag: str
    """The same for messages of which the later replaces the earlier."""
    replaces: str | None = None
    """The receipt of the earlier message."""
    at: datetime
    items: tuple[Item, ...] = ()


class FailureKind(StrEnum):
    """What a failed try means for the next one."""

    TEMPORARY = "temporary"
    REFUSED = "refused"
    """The guard refused the address, or nothing can be sent to it: another try would end the same way."""
    PERMANENT = "permanent"
    """The receiver said that the address is no more."""


class Sent(msgspec.Struct, frozen=True):
    """It went out."""

    receipt: str | None = None
    """What a later message needs to replace this one; None where that cannot be done."""


class Failed(msgspec.Struct, frozen=True):
    """It did not, as far as is known. The reason has no secret in it."""

    kind: FailureKind
    reason: str
    retry_after: float | None = None
    """Seconds that the receiver wants to be left alone."""


Receipt = Sent | Failed


class Channel(Protocol):
    """One address."""

    async def send(self, message: Message, until: float) -> Receipt:
        """Send a message; at `until`, a moment of the running loop's clock, it is given up. Never raises for what the receiver does."""
        ...


class Subscription(msgspec.Struct, frozen=True):
    """A browser's subscription to Web Push."""

    endpoint: str
    p256dh: str
    auth: str


class Prepared(msgspec.Struct, frozen=True):
    """An address that may be used."""

    sealed: bytes
    shown: str
    secret: str | None = None
    """The key of a webhook's signatures, to be shown once."""


class Courier(Protocol):
    """All kinds of channel behind one door; addresses are sealed outside of this room."""

    async def prepare(
        self,
        type: ChannelType,
        *,
        url: str | None = None,
        subscription: Subscription | None = None,
        before: bytes | None = None,
    ) -> Prepared:
        """Check and seal an address. Where it takes the place of one `before`, a webhook keeps its secret. Raises `BadInput`."""
        ...

    async def send(self, type: ChannelType, sealed: bytes, message: Message, seconds: float) -> Receipt:
        """Send a message, and give it up after so long."""
        ...

    @property
    def push_key(self) -> str:
        """The key with which browsers subscribe (VAPID, base64url)."""
        ...


class Sealer(Protocol):
    """Keeps secrets unreadable in the store."""

    def seal(self, secret: bytes) -> bytes:
        """The secret, unreadable."""
        ...

    def open(self, sealed: bytes) -> bytes | None:
        """The secret; None where it was sealed with another key or is damaged."""
        ...
