"""What stands behind the HTTP room: everything its handlers call."""

from collections.abc import Sequence

import msgspec

from tablewire.api.gate import Gate, LocalGate
from tablewire.api.protocol import AccountsDoor, HealthDoor, LiveAsk, MetricsDoor, VenueHistory
from tablewire.api.routes import Route
from tablewire.domain.markets import Market
from tablewire.domain.users import LOCAL_NAME, User
from tablewire.live.feed import Feed
from tablewire.live.hub import Hub
from tablewire.live.restaurants import Restaurants
from tablewire.live.views import Views


class HttpOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How requests are treated."""

    version: str = "0"
    demo: bool = False
    local_only: bool = True
    """Without authentication: a Host or Origin that is not this machine's is refused."""
    cors_origins: tuple[str, ...] = ()
    """Web origins whose pages may read the API."""
    live_asks_per_minute: float = 6.0
    """How often one client may make the service ask the providers; the first few at once."""


def local_gate() -> Gate:
    """The gate where there is no store of users: everybody is one user, whom nobody has made."""

    async def nobody_else() -> User:
        return User(id=1, name=LOCAL_NAME, is_admin=True)

    return LocalGate(nobody_else)


class Rooms(msgspec.Struct, frozen=True, kw_only=True):
    """The rooms below, as the one place that wires everything hands them over."""

    hub: Hub
    feed: Feed
    views: Views
    venues: VenueHistory
    restaurants: Restaurants = msgspec.field(default_factory=Restaurants)
    health: HealthDoor
    polling: LiveAsk
    metrics: MetricsDoor
    markets: tuple[Market, ...]
    window_days: int = 14
    accounts: AccountsDoor | None = None
    """None where there is no store of users: nobody logs in."""
    gate: Gate = msgspec.field(default_factory=local_gate)
    more_routes: Sequence[Route] = ()
    """The addresses of what belongs to users, each with its service."""
    options: HttpOptions = HttpOptions()
