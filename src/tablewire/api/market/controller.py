"""The addresses of markets, buckets and providers."""

from collections.abc import Iterable
from datetime import date

import msgspec

from tablewire.api import parameters
from tablewire.api.query import Query
from tablewire.api.requests import no_parameters
from tablewire.api.rooms import Rooms
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route
from tablewire.domain.buckets import parse_bucket_id
from tablewire.domain.health import ProviderHealth
from tablewire.domain.markets import Market, service_today, window
from tablewire.errors import BadInput, NotFound
from tablewire.live.views import BucketView


class MarketView(msgspec.Struct, frozen=True, kw_only=True):
    """A market that is watched."""

    id: str
    time_zone: str
    latitude: float
    longitude: float
    radius_m: int
    service_today: date
    first_date: date
    last_date: date
    buckets: int
    open_slots: int


class Markets(msgspec.Struct, frozen=True):
    """The markets that are watched."""

    markets: list[MarketView]


class Buckets(msgspec.Struct, frozen=True):
    """The buckets that are watched, and how full each is."""

    buckets: list[BucketView]


class Providers(msgspec.Struct, frozen=True):
    """The providers that are registered, polled or not."""

    providers: list[str]
    status: dict[str, ProviderHealth]


class MarketController:
    """Answers from memory only."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def markets(self, request: AnyRequest) -> Markets:
        """What is watched."""
        no_parameters(request)
        return Markets([self._market(market) for market in self._rooms.markets])

    async def buckets(self, request: AnyRequest) -> Buckets:
        """How full each bucket is."""
        return Buckets(self._rooms.views.buckets(self._market_asked_for(request)))

    async def bucket(self, request: AnyRequest) -> BucketView:
        """How full one bucket is."""
        market = self._market_asked_for(request)
        bucket_id = str(request.path_params["bucket_id"])
        parse_bucket_id(bucket_id)
        found = [view for view in self._rooms.views.buckets(market) if view.bucket_id == bucket_id]
        if len(found) > 1:
            raise BadInput.of("market", "several markets have this bucket: say which one is meant")
        if not found:
            raise NotFound("No such bucket is watched.")
        return found[0]

    async def providers(self, request: AnyRequest) -> Providers:
        """The providers, and how they are doing."""
        no_parameters(request)
        status = dict(self._rooms.health.providers())
        return Providers(list(status), status)

    def _market_asked_for(self, request: AnyRequest) -> str | None:
        query = Query(request.scope["query_string"], ("market",))
        market = query.text("market")
        known = [one.id for one in self._rooms.markets]
        if market is not None and market not in known:
            query.refuse("market", f"there is no such market; there are: {', '.join(known)}")
        query.check()
        return market

    def _market(self, market: Market) -> MarketView:
        now = self._rooms.views.now()
        dates = window(now, market.zone, self._rooms.window_days)
        buckets = self._rooms.views.buckets(market.id)
        return MarketView(
            id=market.id,
            time_zone=market.time_zone,
            latitude=market.latitude,
            longitude=market.longitude,
            radius_m=market.radius_m,
            service_today=service_today(now, market.zone),
            first_date=dates[0],
            last_date=dates[-1],
            buckets=len(buckets),
            open_slots=sum(view.open_slots for view in buckets),
        )


PROVIDERS = Operation(
    summary="The providers that are registered, polled or not", tag="discovery", answer=Providers
)


def routes(rooms: Rooms) -> Iterable[Route]:
    """The addresses of markets, buckets and providers."""
    market = MarketController(rooms)
    ids = [one.id for one in rooms.markets]
    which = Parameter(name="market", description="market id", schema={"type": "string", "enum": ids})
    yield Route(path="/providers", operation=PROVIDERS, answer=market.providers)
    yield Route(
        path="/markets",
        operation=Operation(summary="The markets that are watched", tag="market", answer=Markets),
        answer=market.markets,
    )
    yield Route(
        path="/buckets",
        operation=Operation(
            summary="How full each bucket is", tag="market", answer=Buckets, parameters=(which,)
        ),
        answer=market.buckets,
    )
    bucket_id = parameters.path("bucket_id", "a bucket's id, such as 2026-02-18_19:00")
    yield Route(
        path="/buckets/{bucket_id}",
        operation=Operation(
            summary="How full one bucket is",
            tag="market",
            answer=BucketView,
            parameters=(bucket_id, which),
            errors=(404,),
        ),
        answer=market.bucket,
    )
