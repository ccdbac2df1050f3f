"""The addresses for probes and figures."""

from collections.abc import Iterable

import msgspec

from tablewire.api.problems import Refusal
from tablewire.api.requests import no_parameters
from tablewire.api.rooms import Rooms
from tablewire.api.routes import AnyRequest, Operation, Reply, Route
from tablewire.domain.health import HealthSummary


class Alive(msgspec.Struct, frozen=True):
    """The event loop turns."""

    status: str = "ok"


class Ready(msgspec.Struct, frozen=True):
    """Requests can be served."""

    status: str = "ready"


class HealthController:
    """Liveness asks nobody; readiness asks the store."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def live(self, request: AnyRequest) -> Alive:  # noqa: ARG002 - a probe may add what it likes
        """As long as this is answered, the loop turns."""
        return Alive()

    async def ready(self, request: AnyRequest) -> Ready:  # noqa: ARG002 - a probe may add what it likes
        """Ready, or the reason why not."""
        reason = await self._rooms.health.ready()
        if reason is not None:
            raise Refusal(503, "not-ready", reason, retry_after=2)
        return Ready()

    async def summary(self, request: AnyRequest) -> HealthSummary:
        """Health in one line."""
        no_parameters(request)
        return self._rooms.health.summary()

    async def metrics(self, request: AnyRequest) -> Reply:
        """All figures for Prometheus."""
        no_parameters(request)
        kind = "text/plain; version=0.0.4"
        return Reply(body=self._rooms.metrics.render(), media_type=kind)


def routes(rooms: Rooms) -> Iterable[Route]:
    """The addresses for probes and figures."""
    health = HealthController(rooms)
    live = Operation(summary="Whether the event loop turns", tag="health", answer=Alive)
    ready = Operation(summary="Whether requests can be served", tag="health", answer=Ready, errors=(503,))
    summary = Operation(summary="Health in one line", tag="health", answer=HealthSummary)
    metrics = Operation(summary="Figures for Prometheus", tag="health", media_types=("text/plain",))
    yield Route(path="/health/live", operation=live, answer=health.live, access="open")
    yield Route(path="/health/ready", operation=ready, answer=health.ready, access="open")
    yield Route(path="/health", operation=summary, answer=health.summary, access="open")
    yield Route(path="/metrics", operation=metrics, answer=health.metrics)
