"""The door of stored notifications: what the engine and the services ask of it, in their words."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tablewire.domain.notifications import Notification, Telling


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """How far wishes have been matched once these notifications are stored."""

    expected_event: int
    """The place before; nothing at all is stored where the store has another one."""
    event_id: int
    openings: int
    """Openings (drops and reopenings) between both."""


class Counted(msgspec.Struct, frozen=True):
    """What a goal has met since it was last counted."""

    goal_id: int
    matched: int
    told: int


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """A table of which users may have been told is gone."""

    slot_key: str
    opening: str
    closed_at: datetime
    open_seconds: float | None


class NotificationWriter(Protocol):
    """Where notifications are made, each in one transaction with all that goes with it."""

    async def tell(
        self,
        tellings: Sequence[Telling],
        at: datetime,
        *,
        advance: Advance | None = None,
        counted: Sequence[Counted] = (),
        gone: Sequence[Gone] = (),
    ) -> tuple[Notification, ...]:
        """Store notifications, and a delivery for each channel of their user that takes their kind and is not paused; answers those that are new.

        One that was stored before (by user, kind, source, slot and opening) is not stored again. One of a `notify` source is stored
        only where its request is active in the store; where the request is a one-off, it is fulfilled by the first one. One of a
        `goal` source only where the goal is active, one of a `watch` source only where the watch exists. `gone` marks the notifications of these openings as closed, and makes a
        delivery of purpose `gone` for each channel that a delivery of purpose `new` went or is to go to.
        Everything in one transaction. Raises `MatchConflict` where another process has matched these events, `StoreError`.
        """
        ...

    async def match_head(self) -> tuple[int, int]:
        """(event id up to which wishes have been matched, openings up to it)."""
        ...


class NotificationReader(Protocol):
    """Reading one user's notifications."""

    async def of_user(
        self, user_id: int, before: int | None, limit: int, *, unread: bool = False
    ) -> list[Notification]:
        """The newest `limit` below an id, newest first."""
        ...

    async def after(
        self, cursor: int, limit: int, *, user_id: int | None = None, upto: int | None = None
    ) -> list[Notification]:
        """Those whose place is above `cursor` (and at most `upto`), in that order; of all users where none is given.

        Whoever has read up to the newest place of `ends` never finds a new or changed one at or below it later.
        """
        ...

    async def get(self, user_id: int, notification_id: int) -> Notification | None:
        """One of a user's own."""
        ...

    async def count_unread(self, user_id: int) -> int:
        """How many the user has not read."""
        ...

    async def mark_read(self, user_id: int, notification_ids: Collection[int] | None, at: datetime) -> int:
        """Mark some (None: all) as read; answers how many were not before."""
        ...

    async def ends(self) -> tuple[int, int]:
        """(oldest place kept or next to be given, newest place given), over all users."""
        ...
