"""What stands behind the HTTP room: everything its handlers call."""

import msgspec

from tablewire.api.protocol import HealthDoor, LiveAsk, MetricsDoor, VenueHistory
from tablewire.domain.markets import Market
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
    options: HttpOptions = HttpOptions()
