"""`GET /watches/mine`: what a user waits for and was told, in one answer."""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import msgspec

from tablewire.api.notifications.schemas import NotificationView, UrlOf, view_of
from tablewire.api.notify_requests.schemas import NotifyRequestView
from tablewire.api.notify_requests.schemas import view as request_view
from tablewire.api.requests import no_parameters, user_of
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.api.watches.schemas import WatchView, view
from tablewire.domain.notifications import Notification
from tablewire.domain.notify_requests import NotifyRequest
from tablewire.domain.users import User
from tablewire.services.watches import Watches

MOST: Final = 200
MOST_NOTIFICATIONS: Final = 50


class RequestsDoor(Protocol):
    """The user's notify requests."""

    async def list(self, user: User, before: int | None = None, limit: int = MOST) -> Sequence[NotifyRequest]:
        """A page, newest first."""
        ...


class NotificationsDoor(Protocol):
    """The user's notifications; `storage.notification_door.NotificationReader` has them."""

    async def of_user(self, user_id: int, before: int | None, limit: int) -> Sequence[Notification]:
        """The newest `limit` below an id, newest first."""
        ...

    async def count_unread(self, user_id: int) -> int:
        """How many the user has not read."""
        ...


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """What is yours, each kind newest first."""

    watches: list[WatchView]
    notify_requests: list[NotifyRequestView]
    notifications: list[NotificationView]
    """The newest; GET /notifications has all."""
    unread: int
    """How many of all are unread."""


MINE = Operation(
    summary="Your watches, notify requests and newest notifications in one answer",
    tag="watches",
    answer=Mine,
    errors=(503,),
)


class MineController:
    """Three lists of one user."""

    def __init__(
        self, watches: Watches, requests: RequestsDoor, notifications: NotificationsDoor, url_of: UrlOf
    ) -> None:
        self._watches = watches
        self._requests = requests
        self._notifications = notifications
        self._url_of = url_of

    async def mine(self, request: AnyRequest) -> Mine:
        """All three."""
        no_parameters(request)
        user = user_of(request)
        told = await self._notifications.of_user(user.id, None, MOST_NOTIFICATIONS)
        return Mine(
            watches=[view(watch) for watch in await self._watches.list(user)],
            notify_requests=[request_view(one) for one in await self._requests.list(user, None, MOST)],
            notifications=[view_of(one, self._url_of) for one in told],
            unread=await self._notifications.count_unread(user.id),
        )


def routes(
    watches: Watches, requests: RequestsDoor, notifications: NotificationsDoor, url_of: UrlOf
) -> Iterable[Route]:
    """The one address."""
    at = MineController(watches, requests, notifications, url_of)
    yield Route(path="/watches/mine", operation=MINE, answer=at.mine)
