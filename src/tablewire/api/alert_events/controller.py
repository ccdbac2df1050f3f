"""The address of alert events."""

from collections.abc import Iterable

from tablewire.api.alert_events.schemas import AlertEventBody
from tablewire.api.requests import no_parameters, read_body, user_of
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.services.alert_events import AlertEvents, Taken


class AlertEventController:
    """Takes one event, or a list of them."""

    def __init__(self, events: AlertEvents) -> None:
        self._events = events

    async def take(self, request: AnyRequest) -> Taken:
        """Store what happened."""
        no_parameters(request)
        raw = await request.body()
        many = raw.lstrip().startswith(b"[")
        bodies = read_body(raw, list[AlertEventBody]) if many else [read_body(raw, AlertEventBody)]
        return await self._events.take(user_of(request), [body.event() for body in bodies], many=many)


TAKE = Operation(
    summary="Send what happened to alerts, one event or a list of up to 500; a repeated client_id counts once",
    tag="alerts",
    body=AlertEventBody | list[AlertEventBody],
    answer=Taken,
    errors=(503,),
)


def routes(events: AlertEvents) -> Iterable[Route]:
    """The address of alert events."""
    controller = AlertEventController(events)
    yield Route(path="/alert-events", operation=TAKE, answer=controller.take, method="POST")
