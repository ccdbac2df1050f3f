"""The address at which an admin removes what is old."""

from collections.abc import Iterable

from tablewire.api.requests import no_parameters
from tablewire.api.retention.schemas import RetentionRun
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.engine.retention import Retention


class RetentionController:
    """Translates for the engine."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention

    async def run(self, request: AnyRequest) -> RetentionRun:
        """Remove all that may go, and answer when it is gone."""
        no_parameters(request)
        removed = await self._retention.remove()
        return RetentionRun(
            events=removed.events,
            notifications=removed.notifications,
            observed_spans=removed.observed_spans,
            waiting=list(removed.waiting),
            busy=removed.busy,
        )


RUN = Operation(
    summary="Remove events and notifications that are older than they have to be kept",
    tag="admin",
    answer=RetentionRun,
    errors=(503,),
)


def routes(retention: Retention) -> Iterable[Route]:
    """The address of retention."""
    does = RetentionController(retention)
    yield Route(path="/admin/retention/run", method="POST", access="admin", operation=RUN, answer=does.run)
