"""Notify requests and goals in the file of everything."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from tablewire.domain.goals import GoalWish
from tablewire.domain.notify_requests import NotifyWish, Status
from tablewire.domain.users import User
from tablewire.domain.watched import Watched
from tablewire.services.goals import GoalBody, Goals, body_of
from tablewire.services.notify_requests import NotifyRequestBody, NotifyRequests
from tablewire.services.portable_watches import as_wishes

AT_ONCE = 200


class RequestShelf:
    """Those that are active: what was fulfilled, or whose dates have passed, is not asked for again."""

    def __init__(self, requests: NotifyRequests, watched: Watched, now: Callable[[], datetime]) -> None:
        self._requests = requests
        self._watched = watched
        self._now = now

    async def kept(self, user: User, *, secrets: bool) -> Sequence[NotifyRequestBody]:  # noqa: ARG002 - nothing of it is secret
        """The user's active requests."""
        found: list[NotifyRequestBody] = []
        before: int | None = None
        while page := await self._requests.list(user, before, AT_ONCE):
            found += [_request_body(one) for one in page if one.status is Status.ACTIVE]
            before = page[-1].id
        return found[::-1]

    async def check(self, user: User, body: NotifyRequestBody) -> NotifyRequestBody | None:  # noqa: ARG002 - the same for all
        """The request as it is kept; None where its dates have passed. Raises `BadInput`."""
        if max(body.dates) < self._watched.today(self._now()):
            return None
        return _request_body(await self._requests.wish_of(body))

    async def make(self, user: User, body: NotifyRequestBody) -> int:
        """Make a request. Raises `BadInput`, `Conflict`."""
        return (await self._requests.make(user, body)).id

    async def remove(self, user: User, id: int) -> None:
        """Remove a request."""
        await self._requests.delete(user, id)


class GoalShelf:
    """One whose dates have passed comes back inactive. Figures are not in the file: they begin anew."""

    def __init__(self, goals: Goals, watched: Watched, now: Callable[[], datetime]) -> None:
        self._goals = goals
        self._watched = watched
        self._now = now

    async def kept(self, user: User, *, secrets: bool) -> Sequence[GoalBody]:  # noqa: ARG002 - nothing of it is secret
        """The user's goals."""
        found: list[GoalBody] = []
        before: int | None = None
        while page := await self._goals.list(user, before, AT_ONCE):
            found += [_goal_body(one) for one in page]
            before = page[-1].id
        return found[::-1]

    async def check(self, user: User, body: GoalBody) -> GoalBody:  # noqa: ARG002 - the same for all
        """The goal as it is kept. Raises `BadInput`."""
        if body.date_to is not None and body.date_to < self._watched.today(self._now()):
            body = msgspec.structs.replace(body, active=False)
        return _goal_body(await self._goals.wish_of(body))

    async def make(self, user: User, body: GoalBody) -> int:
        """Make a goal. Raises `BadInput`, `Conflict`."""
        return (await self._goals.make(user, body)).id

    async def remove(self, user: User, id: int) -> None:
        """Remove a goal."""
        await self._goals.delete(user, id)


def _request_body(wish: NotifyWish) -> NotifyRequestBody:
    limits = wish.limits
    return NotifyRequestBody(
        venues=as_wishes(wish.venues),
        dates=list(limits.dates),
        time_from=None if limits.time_from is None else f"{limits.time_from:%H:%M}",
        time_to=None if limits.time_to is None else f"{limits.time_to:%H:%M}",
        party_size=limits.party_size,
        once=wish.once,
    )


def _goal_body(wish: GoalWish) -> GoalBody:
    return msgspec.structs.replace(body_of(wish), venues=as_wishes(wish.venues))
