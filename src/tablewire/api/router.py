"""The table of contents of the HTTP room, and the application made from it."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager

from litestar import Litestar

from tablewire.api import older, pages
from tablewire.api.discovery import controller as discovery
from tablewire.api.feed import controller as feed
from tablewire.api.gate import Gate
from tablewire.api.health import controller as health
from tablewire.api.market import controller as market
from tablewire.api.me import controller as me
from tablewire.api.problems import answer_error
from tablewire.api.rooms import HttpOptions, Rooms
from tablewire.api.routes import Route
from tablewire.api.session import controller as session
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
        *_of_accounts(rooms),
        *older.routes(rooms),
        *rooms.more_routes,
    ]
    return [*told, *pages.routes(rooms, told)]


def _of_accounts(rooms: Rooms) -> list[Route]:
    if rooms.accounts is None:
        return []
    return [*session.routes(rooms.accounts, rooms.gate), *me.routes(rooms.accounts)]


def create_app(rooms: Rooms, lifespan: Sequence[Lifespan] = ()) -> Shell:
    """The application. `lifespan` runs what lives as long as it does."""
    return application(all_routes(rooms), rooms.gate, rooms.options, lifespan)


def application(
    routes: Iterable[Route], gate: Gate, options: HttpOptions, lifespan: Sequence[Lifespan] = ()
) -> Shell:
    """An application of some addresses behind a gate."""
    return Shell(
        local_only=options.local_only,
        cors_origins=options.cors_origins,
        route_handlers=[route.handler(gate) for route in routes],
        exception_handlers={Exception: answer_error},
        lifespan=list(lifespan),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=MAX_BODY,
        debug=False,
    )
