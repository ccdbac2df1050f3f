"""The address at which an admin has the figures made anew."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from tablewire.api.figures.schemas import Refreshed, RefreshedMarket
from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route
from tablewire.engine.rollups import RolledUp


class Refreshing(Protocol):
    """Who rolls up."""

    async def refresh(self, *, everything: bool = False) -> Sequence[RolledUp]:
        """Roll up. Raises `Conflict` while that is being done already, `StoreError`."""
        ...


class RefreshController:
    """Translates for the engine."""

    def __init__(self, rollups: Refreshing) -> None:
        self._rollups = rollups

    async def refresh(self, request: AnyRequest) -> Refreshed:
        """Make the figures anew; answers when that is done."""
        query = Query(request.scope["query_string"], ("everything",))
        everything = query.flag("everything")
        query.check()
        done = await self._rollups.refresh(everything=everything)
        return Refreshed(
            markets=[
                RefreshedMarket(
                    market=one.market.id,
                    computed_at=one.at,
                    venues=one.venues,
                    days=one.days,
                    first_day=one.first_day,
                )
                for one in done
            ]
        )


REFRESH = Operation(
    summary="Make the figures anew, now",
    tag="admin",
    answer=Refreshed,
    parameters=(
        Parameter(
            name="everything",
            description="all days that the log has whole, and not what is new only",
            schema={"type": "boolean"},
        ),
    ),
    errors=(409, 503),
)


def routes(rollups: Refreshing) -> Iterable[Route]:
    """The address."""
    refresh = RefreshController(rollups)
    yield Route(
        path="/admin/metrics/refresh",
        method="POST",
        access="admin",
        operation=REFRESH,
        answer=refresh.refresh,
    )
