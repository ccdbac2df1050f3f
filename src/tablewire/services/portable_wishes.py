"""Notify requests and goals in the file of everything."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from tablewire.domain.goals import GoalWish
from tablewire.domain.notify_requests import NotifyWish, Status
from tablewire.domain.polled import Polled
from tablewire.domain.users import User
from tablewire.services.goals import GoalBody, Goals
from tablewire.services.goals import body_of as body_of_goal
from tablewire.services.notify_requests import NotifyRequestBody, NotifyRequests
from tablewire.services.notify_requests import body_of as body_of_request
from tablewire.services.portable_watches import as_wishes

AT_ONCE = 200


class RequestShelf:
    """Those that are active: what was fulfilled, or whose dates have passed, is not asked for again."""

    def __init__(self, requests: NotifyRequests, polled: Polled, now: Callable[[], datetime]) -> None:
        self._requests = requests
        self._polled = polled
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
        if max(body.dates) < self._polled.today(self._now()):
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

    def __init__(self, goals: Goals, polled: Polled, now: Callable[[], datetime]) -> None:
        self._goals = goals
        self._polled = polled
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
        if body.date_to is not None and body.date_to < self._polled.today(self._now()):
            body = msgspec.structs.replace(body, active=False)
        return _goal_body(await self._goals.wish_of(body))

    async def make(self, user: User, body: GoalBody) -> int:
        """Make a goal. Raises `BadInput`, `Conflict`."""
        return (await self._goals.make(user, body)).id

    async def remove(self, user: User, id: int) -> None:
        """Remove a goal."""
        await self._goals.delete(user, id)


def _request_body(wish: NotifyWish) -> NotifyRequestBody:
    return msgspec.structs.replace(body_of_request(wish), venues=as_wishes(wish.venues))


def _goal_body(wish: GoalWish) -> GoalBody:
    return msgspec.structs.replace(body_of_goal(wish), venues=as_wishes(wish.venues))
