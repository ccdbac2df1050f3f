"""The addresses of the hourly watch list."""

from collections.abc import Iterable

from tablewire.api import parameters
from tablewire.api.paging import PAGING, page_of
from tablewire.api.requests import body_of, id_of, no_parameters, user_of
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.api.watch_list.schemas import EntryPage, EntryView, view
from tablewire.services.watch_list import ListWish, WatchList


class WatchListController:
    """The list belongs to the user who asks."""

    def __init__(self, watch_list: WatchList) -> None:
        self._list = watch_list

    async def page(self, request: AnyRequest) -> EntryPage:
        """The user's list."""
        page = page_of(request)
        found, cursor = page.cut(await self._list.list(user_of(request), page.before, page.enough))
        entries = [view(entry) for entry in found]
        return EntryPage(watches=entries, next_cursor=cursor, has_more=cursor is not None)

    async def add(self, request: AnyRequest) -> EntryView:
        """A new entry."""
        no_parameters(request)
        return view(await self._list.add(user_of(request), await body_of(request, ListWish)))

    async def delete(self, request: AnyRequest) -> None:
        """No entry any more."""
        no_parameters(request)
        await self._list.delete(user_of(request), id_of(request))


PAGE = Operation(
    summary="Your hourly watch list, newest first",
    tag="watch list",
    answer=EntryPage,
    parameters=PAGING,
    errors=(503,),
)
ADD = Operation(
    summary="Put a venue on your hourly watch list",
    tag="watch list",
    body=ListWish,
    answer=EntryView,
    status=201,
    errors=(409, 503),
)
DELETE = Operation(
    summary="Take a venue off your hourly watch list",
    tag="watch list",
    status=204,
    parameters=(parameters.path("id", "id of an entry"),),
    errors=(404, 503),
)


def routes(watch_list: WatchList) -> Iterable[Route]:
    """The addresses of the hourly watch list."""
    at = WatchListController(watch_list)
    yield Route(path="/resy/watch", operation=PAGE, answer=at.page)
    yield Route(path="/resy/watch", method="POST", operation=ADD, answer=at.add)
    yield Route(path="/resy/watch/{id}", method="DELETE", operation=DELETE, answer=at.delete)
