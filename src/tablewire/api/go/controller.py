"""The address of the links in notifications."""

from collections.abc import Iterable
from http import HTTPStatus

from tablewire.api import parameters
from tablewire.api.routes import AnyRequest, Operation, Reply, Route
from tablewire.services.links import Links


class GoController:
    """Follows links."""

    def __init__(self, links: Links) -> None:
        self._links = links

    async def go(self, request: AnyRequest) -> Reply:
        """Take the user to the table. A HEAD, as scanners of links send it, is no tap."""
        # Whatever a mail program has put behind the token is not ours to refuse: the query is not looked at.
        tap = not request.scope.get("state", {}).get("head")
        target = await self._links.follow(str(request.path_params["token"]), tap=tap)
        headers = {"location": target, "cache-control": "no-store"}
        return Reply(body=b"", media_type="text/plain", status=HTTPStatus.FOUND, headers=headers)


GO = Operation(
    summary="Follow the link of a notification: records the tap, and leads to the page where the table is booked",
    tag="notifications",
    status=HTTPStatus.FOUND,
    media_types=("text/plain",),
    parameters=(parameters.path("token", "the link's token"),),
    errors=(404, 503),
)


def routes(links: Links) -> Iterable[Route]:
    """The address of links."""
    yield Route(path="/go/{token}", operation=GO, answer=GoController(links).go, access="open")
