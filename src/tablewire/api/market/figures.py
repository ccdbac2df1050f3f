"""The addresses of a market's figures and of its supply."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from tablewire.api import parameters
from tablewire.api.market.schemas import MarketMetricsView, metrics_view
from tablewire.api.neighborhoods import NeighborhoodBook, read_neighborhoods
from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route, Schema
from tablewire.api.windows import WINDOW, checked, read_window, window_parameters
from tablewire.domain.buckets import parse_bucket_id
from tablewire.domain.filters import WEEKDAYS
from tablewire.domain.markets import Market
from tablewire.errors import BadInput
from tablewire.insights.market_days import MarketCut
from tablewire.insights.market_metrics import METRIC_TYPES
from tablewire.services.market_figures import DEFAULT_WINDOW, MarketInsight
from tablewire.services.supply import MarketSupply, SupplyInsight, SupplyWish

MOST_DATES: Final = 60
_METRICS: Final = ("market", *WINDOW, "metric_type", "weekday", "time_bucket", "neighborhood")
_SUPPLY: Final = (
    "market", "bucket_id", "date", "date_from", "date_to", "weekend", "time_slot", "provider", "neighborhood",
)  # fmt: skip


class KnownNames(msgspec.Struct, frozen=True, kw_only=True):
    """What a query may name."""

    providers: tuple[str, ...]
    book: NeighborhoodBook


class MarketFigureController:
    """Answers from what was rolled up, and from memory."""

    def __init__(
        self,
        markets: Sequence[Market],
        insight: MarketInsight,
        supply: SupplyInsight,
        now: Callable[[], datetime],
        known: KnownNames,
    ) -> None:
        self._markets = {market.id: market for market in markets}
        self._insight = insight
        self._supply = supply
        self._now = now
        self._known = known

    async def metrics(self, request: AnyRequest) -> MarketMetricsView:
        """The figures of a market."""
        query = Query(request.scope["query_string"], _METRICS)
        market = self._market(query)
        wish = checked(query, read_window(query), self._now())
        types = query.words("metric_type", METRIC_TYPES) or frozenset(METRIC_TYPES)
        cut = _cut(query, await read_neighborhoods(query, self._known.book))
        query.check()
        found = await self._insight.metrics(
            market, window=wish.length or DEFAULT_WINDOW, since=wish.since, until=wish.until, cut=cut
        )
        return metrics_view(found, types)

    async def supply(self, request: AnyRequest) -> MarketSupply:
        """The supply of some buckets."""
        query = Query(request.scope["query_string"], _SUPPLY)
        market = self._market(query)
        bucket_id = query.text("bucket_id")
        if bucket_id is not None:
            _try_bucket_id(query, bucket_id)
        providers = query.texts("provider")
        for provider in providers:
            if provider not in self._known.providers:
                there_are = ", ".join(self._known.providers)
                query.refuse("provider", f"{provider[:40]!r} is not allowed: {there_are} are")
        wish = SupplyWish(
            bucket_id=bucket_id,
            dates=_dates(query, "date"),
            date_from=next(iter(_dates(query, "date_from", most=1)), None),
            date_to=next(iter(_dates(query, "date_to", most=1)), None),
            weekend=query.flag("weekend"),
            time_slots=frozenset(query.texts("time_slot")),
            providers=providers,
            neighborhoods=await read_neighborhoods(query, self._known.book),
        )
        if wish.date_from and wish.date_to and wish.date_from > wish.date_to:
            query.refuse("date_to", "it is before date_from")
        query.check()
        return await self._supply.supply(market, wish)

    def _market(self, query: Query) -> Market:
        """The market that is asked for; the only one where none is named."""
        there_are = ", ".join(self._markets)
        name = query.text("market")
        if name is None and len(self._markets) > 1:
            query.refuse("market", f"several markets are watched: say which one is meant of {there_are}")
        if name is not None and name not in self._markets:
            query.refuse("market", f"there is no such market; there are: {there_are}")
        return self._markets.get(name or "") or next(iter(self._markets.values()))


def _cut(query: Query, neighborhoods: frozenset[str]) -> MarketCut | None:
    weekdays = query.words("weekday", WEEKDAYS)
    bucket = query.text("time_bucket")
    if bucket not in (None, "prime", "off_peak"):
        query.refuse("time_bucket", "prime and off_peak are allowed")
    cut = MarketCut(
        weekdays=frozenset(list(WEEKDAYS).index(day) for day in weekdays or () if day in WEEKDAYS),
        prime=None if bucket is None else bucket == "prime",
        neighborhoods=neighborhoods,
    )
    return None if cut == MarketCut() else cut


def _dates(query: Query, name: str, *, most: int = MOST_DATES) -> tuple[date, ...]:
    values = query.texts(name)
    if len(values) > most:
        query.refuse(name, f"it is given {len(values)} times; up to {most} are allowed")
        return ()
    try:
        return tuple(msgspec.convert(value, date) for value in values)
    except msgspec.ValidationError:
        query.refuse(name, "it is no date such as 2026-02-18")
        return ()


def _try_bucket_id(query: Query, bucket_id: str) -> None:
    try:
        parse_bucket_id(bucket_id)
    except BadInput as error:
        query.wrong.extend(error.fields)


_DATE: Schema = {"type": "string", "format": "date"}
_TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\x00]+$"}
_NAME: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 200,
    "pattern": "^[A-Za-z0-9 ]*[A-Za-z0-9][A-Za-z0-9 ]*$",
}


def _many(name: str, description: str, items: Schema, most: int = 50) -> Parameter:
    schema = {"type": "array", "items": items, "minItems": 1, "maxItems": most}
    return Parameter(name=name, description=description, schema=schema)


_NEIGHBORHOODS = _many("neighborhood", "neighbourhood, whole", _NAME)


def routes(
    markets: Sequence[Market],
    insight: MarketInsight,
    supply: SupplyInsight,
    now: Callable[[], datetime],
    known: KnownNames,
) -> Iterable[Route]:
    """The addresses of a market's figures."""
    at = MarketFigureController(markets, insight, supply, now, known)
    which = Parameter(
        name="market",
        description="market id; needed where several are watched",
        schema={"type": "string", "enum": [market.id for market in markets]},
    )
    yield Route(
        path="/market/metrics",
        operation=Operation(
            summary="The drops of a market over the hours that begin in a window, and what is open ahead",
            tag="insights",
            answer=MarketMetricsView,
            parameters=(
                which,
                *window_parameters("14d"),
                parameters.words("metric_type", "which figures; all where left out", METRIC_TYPES),
                parameters.words("weekday", "of the date that tables are for", tuple(WEEKDAYS)),
                Parameter(
                    name="time_bucket",
                    description="only of this part of the day",
                    schema={"type": "string", "enum": ["prime", "off_peak"]},
                ),
                _NEIGHBORHOODS,
            ),
            errors=(503,),
        ),
        answer=at.metrics,
    )
    yield Route(
        path="/market/supply",
        operation=Operation(
            summary="How many tables are open, against the baseline and against what is usual; of a neighbourhood: how many only",
            tag="insights",
            answer=MarketSupply,
            parameters=(
                which,
                Parameter(
                    name="bucket_id",
                    description="one bucket, such as 2026-02-18_19:00",
                    schema=_TEXT,
                ),
                _many("date", "service date", _DATE, MOST_DATES),
                Parameter(name="date_from", description="first service date", schema=_DATE),
                Parameter(name="date_to", description="last service date", schema=_DATE),
                Parameter(
                    name="weekend",
                    description="only the next Friday, Saturday and Sunday",
                    schema={"type": "boolean", "default": False},
                ),
                _many("time_slot", "part of the day, such as 19:00", _TEXT),
                _many("provider", "provider id", {"type": "string", "enum": list(known.providers)}),
                _NEIGHBORHOODS,
            ),
            errors=(503,),
        ),
        answer=at.supply,
    )
