"""The addresses of notifications."""

from collections.abc import Iterable
from typing import Final
from zoneinfo import ZoneInfo

from tablewire.api import parameters
from tablewire.api.notifications.explanation import Explanation, explanation_of
from tablewire.api.notifications.schemas import (
    MarkedRead,
    NotificationPage,
    NotificationView,
    UrlOf,
    view_of,
)
from tablewire.api.notifications.stream import InboxStream
from tablewire.api.paging import PAGING, read_page
from tablewire.api.query import Query
from tablewire.api.requests import id_of, no_parameters, user_of
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route, Schema
from tablewire.services.notifications import Notifications


class NotificationController:
    """A user's notifications."""

    def __init__(self, notifications: Notifications, url_of: UrlOf) -> None:
        self._notifications = notifications
        self._url_of = url_of

    async def page(self, request: AnyRequest) -> NotificationPage:
        """Newest first."""
        query = Query(request.scope["query_string"], ("limit", "before", "unread"))
        unread, page = query.flag("unread"), read_page(query)
        listed = await self._notifications.page(user_of(request), page.before, page.limit, unread=unread)
        found = listed.notifications
        return NotificationPage(
            notifications=[view_of(one, self._url_of) for one in found],
            unread=listed.unread,
            next_cursor=str(found[-1].id) if listed.has_more else None,
            has_more=listed.has_more,
            stream_cursor=str(listed.place),
        )

    async def read(self, request: AnyRequest) -> NotificationView:
        """Mark one as read."""
        no_parameters(request)
        return view_of(await self._notifications.read(user_of(request), id_of(request)), self._url_of)

    async def read_all(self, request: AnyRequest) -> MarkedRead:
        """Mark all as read."""
        no_parameters(request)
        return MarkedRead(await self._notifications.read_all(user_of(request)))

    async def explain(self, request: AnyRequest) -> Explanation:
        """Why one came."""
        no_parameters(request)
        user = user_of(request)
        explained = await self._notifications.explain(user, id_of(request))
        return explanation_of(explained, ZoneInfo(user.time_zone), self._url_of)


_TAG: Final = "notifications"
_ID = parameters.path("id", "a notification's id")
_BOUND: Schema = {"type": "integer", "minimum": 1}
PAGE = Operation(
    summary="What the user was told, newest first",
    tag=_TAG,
    answer=NotificationPage,
    parameters=(
        *PAGING,
        Parameter(name="unread", description="only those not read yet", schema={"type": "boolean"}),
    ),
    errors=(503,),
)
READ = Operation(
    summary="Mark one notification as read",
    tag=_TAG,
    answer=NotificationView,
    parameters=(_ID,),
    errors=(404, 503),
)
READ_ALL = Operation(summary="Mark all notifications as read", tag=_TAG, answer=MarkedRead, errors=(503,))
EXPLAIN = Operation(
    summary="Why a notification came, and how long each step to its user took",
    tag=_TAG,
    answer=Explanation,
    parameters=(_ID,),
    errors=(404, 503),
)
STREAM = Operation(
    summary="The user's notifications as they are stored, and as they change",
    tag=_TAG,
    media_types=("text/event-stream", "application/x-ndjson"),
    parameters=(
        parameters.SINCE,
        Parameter(
            name="Last-Event-ID",
            description="like since, and wins",
            schema={"type": "string"},
            where="header",
        ),
        Parameter(name="max_events", description="end after so many", schema=_BOUND),
        Parameter(name="max_age", description="end after so long", schema=parameters.DURATION),
    ),
    errors=(429, 503),
)


def routes(notifications: Notifications, url_of: UrlOf, stream: InboxStream) -> Iterable[Route]:
    """The addresses of notifications."""
    controller = NotificationController(notifications, url_of)
    yield Route(path="/notifications", operation=PAGE, answer=controller.page)
    yield Route(path="/notifications/stream", operation=STREAM, raw=stream)
    yield Route(path="/notifications/read-all", operation=READ_ALL, answer=controller.read_all, method="POST")
    yield Route(path="/notifications/{id}/read", operation=READ, answer=controller.read, method="POST")
    yield Route(path="/notifications/{id}/explain", operation=EXPLAIN, answer=controller.explain)
