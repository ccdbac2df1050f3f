"""The address of what came of alerts."""

from collections.abc import Callable, Iterable
from datetime import datetime
from http import HTTPStatus

from tablewire.api.problems import Refusal
from tablewire.api.query import Query
from tablewire.api.requests import user_of
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route
from tablewire.api.windows import WINDOW, checked, read_window, window_parameters
from tablewire.services.alert_figures import DEFAULT_WINDOW, AlertInsight, AlertInsights


class AlertInsightController:
    """A user sees what came of their own alerts, an admin of all if they say so."""

    def __init__(self, insight: AlertInsight, now: Callable[[], datetime]) -> None:
        self._insight = insight
        self._now = now

    async def alerts(self, request: AnyRequest) -> AlertInsights:
        """What came of alerts."""
        query = Query(request.scope["query_string"], (*WINDOW, "all"))
        wish, everybody = checked(query, read_window(query), self._now()), query.flag("all")
        query.check()
        user = user_of(request)
        if everybody and not user.is_admin:
            raise Refusal(HTTPStatus.FORBIDDEN, "admins-only", "Only an admin may see all users' alerts.")
        return await self._insight.insights(
            None if everybody else user.id,
            window=wish.length or DEFAULT_WINDOW,
            since=wish.since,
            until=wish.until,
        )


ALERTS = Operation(
    summary="What came of your alerts, from the sending to the booking, and how often your goals match",
    tag="insights",
    answer=AlertInsights,
    parameters=(
        *window_parameters("30d"),
        Parameter(
            name="all",
            description="of all users, for admins",
            schema={"type": "boolean", "default": False},
        ),
    ),
    errors=(403, 503),
)


def routes(insight: AlertInsight, now: Callable[[], datetime]) -> Iterable[Route]:
    """The address of what came of alerts."""
    controller = AlertInsightController(insight, now)
    yield Route(path="/insights/alerts", operation=ALERTS, answer=controller.alerts)
