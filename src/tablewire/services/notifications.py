"""A user's notifications: read, marked, and explained."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import msgspec

from tablewire.domain.notifications import Notification
from tablewire.domain.trails import Trail
from tablewire.domain.users import User
from tablewire.errors import NotFound, StoreError
from tablewire.storage.notification_door import NotificationReader


class TrailBook(Protocol):
    """What is stored of the ways of notifications."""

    async def trail(self, user_id: int, notification_id: int) -> Trail | None:
        """The trail of a user's own notification."""
        ...


class Followers(Protocol):
    """Those who follow notifications as they change."""

    async def catch_up(self) -> None:
        """Announce what has changed. Raises `StoreError`."""
        ...


class Memory(Protocol):
    """When something happened in this process."""

    def of(self, id: int) -> datetime | None:
        """When it happened to an id, as far as is remembered."""
        ...


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A page of notifications."""

    notifications: Sequence[Notification]
    has_more: bool
    unread: int
    place: int
    """Whoever follows the stream from here misses nothing that is not on the page."""


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """The trail, with what only this process remembers."""

    trail: Trail
    announced_at: datetime | None
    """When the opening had been committed, and was announced."""
    streamed_at: datetime | None


class Notifications:
    """Notifications of users. `announced` knows events by their ids, `streamed` notifications by theirs."""

    def __init__(
        self,
        book: NotificationReader,
        trails: TrailBook,
        followers: Followers,
        now: Callable[[], datetime],
        *,
        announced: Memory,
        streamed: Memory,
    ) -> None:
        self._book = book
        self._trails = trails
        self._followers = followers
        self._now = now
        self._announced = announced
        self._streamed = streamed

    async def page(self, user: User, before: int | None, limit: int, *, unread: bool) -> Listed:
        """A page, newest first."""
        # The place first: what comes between is on the page and in the stream, never in neither.
        _, place = await self._book.ends()
        found = await self._book.of_user(user.id, before, limit + 1, unread=unread)
        return Listed(
            notifications=found[:limit],
            has_more=len(found) > limit,
            unread=await self._book.count_unread(user.id),
            place=place,
        )

    async def read(self, user: User, notification_id: int) -> Notification:
        """Mark one as read. Raises `NotFound` where the user has no such notification."""
        if await self._book.mark_read(user.id, [notification_id], self._now()):
            await self._tell_followers()
        found = await self._book.get(user.id, notification_id)
        if found is None:
            raise NotFound("There is no such notification.")
        return found

    async def read_all(self, user: User) -> int:
        """Mark all as read; answers how many were not."""
        marked = await self._book.mark_read(user.id, None, self._now())
        if marked:
            await self._tell_followers()
        return marked

    async def explain(self, user: User, notification_id: int) -> Explained:
        """Why and how it came. Raises `NotFound` where the user has no such notification."""
        trail = await self._trails.trail(user.id, notification_id)
        if trail is None:
            raise NotFound("There is no such notification.")
        event_id = trail.notification.event_id
        return Explained(
            trail=trail,
            announced_at=None if event_id is None else self._announced.of(event_id),
            streamed_at=self._streamed.of(notification_id),
        )

    async def _tell_followers(self) -> None:
        # What is stored is stored: followers that cannot be told now catch up within a second of the store's return.
        with suppress(StoreError):
            await self._followers.catch_up()
