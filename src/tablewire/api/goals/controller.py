"""The addresses of goals."""

from collections.abc import Iterable, Sequence
from typing import Final

from tablewire.api import parameters
from tablewire.api.goals.schemas import GoalPage, GoalPreview, GoalView, view
from tablewire.api.paging import PAGING, page_of
from tablewire.api.requests import body_of, id_of, no_parameters, user_of
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.api.windows import days_of
from tablewire.domain.goals import Goal
from tablewire.services.goals import GoalBody, GoalChange, Goals
from tablewire.services.wish_history import MOST_DAYS, WishHistory, WishPreview, WishSilence


class GoalController:
    """Goals belong to the user who asks."""

    def __init__(self, goals: Goals, history: WishHistory) -> None:
        self._goals = goals
        self._history = history

    async def page(self, request: AnyRequest) -> GoalPage:
        """The user's goals."""
        page = page_of(request)
        found, cursor = page.cut(await self._goals.list(user_of(request), page.before, page.enough))
        goals = await self._views(found)
        return GoalPage(goals=goals, next_cursor=cursor, has_more=cursor is not None)

    async def make(self, request: AnyRequest) -> GoalView:
        """A new goal."""
        no_parameters(request)
        return await self._view(await self._goals.make(user_of(request), await body_of(request, GoalBody)))

    async def one(self, request: AnyRequest) -> GoalView:
        """One goal."""
        no_parameters(request)
        return await self._view(await self._goals.get(user_of(request), id_of(request)))

    async def change(self, request: AnyRequest) -> GoalView:
        """A change of one goal."""
        no_parameters(request)
        user, goal_id = user_of(request), id_of(request)
        return await self._view(await self._goals.change(user, goal_id, await body_of(request, GoalChange)))

    async def delete(self, request: AnyRequest) -> None:
        """No goal any more."""
        no_parameters(request)
        await self._goals.delete(user_of(request), id_of(request))

    async def preview(self, request: AnyRequest) -> WishPreview:
        """What a goal would have told, before it is made."""
        no_parameters(request)
        body = await body_of(request, GoalPreview)
        return await self._history.preview(await self._goals.wish_of(body), body.days)

    async def preview_of(self, request: AnyRequest) -> WishPreview:
        """What one goal would have told."""
        days = days_of(request, MOST_DAYS, MOST_DAYS)
        return await self._history.preview(await self._goals.get(user_of(request), id_of(request)), days)

    async def explain(self, request: AnyRequest) -> WishSilence:
        """Why one goal may be silent."""
        no_parameters(request)
        return await self._history.silence(await self._goals.get(user_of(request), id_of(request)))

    async def _view(self, goal: Goal) -> GoalView:
        return (await self._views([goal]))[0]

    async def _views(self, goals: Sequence[Goal]) -> list[GoalView]:
        figures = await self._goals.figures(goals)
        return [view(goal, figures[goal.id]) for goal in goals]


_ID = (parameters.path("id", "id of a goal"),)
_TAG: Final = "goals"
PAGE = Operation(
    summary="Your goals, newest first",
    tag=_TAG,
    answer=GoalPage,
    parameters=PAGING,
    errors=(503,),
)
MAKE = Operation(
    summary="Make a goal: every opening is scored against it from now on",
    tag=_TAG,
    body=GoalBody,
    answer=GoalView,
    status=201,
    errors=(409, 503),
)
ONE = Operation(summary="One goal", tag=_TAG, answer=GoalView, parameters=_ID, errors=(404, 503))
CHANGE = Operation(
    summary="Change a goal; its figures go on",
    tag=_TAG,
    body=GoalChange,
    answer=GoalView,
    parameters=_ID,
    errors=(404, 503),
)
DELETE = Operation(summary="Delete a goal", tag=_TAG, status=204, parameters=_ID, errors=(404, 503))
PREVIEW = Operation(
    summary="What a goal would have told in the last days, before it is made",
    tag=_TAG,
    body=GoalPreview,
    answer=WishPreview,
    errors=(503,),
)
PREVIEW_OF = Operation(
    summary="What a goal would have told in the last days",
    tag=_TAG,
    answer=WishPreview,
    parameters=(*_ID, parameters.days(MOST_DAYS, MOST_DAYS)),
    errors=(404, 503),
)
EXPLAIN = Operation(
    summary="Why a goal may be silent",
    tag=_TAG,
    answer=WishSilence,
    parameters=_ID,
    errors=(404, 503),
)


def routes(goals: Goals, history: WishHistory) -> Iterable[Route]:
    """The addresses of goals."""
    at = GoalController(goals, history)
    yield Route(path="/goals", operation=PAGE, answer=at.page)
    yield Route(path="/goals", method="POST", operation=MAKE, answer=at.make)
    yield Route(path="/goals/preview", method="POST", operation=PREVIEW, answer=at.preview)
    yield Route(path="/goals/{id}", operation=ONE, answer=at.one)
    yield Route(path="/goals/{id}", method="PATCH", operation=CHANGE, answer=at.change)
    yield Route(path="/goals/{id}", method="DELETE", operation=DELETE, answer=at.delete)
    yield Route(path="/goals/{id}/preview", operation=PREVIEW_OF, answer=at.preview_of)
    yield Route(path="/goals/{id}/explain", operation=EXPLAIN, answer=at.explain)
