"""The addresses of venues' figures and forecasts."""

from collections.abc import Callable, Iterable
from datetime import date, time
from typing import Final, TypeVar

import msgspec

from tablewire.api import parameters
from tablewire.api.figures.schemas import (
    CutView,
    ForecastVerdicts,
    ForecastView,
    RankedVenue,
    Rankings,
    VenueMetricsView,
    VerdictView,
)
from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route, Schema
from tablewire.domain.filters import WEEKDAYS
from tablewire.domain.names import name_key
from tablewire.domain.restaurants import Listing
from tablewire.errors import NotFound
from tablewire.insights.durations import Cut
from tablewire.insights.forecast import Wish
from tablewire.insights.lifetimes import Lasting
from tablewire.insights.venue import VenueFigures
from tablewire.live.restaurants import Restaurants
from tablewire.services.forecasts import Forecasts
from tablewire.services.venue_figures import HARD_WHERE_LOW, RANKED_BY, RANKED_WINDOW, VenueFigureService
from tablewire.storage.figure_door import Ranked, RankingWish

T = TypeVar("T")

WINDOWS: Final = ("1", "7", "14", "30", "90")
CUTS: Final = ("weekday", "time", "party_size")
MOST_DATES: Final = 14
MOST_HOURS: Final = 14 * 24
DEFAULT_LIMIT: Final = 50
MOST: Final = 200
MOST_PLACES: Final = 100_000
DAY_END: Final = 24 * 60


class FigureController:
    """Translates for the services."""

    def __init__(self, figures: VenueFigureService, forecasts: Forecasts, restaurants: Restaurants) -> None:
        self._figures = figures
        self._forecasts = forecasts
        self._restaurants = restaurants

    async def of_venue(self, request: AnyRequest) -> VenueMetricsView:
        """One venue's figures."""
        query = Query(request.scope["query_string"], ("window_days", "cuts", *CUTS))
        days = _one_of(query, "window_days", WINDOWS) or str(RANKED_WINDOW)
        by = query.words("cuts", CUTS) or frozenset()
        weekday, at = _one_of(query, "weekday", WEEKDAYS), _parsed(query, "time", _minute)
        size = query.whole("party_size", None, 1, 20)
        query.check()
        asked = Cut(weekday=None if weekday is None else WEEKDAYS.index(weekday), minute=at, party_size=size)
        listing = _listing(request)
        found = await self._figures.of_venue(
            listing, int(days), by=by, asked=None if asked == Cut() else asked
        )
        return VenueMetricsView(
            provider=listing.provider,
            venue_id=listing.venue_id,
            venue_name=found.name,
            market=found.market,
            window_days=int(days),
            since=found.since,
            until=found.until,
            figures=found.figures,
            habits=found.habits,
            asked=None if found.asked is None else _cut(asked, found.asked),
            cuts=[_cut(cut, lasting) for cut, lasting in found.cuts.items()],
        )

    async def rankings(self, request: AnyRequest) -> Rankings:
        """The hardest tables."""
        query = Query(request.scope["query_string"], [one.name for one in RANKINGS.parameters])
        figure = _one_of(query, "by", RANKED_BY) or "scarcity_score"
        order = _one_of(query, "order", ("hardest", "easiest")) or "hardest"
        neighborhood = query.text("neighborhood")
        limit = query.whole("limit", DEFAULT_LIMIT, 1, MOST) or DEFAULT_LIMIT
        wish = RankingWish(
            figure=figure,
            descending=(figure in HARD_WHERE_LOW) != (order == "hardest"),
            window_days=RANKED_WINDOW,
            least_samples=query.whole("min_samples", 1, 0, 1_000_000) or 0,
            market=query.text("market"),
            provider=query.text("provider"),
            neighborhood=None if neighborhood is None else name_key(neighborhood),
            limit=limit,
            offset=query.whole("before", 0, 0, MOST_PLACES) or 0,
        )
        query.check()
        found = await self._figures.hardest(wish)
        more, page = len(found) > limit, found[:limit]
        return Rankings(
            by=figure,
            window_days=RANKED_WINDOW,
            venues=[self._ranked(one, wish.offset + place) for place, one in enumerate(page, start=1)],
            next_cursor=str(wish.offset + limit) if more else None,
            has_more=more,
        )

    async def forecast(self, request: AnyRequest) -> ForecastView:
        """The chance of a drop."""
        query = Query(request.scope["query_string"], [one.name for one in FORECAST.parameters])
        dates = _dates(query)
        low, high = _parsed(query, "time_from", _minute), _parsed(query, "time_to", _minute)
        size = query.whole("party_size", None, 1, 20)
        hours = query.whole("hours", 24, 1, MOST_HOURS) or 24
        if low is not None and high is not None and low > high:
            query.refuse("time_to", "it is before time_from")
        query.check()
        listing = _listing(request)
        wish = Wish(
            dates=dates,
            minute_from=low or 0,
            minute_to=DAY_END if high is None else high,
            party_size=size,
        )
        found = await self._forecasts.of_venue(listing, wish, hours)
        return ForecastView(
            provider=listing.provider,
            venue_id=listing.venue_id,
            market=found.market,
            hours=hours,
            forecast=found.forecast,
            why_not=found.why_not,
            scores={str(lead): score for lead, score in found.scores.items()},
            scored_at=found.computed_at,
        )

    async def verdicts(self, request: AnyRequest) -> ForecastVerdicts:
        """How forecasts did."""
        query = Query(request.scope["query_string"], ("market",))
        market = query.text("market")
        query.check()
        return ForecastVerdicts(
            forecasts=[
                VerdictView(
                    market=one.market,
                    computed_at=one.computed_at,
                    learned_from=one.learned_from,
                    held_out_from=one.held_out_from,
                    verdict=one.verdict,
                )
                for one in await self._forecasts.verdicts(market)
            ]
        )

    def _ranked(self, one: Ranked, rank: int) -> RankedVenue:
        provider, venue_id = one.metrics.listing
        return RankedVenue(
            rank=rank,
            provider=provider,
            venue_id=venue_id,
            venue_name=one.name,
            market=one.market,
            neighborhood=one.neighborhood,
            restaurant_id=self._restaurants.id_of(provider, venue_id),
            figures=msgspec.json.decode(one.metrics.body, type=VenueFigures),
            computed_at=one.metrics.computed_at,
        )


def _listing(request: AnyRequest) -> Listing:
    listing = Listing(str(request.path_params["provider"]), str(request.path_params["venue_id"]))
    if "\x00" in listing.provider + listing.venue_id:
        raise NotFound("No such venue was ever seen.")
    return listing


def _cut(cut: Cut, lasting: Lasting) -> CutView:
    return CutView(
        weekday=None if cut.weekday is None else WEEKDAYS[cut.weekday],
        time=None if cut.minute is None else f"{cut.minute // 60:02}:{cut.minute % 60:02}",
        party_size=cut.party_size,
        lasting=lasting,
    )


def _one_of(query: Query, name: str, allowed: tuple[str, ...]) -> str | None:
    value = query.text(name)
    if value is not None and value not in allowed:
        query.refuse(name, f"{value[:40]!r} is not allowed: {', '.join(allowed)} are")
        return None
    return value


def _parsed(query: Query, name: str, parse: Callable[[str], T]) -> T | None:
    value = query.text(name)
    if value is None:
        return None
    try:
        return parse(value)
    except ValueError as wrong:
        query.refuse(name, f"{value[:40]!r} is not allowed: {wrong}")
        return None


def _dates(query: Query) -> tuple[date, ...]:
    texts = query.text("dates", most=11 * MOST_DATES)
    if texts is None:
        query.refuse("dates", "they are wanted: up to 14 dates such as 2026-02-18, separated by commas")
        return ()
    try:
        found = [_date(text.strip()) for text in texts.split(",")]
    except ValueError as wrong:
        query.refuse("dates", str(wrong))
        return ()
    if len(found) > MOST_DATES:
        query.refuse("dates", f"at most {MOST_DATES} are allowed")
    return tuple(dict.fromkeys(found))


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise ValueError("dates are written 2026-02-18, separated by commas")
    return found


def _minute(text: str) -> int:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or f"{found:%H:%M}" != text:
        raise ValueError("a time is written 19:30")
    return found.hour * 60 + found.minute


_PATH = (
    parameters.path("provider", "provider id"),
    parameters.path("venue_id", "the provider's id of a venue"),
)
_TIME: Schema = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["19:30"]}
_SIZE: Schema = {"type": "integer", "minimum": 1, "maximum": 20}
_TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\x00]+$"}


def _words(name: str, description: str, allowed: Iterable[str]) -> Parameter:
    return Parameter(name=name, description=description, schema={"type": "string", "enum": list(allowed)})


METRICS = Operation(
    summary="The figures of one venue over its last days",
    tag="venues",
    answer=VenueMetricsView,
    parameters=(
        *_PATH,
        _words("window_days", "local days, today with them; 14 where left out", WINDOWS),
        parameters.words("cuts", "how long tables last, by each of these", CUTS),
        _words("weekday", "how long tables of this weekday last", WEEKDAYS),
        Parameter(name="time", description="how long tables at this time last", schema=_TIME),
        Parameter(name="party_size", description="how long tables for so many last", schema=_SIZE),
    ),
    errors=(404, 503),
)
RANKINGS = Operation(
    summary="The hardest tables to get: venues in the order of a figure of the last 14 days",
    tag="venues",
    answer=Rankings,
    parameters=(
        _words("by", "which figure; scarcity_score where left out", RANKED_BY),
        _words("order", "hardest first where left out", ("hardest", "easiest")),
        Parameter(name="market", description="market id", schema=_TEXT),
        Parameter(name="provider", description="provider id", schema=_TEXT),
        Parameter(name="neighborhood", description="neighbourhood, whole", schema=_TEXT),
        Parameter(
            name="min_samples",
            description="how many samples the figure has at least; 1 where left out",
            schema={"type": "integer", "minimum": 0, "maximum": 1_000_000},
        ),
        parameters.limit(DEFAULT_LIMIT, MOST),
        Parameter(
            name="before",
            description="the cursor answered last: this list runs from the first place on",
            schema={"type": "integer", "minimum": 0, "maximum": MOST_PLACES},
        ),
    ),
    errors=(503,),
)
FORECAST = Operation(
    summary="The chance that a venue drops a table soon",
    tag="venues",
    answer=ForecastView,
    parameters=(
        *_PATH,
        Parameter(
            name="dates",
            description="service dates; needed",
            schema={
                "type": "array",
                "items": {"type": "string", "format": "date"},
                "minItems": 1,
                "maxItems": MOST_DATES,
            },
            explode=False,
        ),
        Parameter(name="time_from", description="earliest start", schema=_TIME),
        Parameter(name="time_to", description="latest start", schema=_TIME),
        Parameter(name="party_size", description="party size", schema=_SIZE),
        Parameter(
            name="hours",
            description="within so many hours; 24 where left out",
            schema={"type": "integer", "minimum": 1, "maximum": MOST_HOURS},
        ),
    ),
    errors=(404, 503),
)
VERDICTS = Operation(
    summary="How the forecasts did on days that they had not seen, newest first",
    tag="insights",
    answer=ForecastVerdicts,
    parameters=(Parameter(name="market", description="market id", schema=_TEXT),),
    errors=(503,),
)


def routes(figures: VenueFigureService, forecasts: Forecasts, restaurants: Restaurants) -> Iterable[Route]:
    """The addresses of venues' figures."""
    serves = FigureController(figures, forecasts, restaurants)
    yield Route(path="/venues/rankings", operation=RANKINGS, answer=serves.rankings)
    yield Route(path="/venues/{provider}/{venue_id}/metrics", operation=METRICS, answer=serves.of_venue)
    yield Route(path="/venues/{provider}/{venue_id}/forecast", operation=FORECAST, answer=serves.forecast)
    yield Route(path="/insights/forecasts", operation=VERDICTS, answer=serves.verdicts)
