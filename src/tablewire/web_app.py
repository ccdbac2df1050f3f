"""Wires the web application: its gate, and what stands behind its addresses."""

from collections.abc import Sequence

from tablewire.api.addresses import Addresses
from tablewire.api.gate import Gate, LocalGate
from tablewire.api.rooms import HttpOptions, Rooms, local_gate
from tablewire.api.router import Lifespan, create_app
from tablewire.api.routes import Route
from tablewire.api.shell import Shell
from tablewire.api.token_gate import TokenGate
from tablewire.engine.ask import LiveAsking
from tablewire.live.feed import Feed
from tablewire.live.views import Views
from tablewire.services.accounts import Accounts
from tablewire.settings import Settings
from tablewire.watching import Watching


def make_application(
    watching: Watching,
    accounts: Accounts | None,
    more_routes: Sequence[Route],
    lifespan: Lifespan,
) -> Shell:
    """The application over what is watched; `more_routes` are those of the users and of figures."""
    core, settings = watching.core, watching.core.settings
    return create_app(
        Rooms(
            hub=core.hub,
            feed=Feed(core.hub),
            views=Views(core.board, core.clock.now),
            venues=core.store,
            restaurants=core.restaurants,
            health=watching.health,
            polling=LiveAsking(watching.discovery),
            metrics=core.metrics,
            markets=settings.markets,
            window_days=settings.discovery.window_days,
            accounts=accounts,
            more_routes=tuple(more_routes),
            gate=make_gate(settings, accounts),
            options=HttpOptions(
                version=core.version,
                demo=settings.demo,
                local_only=settings.http.auth == "off",
                cors_origins=settings.http.cors_origins,
            ),
        ),
        lifespan=[lifespan],
    )


def make_gate(settings: Settings, accounts: Accounts | None) -> Gate:
    """The gate that AUTH asks for. Raises ValueError where it asks for users, and there is no store of them."""
    http = settings.http
    addresses = Addresses(http.trusted_proxies)
    if http.auth == "off":
        return local_gate() if accounts is None else LocalGate(accounts.local_user, addresses)
    if accounts is None:
        raise ValueError("AUTH=token needs a store of users")
    return TokenGate(
        accounts, per_second=http.requests_per_second, addresses=addresses, public_url=http.public_url
    )
