"""The addresses of notify requests."""

from collections.abc import Iterable
from typing import Final

from tablewire.api import parameters
from tablewire.api.notify_requests.schemas import (
    NotifyRequestPage,
    NotifyRequestPreview,
    NotifyRequestView,
    view,
)
from tablewire.api.paging import PAGING, page_of
from tablewire.api.requests import body_of, id_of, no_parameters, user_of
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.api.windows import days_of
from tablewire.services.notify_requests import NotifyRequestBody, NotifyRequests
from tablewire.services.wish_history import MOST_DAYS, WishHistory, WishPreview, WishSilence


class NotifyRequestController:
    """Notify requests belong to the user who asks."""

    def __init__(self, requests: NotifyRequests, history: WishHistory) -> None:
        self._requests = requests
        self._history = history

    async def page(self, request: AnyRequest) -> NotifyRequestPage:
        """The user's notify requests."""
        page = page_of(request)
        found, cursor = page.cut(await self._requests.list(user_of(request), page.before, page.enough))
        requests = [view(one) for one in found]
        return NotifyRequestPage(notify_requests=requests, next_cursor=cursor, has_more=cursor is not None)

    async def make(self, request: AnyRequest) -> NotifyRequestView:
        """A new notify request."""
        no_parameters(request)
        return view(await self._requests.make(user_of(request), await body_of(request, NotifyRequestBody)))

    async def one(self, request: AnyRequest) -> NotifyRequestView:
        """One notify request."""
        no_parameters(request)
        return view(await self._requests.get(user_of(request), id_of(request)))

    async def delete(self, request: AnyRequest) -> None:
        """No notify request any more."""
        no_parameters(request)
        await self._requests.delete(user_of(request), id_of(request))

    async def preview(self, request: AnyRequest) -> WishPreview:
        """What a notify request would have told, before it is made."""
        no_parameters(request)
        body = await body_of(request, NotifyRequestPreview)
        return await self._history.preview(await self._requests.wish_of(body), body.days)

    async def preview_of(self, request: AnyRequest) -> WishPreview:
        """What one notify request would have told."""
        days = days_of(request, MOST_DAYS, MOST_DAYS)
        return await self._history.preview(await self._requests.get(user_of(request), id_of(request)), days)

    async def explain(self, request: AnyRequest) -> WishSilence:
        """Why one notify request may be silent."""
        no_parameters(request)
        return await self._history.silence(await self._requests.get(user_of(request), id_of(request)))


_ID = (parameters.path("id", "id of a notify request"),)
_TAG: Final = "notify requests"
PAGE = Operation(
    summary="Your notify requests, newest first",
    tag=_TAG,
    answer=NotifyRequestPage,
    parameters=PAGING,
    errors=(503,),
)
MAKE = Operation(
    summary="Ask to be told when a table opens; of one that is open already you are told at once",
    tag=_TAG,
    body=NotifyRequestBody,
    answer=NotifyRequestView,
    status=201,
    errors=(409, 503),
)
ONE = Operation(
    summary="One notify request", tag=_TAG, answer=NotifyRequestView, parameters=_ID, errors=(404, 503)
)
DELETE = Operation(summary="Delete a notify request", tag=_TAG, status=204, parameters=_ID, errors=(404, 503))
PREVIEW = Operation(
    summary="What a notify request would have told in the last days, before it is made",
    tag=_TAG,
    body=NotifyRequestPreview,
    answer=WishPreview,
    errors=(503,),
)
PREVIEW_OF = Operation(
    summary="What a notify request would have told in the last days",
    tag=_TAG,
    answer=WishPreview,
    parameters=(*_ID, parameters.days(MOST_DAYS, MOST_DAYS)),
    errors=(404, 503),
)
EXPLAIN = Operation(
    summary="Why a notify request may be silent",
    tag=_TAG,
    answer=WishSilence,
    parameters=_ID,
    errors=(404, 503),
)


def routes(requests: NotifyRequests, history: WishHistory) -> Iterable[Route]:
    """The addresses of notify requests."""
    at = NotifyRequestController(requests, history)
    yield Route(path="/notify-requests", operation=PAGE, answer=at.page)
    yield Route(path="/notify-requests", method="POST", operation=MAKE, answer=at.make)
    yield Route(path="/notify-requests/preview", method="POST", operation=PREVIEW, answer=at.preview)
    yield Route(path="/notify-requests/{id}", operation=ONE, answer=at.one)
    yield Route(path="/notify-requests/{id}", method="DELETE", operation=DELETE, answer=at.delete)
    yield Route(path="/notify-requests/{id}/preview", operation=PREVIEW_OF, answer=at.preview_of)
    yield Route(path="/notify-requests/{id}/explain", operation=EXPLAIN, answer=at.explain)
