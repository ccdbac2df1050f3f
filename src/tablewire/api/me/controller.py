"""The addresses of whoever asks."""

from collections.abc import Iterable

from tablewire.api.me.schemas import Farewell, Me, MeChange, me
from tablewire.api.protocol import AccountsDoor
from tablewire.api.requests import body_of, no_parameters, user_of
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.errors import BadInput


class MeController:
    """A user sees, changes and deletes themselves only."""

    def __init__(self, accounts: AccountsDoor) -> None:
        self._accounts = accounts

    async def show(self, request: AnyRequest) -> Me:
        """Who asks."""
        no_parameters(request)
        return me(user_of(request))

    async def change(self, request: AnyRequest) -> Me:
        """Change what a user may."""
        no_parameters(request)
        change = await body_of(request, MeChange)
        return me(await self._accounts.set_time_zone(user_of(request), change.time_zone))

    async def delete(self, request: AnyRequest) -> None:
        """Delete the user, with everything that is theirs."""
        no_parameters(request)
        user = user_of(request)
        if (await body_of(request, Farewell)).confirm != user.name:
            raise BadInput.of("confirm", "it is not your own name: everything of yours would be deleted")
        await self._accounts.delete(user)


SHOW = Operation(summary="Who asks", tag="users", answer=Me)
CHANGE = Operation(
    summary="Set the zone in which quiet hours are meant",
    tag="users",
    body=MeChange,
    answer=Me,
    errors=(404,),
)
DELETE = Operation(
    summary="Delete yourself, with everything that is yours",
    tag="users",
    body=Farewell,
    status=204,
    errors=(409,),
)


def routes(accounts: AccountsDoor) -> Iterable[Route]:
    """The addresses of whoever asks."""
    controller = MeController(accounts)
    yield Route(path="/me", operation=SHOW, answer=controller.show)
    yield Route(path="/me", method="PATCH", operation=CHANGE, answer=controller.change)
    yield Route(path="/me", method="DELETE", operation=DELETE, answer=controller.delete)
