"""The addresses of watches."""

from collections.abc import Iterable
from typing import Final

from tablewire.api import parameters
from tablewire.api.paging import PAGING, page_of
from tablewire.api.requests import body_of, id_of, no_parameters, user_of
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.api.watches.schemas import (
    PreviewView,
    PreviewWish,
    SilenceView,
    WatchPage,
    WatchView,
    preview_view,
    silence_view,
    view,
)
from tablewire.api.windows import days_of
from tablewire.domain.watch_preview import MOST_DAYS
from tablewire.services.watch_history import WatchHistory
from tablewire.services.watches import WatchChange, Watches, WatchWish

DEFAULT_DAYS: Final = 7


class WatchController:
    """Watches belong to the user who asks."""

    def __init__(self, watches: Watches, history: WatchHistory) -> None:
        self._watches = watches
        self._history = history

    async def page(self, request: AnyRequest) -> WatchPage:
        """The user's watches."""
        page = page_of(request)
        found, cursor = page.cut(await self._watches.list(user_of(request), page.before, page.enough))
        watches = [view(watch) for watch in found]
        return WatchPage(watches=watches, next_cursor=cursor, has_more=cursor is not None)

    async def make(self, request: AnyRequest) -> WatchView:
        """A new watch."""
        no_parameters(request)
        return view(await self._watches.make(user_of(request), await body_of(request, WatchWish)))

    async def one(self, request: AnyRequest) -> WatchView:
        """One watch."""
        no_parameters(request)
        return view(await self._watches.get(user_of(request), id_of(request)))

    async def change(self, request: AnyRequest) -> WatchView:
        """A change of one watch."""
        no_parameters(request)
        user, watch_id = user_of(request), id_of(request)
        return view(await self._watches.change(user, watch_id, await body_of(request, WatchChange)))

    async def delete(self, request: AnyRequest) -> None:
        """No watch any more."""
        no_parameters(request)
        await self._watches.delete(user_of(request), id_of(request))

    async def run(self, request: AnyRequest) -> WatchView:
        """A check now."""
        no_parameters(request)
        return view(await self._watches.run(user_of(request), id_of(request)))

    async def preview(self, request: AnyRequest) -> PreviewView:
        """What a watch would have told, before it is made."""
        no_parameters(request)
        wish = await body_of(request, PreviewWish)
        return preview_view(await self._history.preview(wish, wish.days))

    async def preview_of(self, request: AnyRequest) -> PreviewView:
        """What one watch would have told."""
        days = days_of(request, DEFAULT_DAYS, MOST_DAYS)
        return preview_view(await self._history.preview_of(user_of(request), id_of(request), days))

    async def explain(self, request: AnyRequest) -> SilenceView:
        """Why one watch may be silent."""
        no_parameters(request)
        return silence_view(await self._history.explain(user_of(request), id_of(request)))


_ID = (parameters.path("id", "id of a watch"),)
PAGE = Operation(
    summary="Your watches, newest first",
    tag="watches",
    answer=WatchPage,
    parameters=PAGING,
    errors=(503,),
)
MAKE = Operation(
    summary="Make a watch: it is checked at once, and then every so many minutes",
    tag="watches",
    body=WatchWish,
    answer=WatchView,
    status=201,
    errors=(409, 503),
)
ONE = Operation(summary="One watch", tag="watches", answer=WatchView, parameters=_ID, errors=(404, 503))
CHANGE = Operation(
    summary="Change a watch; one that then waits for something else starts over",
    tag="watches",
    body=WatchChange,
    answer=WatchView,
    parameters=_ID,
    errors=(404, 503),
)
DELETE = Operation(summary="Delete a watch", tag="watches", status=204, parameters=_ID, errors=(404, 503))
RUN = Operation(
    summary="Check a watch now, also a paused one",
    tag="watches",
    answer=WatchView,
    parameters=_ID,
    errors=(404, 409, 503),
)
PREVIEW = Operation(
    summary="What a watch would have told in the last days, before it is made",
    tag="watches",
    body=PreviewWish,
    answer=PreviewView,
    errors=(503,),
)
PREVIEW_OF = Operation(
    summary="What a watch would have told in the last days",
    tag="watches",
    answer=PreviewView,
    parameters=(*_ID, parameters.days(DEFAULT_DAYS, MOST_DAYS)),
    errors=(404, 503),
)
EXPLAIN = Operation(
    summary="Why a watch may be silent", tag="watches", answer=SilenceView, parameters=_ID, errors=(404, 503)
)


def routes(watches: Watches, history: WatchHistory) -> Iterable[Route]:
    """The addresses of watches, but for `/watches/mine`."""
    at = WatchController(watches, history)
    yield Route(path="/watches", operation=PAGE, answer=at.page)
    yield Route(path="/watches", method="POST", operation=MAKE, answer=at.make)
    yield Route(path="/watches/preview", method="POST", operation=PREVIEW, answer=at.preview)
    yield Route(path="/watches/{id}", operation=ONE, answer=at.one)
    yield Route(path="/watches/{id}", method="PATCH", operation=CHANGE, answer=at.change)
    yield Route(path="/watches/{id}", method="DELETE", operation=DELETE, answer=at.delete)
    yield Route(path="/watches/{id}/run", method="POST", operation=RUN, answer=at.run)
    yield Route(path="/watches/{id}/preview", operation=PREVIEW_OF, answer=at.preview_of)
    yield Route(path="/watches/{id}/explain", operation=EXPLAIN, answer=at.explain)
