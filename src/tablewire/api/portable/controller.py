"""The addresses of the file of everything: written, and taken over."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from tablewire.api.channels.schemas import wish_of
from tablewire.api.portable.schemas import Imported, NewSecretView, UserFile, channel_body
from tablewire.api.query import Query
from tablewire.api.requests import body_of, no_parameters, user_of
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route
from tablewire.domain.users import User
from tablewire.services.portable import Brought
from tablewire.services.portable_channels import NewSecret


class PortableDoor(Protocol):
    """All that a user has made; see `services.portable`."""

    async def written(self, user: User, *, secrets: bool) -> Mapping[str, Sequence[Any]]:
        """As it would be made again."""
        ...

    async def bring(self, user: User, given: Mapping[str, Sequence[Any]]) -> Mapping[str, Brought]:
        """Make it, whole or not at all."""
        ...


class SecretsDoor(Protocol):
    """Who has the keys of webhooks that were made; see `services.portable_channels`."""

    def take_secrets(self, user: User) -> Sequence[NewSecret]:
        """Those not told yet."""
        ...


class PortableController:
    """Translates for the service."""

    def __init__(self, portable: PortableDoor, secrets: SecretsDoor, now: Callable[[], datetime]) -> None:
        self._portable = portable
        self._secrets = secrets
        self._now = now

    async def written(self, request: AnyRequest) -> UserFile:
        """Everything, as a file."""
        query = Query(request.scope["query_string"], ("secrets",))
        secrets = query.flag("secrets")
        query.check()
        found = await self._portable.written(user_of(request), secrets=secrets)
        return UserFile(
            format="tablewire-1",
            exported_at=self._now(),
            channels=[channel_body(wish) for wish in found["channels"]],
            watches=list(found["watches"]),
            notify_requests=list(found["notify_requests"]),
            goals=list(found["goals"]),
        )

    async def brought(self, request: AnyRequest) -> Imported:
        """Take a file over."""
        no_parameters(request)
        user, file = user_of(request), await body_of(request, UserFile)
        given: dict[str, Sequence[Any]] = {
            "channels": [wish_of(body) for body in file.channels],
            "watches": file.watches,
            "notify_requests": file.notify_requests,
            "goals": file.goals,
        }
        brought = await self._portable.bring(user, given)
        secrets = [NewSecretView(**msgspec.structs.asdict(told)) for told in self._secrets.take_secrets(user)]
        return Imported(**brought, webhook_secrets=secrets)


EXPORT = Operation(
    summary="Your watches, notify requests, goals and channels as one file",
    tag="me",
    answer=UserFile,
    parameters=(
        Parameter(
            name="secrets",
            description="with the addresses of channels, which are secret",
            schema={"type": "boolean", "default": False},
        ),
    ),
)
IMPORT = Operation(
    summary="Make everything in a file that you do not have yet: all of it, or nothing",
    tag="me",
    answer=Imported,
    body=UserFile,
    errors=(409,),
)


def routes(portable: PortableDoor, secrets: SecretsDoor, now: Callable[[], datetime]) -> Iterable[Route]:
    """The addresses of the file."""
    does = PortableController(portable, secrets, now)
    yield Route(path="/me/export", operation=EXPORT, answer=does.written)
    yield Route(path="/me/import", method="POST", operation=IMPORT, answer=does.brought)
