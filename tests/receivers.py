"""Servers that take messages, each on a port of its own, well-behaved and not."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from tablewire.domain.notifications import Facts, Kind, Notification
from tablewire.notifications.guard import Guard
from tablewire.notifications.protocol import Item, Message, Purpose

LOOPBACK = Guard.of([ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")])
AT = datetime(2026, 2, 11, 15, 0, tzinfo=UTC)


class Taken(msgspec.Struct):
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Its body."""
        return msgspec.json.decode(self.body)


class Receiver:
    """Takes every POST, and answers as told."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[Taken] = []
        self.answers: list[web.Response] = []
        """What is answered next; 200 where nothing is left."""
        self.behave: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
        self.came = asyncio.Event()

    def url(self, path: str = "/hook", scheme: str = "http") -> str:
        """Its address."""
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Note a request, and answer it."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.taken.append(Taken(request.path, headers, await request.read()))
        self.came.set()
        if self.behave is not None:
            return await self.behave(request)
        return self.answers.pop(0) if self.answers else web.Response(text="{}")


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    taking = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", taking.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    taking.port = runner.addresses[0][1]
    try:
        yield taking
    finally:
        await runner.cleanup()


async def hang(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def endless(request: web.Request) -> web.StreamResponse:
    """Say that ten bytes come, or nothing at all, and send ten gigabytes."""
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):
        for _ in range(10_000):
            await response.write(bytes(2**20))
    return response


def notification(id: int = 1, **changes: Any) -> Notification:
    """A table at Carbone."""
    values: dict[str, Any] = {
        "id": id,
        "place": id,
        "user_id": 1,
        "kind": Kind.NOTIFY,
        "source_id": 7,
        "title": f"Carbone: table {id} for 2",
        "body": "Fri 20 Feb 20:30",
        "book_url": "https://resy.com/carbone",
        "facts": Facts(provider="resy", venue_id="834", venue_name="Carbone", party_sizes=(2,)),
        "created_at": AT,
    }
    return Notification(**(values | changes))


def message(**changes: Any) -> Message:
    """A message that tells of it."""
    values: dict[str, Any] = {
        "id": "5f6c1d5e-0000-4000-8000-000000000001",
        "purpose": Purpose.NEW,
        "kind": Kind.NOTIFY,
        "title": "Carbone: table for 2",
        "body": "Fri 20 Feb 20:30",
        "url": "https://tables.example/go/token",
        "tag": "notification-1",
        "at": AT,
        "items": (Item(notification(), "https://tables.example/go/token"),),
    }
    return Message(**(values | changes))
