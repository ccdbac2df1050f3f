"""The older paths: the same handlers a second time, for clients of the earlier system."""

from collections.abc import Iterable, Mapping

import msgspec

from tablewire.api.discovery.controller import DB_DEBUG, DEBUG, HEALTH, DiscoveryController
from tablewire.api.feed.controller import (
    AVAILABILITY,
    JUST_OPENED,
    NEW_DROPS,
    PAGES,
    STILL_OPEN,
    FeedController,
)
from tablewire.api.market.controller import PROVIDERS, MarketController
from tablewire.api.rooms import Rooms
from tablewire.api.routes import Answering, Operation, Route

OF_USERS: Mapping[str, str] = {
    "/chat/watches": "/watches",
    "/chat/watches/{id}": "/watches/{id}",
    "/chat/booking-errors": "/booking/errors",
    "/chat/admin/clear-db": "/admin/clear-db",
}
"""Older paths of what belongs to users, and of what admins do: each has all methods of the new one."""


def routes(rooms: Rooms) -> Iterable[Route]:
    """The older paths, each marked deprecated."""
    feed, discovery = FeedController(rooms, older=True), DiscoveryController(rooms)
    yield Route(path="/chat/watches/feed", operation=_old(PAGES), raw=feed.pages)
    again: dict[str, tuple[Operation, Answering]] = {
        "/chat/providers": (PROVIDERS, MarketController(rooms).providers),
        "/chat/watches/availability": (AVAILABILITY, feed.availability),
        "/chat/watches/just-opened": (JUST_OPENED, feed.just_opened),
        "/chat/watches/still-open": (STILL_OPEN, feed.still_open),
        "/chat/watches/new-drops": (NEW_DROPS, feed.new_drops),
        "/chat/watches/discovery-health": (HEALTH, discovery.health),
        "/chat/watches/db-debug": (DB_DEBUG, discovery.db_debug),
        "/chat/watches/discovery-debug": (DEBUG, discovery.debug),
    }
    for path, (operation, answer) in again.items():
        yield Route(path=path, operation=_old(operation), answer=answer)
    yield from older(rooms.more_routes, OF_USERS)


def older(told: Iterable[Route], paths: Mapping[str, str]) -> Iterable[Route]:
    """The same routes under their older paths, `paths` being {older: new}; one whose new path is not there is left out."""
    told = tuple(told)
    for path, new in paths.items():
        for route in told:
            if route.path == new:
                yield msgspec.structs.replace(route, path=path, operation=_old(route.operation))


def _old(operation: Operation) -> Operation:
    return msgspec.structs.replace(operation, deprecated=True)
