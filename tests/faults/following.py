"""Clients that follow the feed through everything: by pages, and by the stream with the last id they were given."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiohttp
import msgspec

from tests.unit.live.doubles import Frame, parse_frame

ALL_TYPES = "drop,reopened,closed"
_AGAIN = 0.02
"""Seconds between two looks of a client that has nothing to do."""

Address = Callable[[], str | None]


class Follower(Protocol):
    """Somebody who follows the feed."""

    events: list[dict[str, Any]]
    """What it was told, in the order of telling."""

    async def run(self) -> None:
        """Follow for ever."""
        ...


class PageFollower:
    """Hands `next_cursor` back as `since`, for ever."""

    def __init__(self, web: aiohttp.ClientSession, address: Address, *, since: str = "0") -> None:
        self.events: list[dict[str, Any]] = []
        self.cursor = since
        self._web = web
        self._address = address

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                if (address := self._address()) is not None and await self._read(address):
                    continue
            await asyncio.sleep(_AGAIN)

    async def _read(self, address: str) -> bool:
        """One page; whether there is more."""
        query = {"since": self.cursor, "limit": "37", "types": ALL_TYPES}
        async with self._web.get(address + "/feed", params=query) as answer:
            page = await answer.read()
            if answer.status == 503:
                return False
            assert answer.status == 200, page
        found = msgspec.json.decode(page)
        self.events += found["events"]
        self.cursor = found["next_cursor"]
        return bool(found["has_more"])


class StreamFollower:
    """Keeps a stream open, and comes back with the last id, as a browser does."""

    def __init__(self, web: aiohttp.ClientSession, address: Address, *, since: str | None = "0") -> None:
        self.events: list[dict[str, Any]] = []
        self.frames: list[Frame] = []
        """The frames that are no events: hello, bye, reset, and signs of life."""
        self.cursor = since
        self.connects = 0
        """Streams that began with hello."""
        self.ends = 0
        """Streams that ended, for whatever reason."""
        self._web = web
        self._address = address

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                if (address := self._address()) is not None:
                    await self._listen(address)
            await asyncio.sleep(_AGAIN)

    async def _listen(self, address: str) -> None:
        place = {} if self.cursor is None else {"Last-Event-ID": self.cursor}
        url = f"{address}/feed/stream?types={ALL_TYPES}"
        async with self._web.get(url, headers=place) as answer:
            if answer.status == 503:
                return
            assert answer.status == 200, await answer.text()
            try:
                await self._read(answer)
            finally:
                self.ends += 1

    async def _read(self, answer: aiohttp.ClientResponse) -> None:
        text = b""
        async for some in answer.content.iter_any():
            *whole, text = (text + some).split(b"\n\n")
            for one in whole:
                self._take(parse_frame(one.decode()))

    def _take(self, frame: Frame) -> None:
        self.cursor = frame.id or self.cursor
        if frame.event in ("drop", "reopened", "closed"):
            assert frame.id == str(frame.data["id"])
            self.events.append(frame.data)
            return
        self.connects += frame.event == "hello"
        self.frames.append(frame)

    def told(self, name: str) -> list[Frame]:
        """The frames of that name."""
        return [frame for frame in self.frames if frame.event == name]


@asynccontextmanager
async def following(*followers: Follower) -> AsyncIterator[None]:
    """Let them follow as long as the block lasts. Whatever surprised one of them is raised at the end."""
    tasks = [asyncio.create_task(one.run(), name=type(one).__name__) for one in followers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    surprises = [end for end in ended if isinstance(end, Exception)]
    if surprises:
        raise surprises[0]


def ids(events: Sequence[dict[str, Any]]) -> list[int]:
    """Their places in the log."""
    return [event["id"] for event in events]
