"""The address of one venue's figures."""

from collections.abc import Iterable
from typing import Final

from tablewire.api import parameters
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
from tablewire.api.figures.schemas import CutView, VenueMetricsView
from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route
from tablewire.domain.filters import WEEKDAYS
from tablewire.insights.durations import Cut
from tablewire.insights.lifetimes import Lasting
from tablewire.services.venue_figures import RANKED_WINDOW, VenueFigureService

WINDOWS: Final = ("1", "7", "14", "30", "90")
CUTS: Final = ("weekday", "time", "party_size")


class VenueFigureController:
    """Translates for the service."""

    def __init__(self, figures: VenueFigureService) -> None:
        self._figures = figures

    async def of_venue(self, request: AnyRequest) -> VenueMetricsView:
        """One venue's figures."""
        query = Query(request.scope["query_string"], ("window_days", "cuts", *CUTS))
        days = one_of(query, "window_days", WINDOWS) or str(RANKED_WINDOW)
        by = query.words("cuts", CUTS) or frozenset()
        weekday, at = one_of(query, "weekday", WEEKDAYS), parsed(query, "time", minute_of)
        size = query.whole("party_size", None, 1, 20)
        query.check()
        asked = Cut(weekday=None if weekday is None else WEEKDAYS.index(weekday), minute=at, party_size=size)
        listing = listing_of(request)
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


def _cut(cut: Cut, lasting: Lasting) -> CutView:
    return CutView(
        weekday=None if cut.weekday is None else WEEKDAYS[cut.weekday],
        time=None if cut.minute is None else f"{cut.minute // 60:02}:{cut.minute % 60:02}",
        party_size=cut.party_size,
        lasting=lasting,
    )


METRICS = Operation(
    summary="The figures of one venue over its last days",
    tag="venues",
    answer=VenueMetricsView,
    parameters=(
        *VENUE_PATH,
        word("window_days", "local days, today with them; 14 where left out", WINDOWS),
        parameters.words("cuts", "how long tables last, by each of these", CUTS),
        word("weekday", "how long tables of this weekday last", WEEKDAYS),
        Parameter(name="time", description="how long tables at this time last", schema=TIME_SCHEMA),
        Parameter(name="party_size", description="how long tables for so many last", schema=SIZE_SCHEMA),
    ),
    errors=(404, 503),
)


def routes(figures: VenueFigureService) -> Iterable[Route]:
    """The address."""
    of_venue = VenueFigureController(figures).of_venue
    yield Route(path="/venues/{provider}/{venue_id}/metrics", operation=METRICS, answer=of_venue)
