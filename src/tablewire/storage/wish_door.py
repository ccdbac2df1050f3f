"""The door of stored notify requests and goals: what the engine and the services ask of it, in their words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tablewire.domain.events import Event
from tablewire.domain.goals import Goal, GoalWish
from tablewire.domain.notify_requests import NotifyRequest, NotifyWish, Status


class GoalFigures(msgspec.Struct, frozen=True):
    """What became of a goal since it was made."""

    seen: int
    """Openings of all venues that were compared with it."""
    matched: int
    """Those that no limit ruled out."""
    told: int
    """Those that had its score, and were told."""
    converted: int
    """Notifications of it after which a booking was confirmed."""


class ActiveRequests(Protocol):
    """The active notify requests of all users: what the engine matches."""

    async def active(self, after: int, limit: int) -> list[NotifyRequest]:
        """Those with an id above `after`, in order of their ids."""
        ...

    async def clock(self) -> datetime:
        """The time by the clock that changes are dated by."""
        ...

    async def active_ids(self) -> set[int]:
        """The ids of all."""
        ...

    async def changed_since(self, at: datetime) -> list[NotifyRequest]:
        """Those stored or changed since then, or a little before, whatever their status, in the order of their changes."""
        ...

    async def looked_back(self, ids: Collection[int]) -> None:
        """Note that these have been compared with what was open."""
        ...

    async def expire(self, ids: Collection[int]) -> None:
        """Note of those that are active that their dates have passed."""
        ...


class NotifyRequestBook(ActiveRequests, Protocol):
    """Notify requests. One user's are never another's."""

    async def make(self, user_id: int, wish: NotifyWish, at: datetime) -> NotifyRequest:
        """Store a new one, active. Raises `Conflict` where the user has too many."""
        ...

    async def of_user(
        self, user_id: int, before: int | None, limit: int, *, status: Status | None = None
    ) -> list[NotifyRequest]:
        """The newest `limit` below an id, newest first."""
        ...

    async def get(self, user_id: int, request_id: int) -> NotifyRequest | None:
        """One of a user's own."""
        ...

    async def delete(self, user_id: int, request_id: int) -> bool:
        """Forget one of a user's own; answers whether there was one."""
        ...


class ActiveGoals(Protocol):
    """The active goals of all users: what the engine matches."""

    async def active(self, after: int, limit: int) -> list[Goal]:
        """Those with an id above `after`, in order of their ids."""
        ...

    async def clock(self) -> datetime:
        """The time by the clock that changes are dated by."""
        ...

    async def active_ids(self) -> set[int]:
        """The ids of all."""
        ...

    async def changed_since(self, at: datetime) -> list[Goal]:
        """Those stored or changed since then, or a little before, active or not, in the order of their changes."""
        ...

    async def looked_back(self, counts: Mapping[int, tuple[int, int]]) -> None:
        """Note that goals have been compared with events that came while they were stored: (matched, told) of each, counted once."""
        ...


class GoalBook(ActiveGoals, Protocol):
    """Goals. One user's are never another's."""

    async def make(self, user_id: int, wish: GoalWish, at: datetime) -> Goal:
        """Store a new one. Raises `Conflict` where the user has too many."""
        ...

    async def of_user(self, user_id: int, before: int | None, limit: int) -> list[Goal]:
        """The newest `limit` below an id, newest first."""
        ...

    async def get(self, user_id: int, goal_id: int) -> Goal | None:
        """One of a user's own."""
        ...

    async def change(self, user_id: int, goal_id: int, wish: GoalWish) -> Goal | None:
        """Put another wish in the place of what is stored; its figures go on. None where there is no such goal."""
        ...

    async def delete(self, user_id: int, goal_id: int) -> bool:
        """Forget one of a user's own; answers whether there was one."""
        ...

    async def figures(self, goals: Collection[Goal]) -> Mapping[int, GoalFigures]:
        """What became of goals, by id."""
        ...


class OpeningIds(Protocol):
    """The openings that closings end."""

    async def opening_ids(self, closings: Sequence[Event]) -> Mapping[int, int]:
        """The id of the opening that each closing ends, by the closing's id; nothing for those whose opening was no event."""
        ...
