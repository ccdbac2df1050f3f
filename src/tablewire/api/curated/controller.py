"""The addresses of curated lists."""

from collections.abc import Iterable

import msgspec

from tablewire.api import parameters
from tablewire.api.requests import no_parameters
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.services.curated import Curated, ListSummary, OneList


class CuratedLists(msgspec.Struct, frozen=True):
    """The curated lists."""

    lists: list[ListSummary]


class CuratedController:
    """Answers lists by their names."""

    def __init__(self, curated: Curated) -> None:
        self._curated = curated

    async def lists(self, request: AnyRequest) -> CuratedLists:
        """All lists."""
        no_parameters(request)
        return CuratedLists(self._curated.lists())

    async def one(self, request: AnyRequest) -> OneList:
        """One list, with what is known of each restaurant now."""
        no_parameters(request)
        return await self._curated.one(str(request.path_params["list"]))


LISTS = Operation(summary="The curated lists", tag="venues", answer=CuratedLists)
ONE = Operation(
    summary="A curated list, with what is known of each restaurant now",
    tag="venues",
    answer=OneList,
    parameters=(parameters.path("list", "id of a list, such as nyc_hotspots"),),
    errors=(404, 503),
)


def routes(curated: Curated) -> Iterable[Route]:
    """The addresses of curated lists."""
    controller = CuratedController(curated)
    yield Route(path="/curated", operation=LISTS, answer=controller.lists)
    yield Route(path="/curated/{list}", operation=ONE, answer=controller.one)
