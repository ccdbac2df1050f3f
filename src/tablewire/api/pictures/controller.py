"""The address of a venue's chart."""

from collections.abc import Iterable
from typing import Final

from tablewire.api import parameters
from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest, Operation, Parameter, Reply, Route
from tablewire.errors import NotFound
from tablewire.services.pictures import Pictures

DEFAULT_DAYS: Final = 30
MOST_DAYS: Final = 90
SVG: Final = "image/svg+xml"
_HEADERS: Final = {
    # What matplotlib writes is styled by attributes, its scale of colours a picture in it; nothing else may do anything.
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
    ),
    "cache-control": "private, max-age=300",
}


class PictureController:
    """Translates for the service."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures

    async def of_venue(self, request: AnyRequest) -> Reply:
        """A venue's chart."""
        query = Query(request.scope["query_string"], ("window_days",))
        days = query.whole("window_days", DEFAULT_DAYS, 1, MOST_DAYS) or DEFAULT_DAYS
        query.check()
        provider, venue_id = str(request.path_params["provider"]), str(request.path_params["venue_id"])
        if "\x00" in provider + venue_id:
            raise NotFound("No such venue was ever seen.")
        picture = await self._pictures.of_venue(provider, venue_id, days)
        return Reply(body=picture, media_type=SVG, headers=dict(_HEADERS))


CHART = Operation(
    summary="A venue's last days as a picture: its drops, how long they lasted, its best hours",
    tag="venues",
    media_types=(SVG,),
    parameters=(
        parameters.path("provider", "provider id"),
        parameters.path("venue_id", "the provider's id of a venue"),
        Parameter(
            name="window_days",
            description="local days, today included",
            schema={"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": DEFAULT_DAYS},
        ),
    ),
    errors=(404, 503),
)


def routes(pictures: Pictures) -> Iterable[Route]:
    """The addresses of pictures."""
    does = PictureController(pictures)
    yield Route(path="/venues/{provider}/{venue_id}/chart.svg", operation=CHART, answer=does.of_venue)
