"""The address of the hardest tables: venues in the order of a figure."""

from collections.abc import Iterable
from typing import Final

import msgspec

from tablewire.api import parameters
from tablewire.api.figures.reading import TEXT_SCHEMA, one_of, word
from tablewire.api.figures.schemas import RankedVenue, Rankings
from tablewire.api.neighborhoods import NeighborhoodBook, read_neighborhoods
from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route
from tablewire.insights.venue import VenueFigures
from tablewire.live.restaurants import Restaurants
from tablewire.services.venue_figures import HARD_WHERE_LOW, RANKED_BY, RANKED_WINDOW, VenueFigureService
from tablewire.storage.figure_door import Ranked, RankingWish

DEFAULT_LIMIT: Final = 50
MOST: Final = 200
MOST_PLACES: Final = 100_000
QUERY: Final = ("by", "order", "market", "provider", "neighborhood", "min_samples", "limit", "before")


class KnownNames(msgspec.Struct, frozen=True, kw_only=True):
    """What a query may name."""

    markets: tuple[str, ...]
    providers: tuple[str, ...]
    book: NeighborhoodBook


class RankingController:
    """Translates for the service."""

    def __init__(self, figures: VenueFigureService, restaurants: Restaurants, known: KnownNames) -> None:
        self._figures = figures
        self._restaurants = restaurants
        self._known = known

    async def rankings(self, request: AnyRequest) -> Rankings:
        """The hardest tables."""
        query = Query(request.scope["query_string"], QUERY)
        figure = one_of(query, "by", RANKED_BY) or "scarcity_score"
        order = one_of(query, "order", ("hardest", "easiest")) or "hardest"
        neighborhoods = await read_neighborhoods(query, self._known.book)
        if len(neighborhoods) > 1:
            query.refuse("neighborhood", "it can be given only once")
        limit = query.whole("limit", DEFAULT_LIMIT, 1, MOST) or DEFAULT_LIMIT
        wish = RankingWish(
            figure=figure,
            descending=(figure in HARD_WHERE_LOW) != (order == "hardest"),
            window_days=RANKED_WINDOW,
            least_samples=query.whole("min_samples", 1, 0, 1_000_000) or 0,
            market=one_of(query, "market", self._known.markets),
            provider=one_of(query, "provider", self._known.providers),
            neighborhood=next(iter(neighborhoods), None),
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


def _operation(known: KnownNames) -> Operation:
    return Operation(
        summary="The hardest tables to get: venues in the order of a figure of the last 14 days",
        tag="venues",
        answer=Rankings,
        parameters=(
            word("by", "which figure; scarcity_score where left out", RANKED_BY),
            word("order", "hardest first where left out", ("hardest", "easiest")),
            word("market", "market id", known.markets),
            word("provider", "provider id", known.providers),
            Parameter(name="neighborhood", description="neighbourhood, whole", schema=TEXT_SCHEMA),
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


def routes(figures: VenueFigureService, restaurants: Restaurants, known: KnownNames) -> Iterable[Route]:
    """The address."""
    rankings = RankingController(figures, restaurants, known).rankings
    yield Route(path="/venues/rankings", operation=_operation(known), answer=rankings)
