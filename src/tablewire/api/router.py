"""The table of contents of the HTTP room, and the application made from it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from litestar import Litestar

from tablewire.api import older, pages
from tablewire.api.discovery import controller as discovery
from tablewire.api.feed import controller as feed
from tablewire.api.health import controller as health
from tablewire.api.market import controller as market
from tablewire.api.problems import answer_error
from tablewire.api.rooms import Rooms
from tablewire.api.routes import Route
from tablewire.api.shell import MAX_BODY, Shell
from tablewire.api.venues import controller as venues

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def all_routes(rooms: Rooms) -> list[Route]:
    """Every address, in the order of the document."""
    told = [
        *feed.routes(rooms),
        *venues.routes(rooms),
        *market.routes(rooms),
        *discovery.routes(rooms),
        *health.routes(rooms),
        *older.routes(rooms),
    ]
    return [*told, *pages.routes(rooms, told)]


def create_app(rooms: Rooms, lifespan: Sequence[Lifespan] = ()) -> Litestar:
    """The application. `lifespan` runs what lives as long as it does."""
    options = rooms.options
    return Shell(
        local_only=options.local_only,
        cors_origins=options.cors_origins,
        route_handlers=[route.handler() for route in all_routes(rooms)],
        exception_handlers={Exception: answer_error},
        lifespan=list(lifespan),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=MAX_BODY,
        debug=False,
    )
