"""Notifications in memory: behind the same doors as those on PostgreSQL, for tests of what uses them."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from tablewire.domain.notifications import Kind, Notification, Telling
from tablewire.errors import MatchConflict
from tablewire.storage.notification_door import Advance, Counted, Gone
from tablewire.storage.notification_rows import cleaned, stored


class MemoryRequest(msgspec.Struct, kw_only=True):
    """A notify request, as far as telling looks at it."""

    user_id: int
    once: bool = False
    status: str = "active"
    fulfilled_by: int | None = None


class MemoryGoal(msgspec.Struct, kw_only=True):
    """A goal, as far as telling looks at it."""

    user_id: int
    active: bool = True
    matched: int = 0
    told: int = 0


class MemoryChannel(msgspec.Struct, kw_only=True):
    """A channel, as far as telling looks at it."""

    user_id: int
    kinds: tuple[str, ...] | None = None
    paused: bool = False


class MemoryDelivery(msgspec.Struct, kw_only=True):
    """A row of the outbox."""

    notification_id: int
    channel_id: int
    purpose: str
    status: str = "pending"


class MemoryNotifications:
    """See `notification_door`. What belongs to others is put into `users`, `watches`, `requests`, `goals` and `channels` directly."""

    def __init__(self, *, head: tuple[int, int] = (0, 0)) -> None:
        self.users: set[int] = set()
        self.watches: dict[int, int] = {}
        """Each watch's user."""
        self.requests: dict[int, MemoryRequest] = {}
        self.goals: dict[int, MemoryGoal] = {}
        self.channels: dict[int, MemoryChannel] = {}
        self.deliveries: list[MemoryDelivery] = []
        self.sent: list[str] = []
        """The client ids of the `alert_sent` rows."""
        self._head = head
        self._last = 0
        self._kept: dict[int, Notification] = {}

    async def tell(
        self,
        tellings: Sequence[Telling],
        at: datetime,
        *,
        advance: Advance | None = None,
        counted: Sequence[Counted] = (),
        gone: Sequence[Gone] = (),
    ) -> tuple[Notification, ...]:
        """Store notifications with all that goes with them; answers those that are new."""
        if advance is not None:
            if advance.expected_event != self._head[0]:
                raise MatchConflict("these events have been matched elsewhere")
            self._head = (advance.event_id, self._head[1] + advance.openings)
        fresh = [kept for telling in tellings if (kept := self._store(cleaned(telling), at))]
        for one in counted:
            if one.goal_id in self.goals:
                self.goals[one.goal_id].matched += one.matched
                self.goals[one.goal_id].told += one.told
        for table in gone:
            self._close(table)
        return tuple(fresh)

    async def match_head(self) -> tuple[int, int]:
        """How far wishes have been matched."""
        return self._head

    async def of_user(
        self, user_id: int, before: int | None, limit: int, *, unread: bool = False
    ) -> list[Notification]:
        """A page, newest first."""
        found = [
            kept
            for kept in self._of(user_id)
            if (before is None or kept.id < before) and (kept.read_at is None or not unread)
        ]
        return found[::-1][:limit]

    async def after(
        self, cursor: int, limit: int, *, user_id: int | None = None, upto: int | None = None
    ) -> list[Notification]:
        """What is new or changed beyond a place, in the order of places."""
        most = self._last if upto is None else upto
        kept = self._kept.values() if user_id is None else self._of(user_id)
        found = [one for one in kept if cursor < one.place <= most]
        return sorted(found, key=lambda one: one.place)[:limit]

    async def get(self, user_id: int, notification_id: int) -> Notification | None:
        """One of a user's own."""
        kept = self._kept.get(notification_id)
        return kept if kept is not None and kept.user_id == user_id else None

    async def count_unread(self, user_id: int) -> int:
        """How many the user has not read."""
        return sum(kept.read_at is None for kept in self._of(user_id))

    async def mark_read(self, user_id: int, notification_ids: Collection[int] | None, at: datetime) -> int:
        """Mark some or all as read."""
        unread = [
            kept
            for kept in self._of(user_id)
            if kept.read_at is None and (notification_ids is None or kept.id in notification_ids)
        ]
        for kept in unread:
            self._change(kept, read_at=at)
        return len(unread)

    async def ends(self) -> tuple[int, int]:
        """The oldest and the newest place."""
        return 1, self._last

    def _store(self, telling: Telling, at: datetime) -> Notification | None:
        if not self._is_wanted(telling) or any(_same(telling, kept) for kept in self._kept.values()):
            return None
        self._last += 1
        kept = stored(telling, self._last, at)
        self._kept[kept.id] = kept
        self.sent.append(f"sent:{kept.id}:app")
        request = self.requests.get(kept.source_id or 0) if kept.kind is Kind.NOTIFY else None
        if request is not None and request.once:
            request.status, request.fulfilled_by = "fulfilled", kept.id
        for channel_id, channel in self.channels.items():
            takes = channel.kinds is None or kept.kind in channel.kinds
            if channel.user_id == kept.user_id and takes and not channel.paused:
                self._queue(kept.id, channel_id, "new")
        return kept

    def _is_wanted(self, telling: Telling) -> bool:
        return telling.user_id in self.users and self._asks_for(
            telling.kind, telling.source_id or 0, telling.user_id
        )

    def _asks_for(self, kind: Kind, source_id: int, user_id: int) -> bool:
        match kind:
            case Kind.NOTIFY:
                request = self.requests.get(source_id)
                return request is not None and request.status == "active" and request.user_id == user_id
            case Kind.GOAL:
                goal = self.goals.get(source_id)
                return goal is not None and goal.active and goal.user_id == user_id
            case Kind.WATCH:
                return self.watches.get(source_id) == user_id
            case Kind.SYSTEM:
                return True

    def _close(self, gone: Gone) -> None:
        for kept in list(self._kept.values()):
            opening = (kept.opening or "").partition("+")[0]
            if (kept.slot_key, opening) != (gone.slot_key, gone.opening) or kept.closed_at is not None:
                continue
            self._change(kept, closed_at=gone.closed_at, open_seconds=gone.open_seconds)
            for delivery in [one for one in self.deliveries if one.notification_id == kept.id]:
                if delivery.purpose == "new" and delivery.status in ("pending", "sent"):
                    self._queue(kept.id, delivery.channel_id, "gone")

    def _change(self, kept: Notification, **fields: object) -> None:
        self._last += 1
        self._kept[kept.id] = msgspec.structs.replace(kept, place=self._last, **fields)

    def _queue(self, notification_id: int, channel_id: int, purpose: str) -> None:
        self.deliveries.append(
            MemoryDelivery(notification_id=notification_id, channel_id=channel_id, purpose=purpose)
        )

    def _of(self, user_id: int) -> list[Notification]:
        return [kept for kept in self._kept.values() if kept.user_id == user_id]


def _same(telling: Telling, kept: Telling) -> bool:
    if telling.slot_key is None or telling.opening is None:
        return False
    names = ("user_id", "kind", "source_id", "slot_key", "opening")
    return all(getattr(telling, name) == getattr(kept, name) for name in names)
