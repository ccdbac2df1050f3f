"""The addresses of forecasts, and of how they did."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from tablewire.api.figures.reading import (
    SIZE_SCHEMA,
    TIME_SCHEMA,
    VENUE_PATH,
    listing_of,
    minute_of,
    one_of,
    parsed,
    word,
)
from tablewire.api.figures.schemas import ForecastVerdicts, ForecastView, VerdictView
from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route
from tablewire.insights.forecast import Wish
from tablewire.services.forecasts import Forecasts

MOST_DATES: Final = 14
MOST_HOURS: Final = 14 * 24
DAY_END: Final = 24 * 60


class ForecastController:
    """Translates for the service."""

    def __init__(self, forecasts: Forecasts, markets: tuple[str, ...]) -> None:
        self._forecasts = forecasts
        self._markets = markets

    async def forecast(self, request: AnyRequest) -> ForecastView:
        """The chance of a drop."""
        query = Query(request.scope["query_string"], [one.name for one in FORECAST.parameters])
        dates = _dates(query)
        low, high = parsed(query, "time_from", minute_of), parsed(query, "time_to", minute_of)
        size = query.whole("party_size", None, 1, 20)
        hours = query.whole("hours", 24, 1, MOST_HOURS) or 24
        if low is not None and high is not None and low > high:
            query.refuse("time_to", "it is before time_from")
        query.check()
        listing = listing_of(request)
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
        market = one_of(query, "market", self._markets)
        query.check()
        return ForecastVerdicts(
            forecasts=[
                VerdictView(
                    market=one.market,
                    computed_at=one.computed_at,
                    learned_from=one.learned_from,
                    held_out_from=one.held_out_from,
                    shown_days_ahead=[lead for lead, score in one.verdict.by_lead.items() if score.shown],
                    verdict=one.verdict,
                )
                for one in await self._forecasts.verdicts(market)
            ]
        )


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


FORECAST = Operation(
    summary="The chance that a venue drops a table soon",
    tag="venues",
    answer=ForecastView,
    parameters=(
        *VENUE_PATH,
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
        Parameter(name="time_from", description="earliest start", schema=TIME_SCHEMA),
        Parameter(name="time_to", description="latest start", schema=TIME_SCHEMA),
        Parameter(name="party_size", description="party size", schema=SIZE_SCHEMA),
        Parameter(
            name="hours",
            description="within so many hours; 24 where left out",
            schema={"type": "integer", "minimum": 1, "maximum": MOST_HOURS},
        ),
    ),
    errors=(404, 503),
)


def routes(forecasts: Forecasts, markets: tuple[str, ...]) -> Iterable[Route]:
    """The addresses."""
    serves = ForecastController(forecasts, markets)
    verdicts = Operation(
        summary="How the forecasts did on days that they had not seen, newest first",
        tag="insights",
        answer=ForecastVerdicts,
        parameters=(word("market", "market id", markets),),
        errors=(503,),
    )
    yield Route(path="/venues/{provider}/{venue_id}/forecast", operation=FORECAST, answer=serves.forecast)
    yield Route(path="/insights/forecasts", operation=verdicts, answer=serves.verdicts)
