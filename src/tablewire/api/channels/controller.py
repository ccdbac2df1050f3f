"""The addresses of a user's channels."""

from collections.abc import Iterable
from typing import Protocol

from tablewire.api.channels.schemas import (
    ChannelBody,
    ChannelPage,
    ChannelPatch,
    MadeChannel,
    PushKey,
    ShownChannel,
    TestResult,
    change_of,
    made,
    result,
    shown,
    wish_of,
)
from tablewire.api.paging import PAGING, page_of
from tablewire.api.parameters import path
from tablewire.api.requests import body_of, id_of, no_parameters, user_of
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.domain.channels import Channel
from tablewire.services.channels import ChannelChange, ChannelWish, Made, Tested


class ChannelService(Protocol):
    """What the addresses ask of the service."""

    @property
    def push_key(self) -> str:
        """What browsers subscribe with."""
        ...

    async def make(self, user_id: int, wish: ChannelWish) -> Made:
        """A new channel."""
        ...

    async def of_user(self, user_id: int, before: int | None, limit: int) -> list[Channel]:
        """A page."""
        ...

    async def get(self, user_id: int, channel_id: int) -> Channel:
        """One."""
        ...

    async def change(self, user_id: int, channel_id: int, change: ChannelChange) -> Channel:
        """Change one."""
        ...

    async def remove(self, user_id: int, channel_id: int) -> None:
        """Remove one."""
        ...

    async def test(self, user_id: int, channel_id: int) -> Tested:
        """Send a message now."""
        ...


class ChannelsController:
    """A user sees and changes their own only."""

    def __init__(self, channels: ChannelService) -> None:
        self._channels = channels

    async def list(self, request: AnyRequest) -> ChannelPage:
        """A page of them."""
        page = page_of(request)
        found, cursor = page.cut(await self._channels.of_user(user_of(request).id, page.before, page.enough))
        return ChannelPage([shown(one) for one in found], cursor, cursor is not None)

    async def make(self, request: AnyRequest) -> MadeChannel:
        """A new one."""
        no_parameters(request)
        wish = wish_of(await body_of(request, ChannelBody))
        new = await self._channels.make(user_of(request).id, wish)
        return made(new.channel, new.secret)

    async def get(self, request: AnyRequest) -> ShownChannel:
        """One of them."""
        no_parameters(request)
        return shown(await self._channels.get(user_of(request).id, id_of(request)))

    async def change(self, request: AnyRequest) -> ShownChannel:
        """Change one."""
        no_parameters(request)
        change = change_of(await body_of(request, ChannelPatch))
        return shown(await self._channels.change(user_of(request).id, id_of(request), change))

    async def remove(self, request: AnyRequest) -> None:
        """Remove one."""
        no_parameters(request)
        await self._channels.remove(user_of(request).id, id_of(request))

    async def test(self, request: AnyRequest) -> TestResult:
        """Try one out."""
        no_parameters(request)
        return result(await self._channels.test(user_of(request).id, id_of(request)))

    async def push_key(self, request: AnyRequest) -> PushKey:
        """The key for browsers."""
        no_parameters(request)
        return PushKey(self._channels.push_key)


_ID = path("id", "the id of one of your channels")
LIST = Operation(
    summary="Your channels, newest first",
    tag="channels",
    answer=ChannelPage,
    parameters=PAGING,
)
MAKE = Operation(
    summary="Make a channel: an Apprise URL, a signed webhook, or a browser",
    tag="channels",
    body=ChannelBody,
    answer=MadeChannel,
    status=201,
    errors=(409,),
)
GET = Operation(
    summary="One of your channels", tag="channels", answer=ShownChannel, parameters=(_ID,), errors=(404,)
)
CHANGE = Operation(
    summary="Change a channel, pause it, or let it go on",
    tag="channels",
    body=ChannelPatch,
    answer=ShownChannel,
    parameters=(_ID,),
    errors=(404,),
)
REMOVE = Operation(
    summary="Remove a channel with what waits for it",
    tag="channels",
    status=204,
    parameters=(_ID,),
    errors=(404,),
)
TEST = Operation(
    summary="Send a real message now, and answer how it went",
    tag="channels",
    answer=TestResult,
    parameters=(_ID,),
    errors=(404, 409),
)
PUSH_KEY = Operation(summary="The key with which browsers subscribe", tag="channels", answer=PushKey)


def routes(channels: ChannelService) -> Iterable[Route]:
    """The addresses of channels."""
    controller = ChannelsController(channels)
    yield Route(path="/channels", operation=LIST, answer=controller.list)
    yield Route(path="/channels", method="POST", operation=MAKE, answer=controller.make)
    yield Route(path="/channels/webpush-key", operation=PUSH_KEY, answer=controller.push_key)
    yield Route(path="/channels/{id}", operation=GET, answer=controller.get)
    yield Route(path="/channels/{id}", method="PATCH", operation=CHANGE, answer=controller.change)
    yield Route(path="/channels/{id}", method="DELETE", operation=REMOVE, answer=controller.remove)
    yield Route(path="/channels/{id}/test", method="POST", operation=TEST, answer=controller.test)
