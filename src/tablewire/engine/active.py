"""The active wishes as they are stored: read whole at the start, and then what has changed."""

from collections.abc import Mapping
from datetime import datetime

import anyio.lowlevel

from tablewire.engine.wishes import ActiveWishes, Wish
from tablewire.storage.wish_door import ActiveGoals, ActiveRequests

CHANGES_EVERY = 1.0
"""Seconds between looks at what other processes have stored."""
ALL_EVERY = 600.0
"""Seconds between looks at which wishes there still are: one that is deleted elsewhere leaves no trace."""
_AT_ONCE = 250
"""Wishes in one answer of the store: reading more would hold up others."""


class WishBook:
    """Notify requests and goals together, on behalf of the matcher."""

    def __init__(self, requests: ActiveRequests, goals: ActiveGoals) -> None:
        self._requests = requests
        self._goals = goals
        self.forget()

    def forget(self) -> None:
        """Read everything again."""
        self._changed_at: datetime | None = None
        self._looked_at = self._counted_at = float("-inf")

    async def news(self, known: ActiveWishes, now: float) -> list[Wish]:
        """All active wishes the first time, then those that were stored or changed since; `now` in seconds. Raises `StoreError`."""
        if self._changed_at is None:
            at = await self._requests.clock()
            everything = await self._all()
            self._changed_at, self._looked_at, self._counted_at = at, now, now
            return everything
        if now - self._looked_at < CHANGES_EVERY:
            return []
        news: list[Wish] = [
            *await self._requests.changed_since(self._changed_at),
            *await self._goals.changed_since(self._changed_at),
        ]
        self._changed_at = max([self._changed_at, *(wish.updated_at for wish in news)])
        self._looked_at = now
        if now - self._counted_at >= ALL_EVERY:
            await self._drop_deleted(known)
            self._counted_at = now
        return news

    async def looked_back(self, wishes: ActiveWishes, counts: Mapping[int, tuple[int, int]]) -> None:
        """Note that these have been compared with what came before them; `counts` (matched, told) of goals."""
        if wishes.requests:
            await self._requests.looked_back(list(wishes.requests))
        if wishes.goals:
            await self._goals.looked_back({goal_id: counts.get(goal_id, (0, 0)) for goal_id in wishes.goals})

    async def _all(self) -> list[Wish]:
        found: list[Wish] = []
        after = 0
        while requests := await self._requests.active(after, _AT_ONCE):
            found += requests
            after = requests[-1].id
            await anyio.lowlevel.checkpoint()
        after = 0
        while goals := await self._goals.active(after, _AT_ONCE):
            found += goals
            after = goals[-1].id
            await anyio.lowlevel.checkpoint()
        return found

    async def _drop_deleted(self, known: ActiveWishes) -> None:
        requests, goals = await self._requests.active_ids(), await self._goals.active_ids()
        for request_id in [one for one in known.requests if one not in requests]:
            known.drop_request(request_id)
        for goal_id in [one for one in known.goals if one not in goals]:
            known.drop_goal(goal_id)
