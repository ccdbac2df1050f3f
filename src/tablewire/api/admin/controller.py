"""The addresses for admins: emptying the database, and a new baseline for a bucket."""

from collections.abc import Iterable

from tablewire.api import parameters
from tablewire.api.admin.schemas import ClearDb, Cleared, RebaselinedBucket
from tablewire.api.query import Query
from tablewire.api.requests import body_of, no_parameters, user_of
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route
from tablewire.errors import BadInput
from tablewire.services.admin import HOW_TO_CONFIRM, Admin


class AdminController:
    """Translates for the service."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def clear(self, request: AnyRequest) -> Cleared:
        """Empty the database."""
        no_parameters(request)
        if not await request.body():  # as clients of the earlier system ask
            raise BadInput.of("confirm", HOW_TO_CONFIRM)
        asked = await body_of(request, ClearDb)
        return Cleared(emptied=list(await self._admin.clear(user_of(request), asked.confirm)))

    async def rebaseline(self, request: AnyRequest) -> RebaselinedBucket:
        """Make a baseline of what is open."""
        query = Query(request.scope["query_string"], ("market",))
        market = query.text("market")
        query.check()
        bucket_id = str(request.path_params["bucket_id"])
        done = await self._admin.rebaseline(user_of(request), bucket_id, market)
        return RebaselinedBucket(
            market=done.key.market,
            bucket_id=done.key.bucket_id,
            joined=sum(done.joined.values()),
            providers=dict(done.joined),
        )


CLEAR = Operation(
    summary="Empty the database: all that was observed, and all watches, requests and notifications",
    tag="admin",
    answer=Cleared,
    body=ClearDb,
)
REBASELINE = Operation(
    summary="Make baseline of the open slots of a bucket that have no opening event",
    tag="admin",
    answer=RebaselinedBucket,
    parameters=(
        parameters.path("bucket_id", "a bucket's id, such as 2026-02-18_19:00"),
        Parameter(
            name="market",
            description="market id; needed where several markets have the bucket",
            schema={"type": "string", "minLength": 1, "maxLength": 200},
        ),
    ),
)


def routes(admin: Admin) -> Iterable[Route]:
    """The addresses for admins."""
    does = AdminController(admin)
    yield Route(path="/admin/clear-db", method="POST", access="admin", operation=CLEAR, answer=does.clear)
    yield Route(
        path="/admin/buckets/{bucket_id}/rebaseline",
        method="POST",
        access="admin",
        operation=REBASELINE,
        answer=does.rebaseline,
    )
