"""The addresses that say how discovery is doing."""

from collections.abc import Iterable

from tablewire.api.requests import no_parameters
from tablewire.api.rooms import Rooms
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.domain.health import DbDebug, DiscoveryDebug, HealthReport


class DiscoveryController:
    """Passes on what the engine knows of itself."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def health(self, request: AnyRequest) -> HealthReport:
        """Everything that memory knows."""
        no_parameters(request)
        return self._rooms.health.discovery_health()

    async def debug(self, request: AnyRequest) -> DiscoveryDebug:
        """Every provider in detail."""
        no_parameters(request)
        return self._rooms.health.discovery_debug()

    async def db_debug(self, request: AnyRequest) -> DbDebug:
        """What the store holds."""
        no_parameters(request)
        return await self._rooms.health.db_debug()


HEALTH = Operation(summary="How discovery is doing", tag="discovery", answer=HealthReport)
DEBUG = Operation(summary="Every provider in detail", tag="discovery", answer=DiscoveryDebug)
DB_DEBUG = Operation(
    summary="What the store holds, and what is wrong", tag="discovery", answer=DbDebug, errors=(503,)
)


def routes(rooms: Rooms) -> Iterable[Route]:
    """The addresses that say how discovery is doing."""
    discovery = DiscoveryController(rooms)
    yield Route(path="/discovery/health", operation=HEALTH, answer=discovery.health)
    yield Route(path="/discovery/debug", operation=DEBUG, answer=discovery.debug)
    yield Route(path="/discovery/db-debug", operation=DB_DEBUG, answer=discovery.db_debug)
