"""The world in which the contract suite tries a provider: a server on the loopback address that answers well, or misbehaves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import date
from typing import Any, ClassVar, Literal, get_args

from aiohttp import web

from tablewire.domain.markets import NYC, Market
from tablewire.domain.snapshots import Snapshot
from tablewire.providers.protocol import AvailabilityProvider, Seats, VenueLooks
from tablewire.providers.registry import Kit

HANG = 30.0
"""Seconds after which a provider under test counts as hanging."""

Fault = Literal[
    "429",
    "500",
    "403 page",
    "200 page",
    "cut",
    "empty",
    "other json",
    "deep json",
    "endless",
    "reset",
    "hung",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
"""What the server does to every request, one after the other."""

_PAGE = "<html><head><title>Pardon our interruption</title></head><body>Access denied</body></html>"
_DEPTH = 100_000
_BEYOND_ALL_BODIES = 9 << 20

_JSON: Mapping[str, Any] = {"content_type": "application/json"}
_PLAIN: Mapping[Fault, Mapping[str, Any]] = {
    "429": {**_JSON, "status": 429, "text": '{"status":429}', "headers": {"Retry-After": "60"}},
    "500": {"status": 500, "text": "Internal Server Error"},
    "403 page": {"status": 403, "text": _PAGE, "content_type": "text/html"},
    "200 page": {"text": _PAGE, "content_type": "text/html"},
    "cut": {**_JSON, "text": '{"meta":{"total":1},"search":{"hits":[{"id"'},
    "empty": {**_JSON, "text": ""},
    "other json": {**_JSON, "text": '[null,17,"text"]'},
    "deep json": {**_JSON, "text": "[" * _DEPTH},
    "endless": {**_JSON, "text": " " * _BEYOND_ALL_BODIES},
}
"""The faults that are answers; the others are none."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ContractWorld:
    """What a contract's subclass says of its provider, and how the tests reach it."""

    market: ClassVar[Market] = NYC
    service_date: ClassVar[date] = date(2026, 10, 22)
    party_sizes: ClassVar[tuple[int, ...]] = (2, 4)

    def make_provider(self, base_url: str, kit: Kit) -> AvailabilityProvider:
        """The provider, enabled, its calls going to `base_url`. To be given."""
        raise NotImplementedError

    def answer(self, request: web.Request, body: bytes) -> web.Response:
        """What the real server would answer: always the same, with a table or more for every party size. To be given."""
        raise NotImplementedError

    def make_kit(self, opted_out: frozenset[tuple[str, str]] = frozenset()) -> Kit:
        """What providers share, with room enough that nothing waits for the budget."""
        return Kit(
            seats=Seats(4),
            call_timeout=5.0,
            user_agent="tablewire-contract",
            environ={},
            opted_out=opted_out,
        )

    async def _good(self, request: web.Request) -> web.StreamResponse:
        return self.answer(request, await request.read())

    async def _ask(
        self,
        provider: AvailabilityProvider,
        *,
        seconds: float | None = None,
        time_slot: str | None = None,
        pages: Mapping[int, tuple[int, ...]] | None = None,
    ) -> Snapshot:
        """A search, with so many seconds for it."""
        asking = provider.search_availability(
            self.market,
            self.service_date,
            time_slot,
            self.party_sizes,
            pages=pages,
            until=_until(seconds),
        )
        return await asyncio.wait_for(asking, HANG)

    async def _look(self, provider: VenueLooks, *venues: str, seconds: float | None = None) -> Snapshot:
        """A look at some venues for every party size."""
        wanted = dict.fromkeys(self.party_sizes, venues)
        asking = provider.look_at(self.market, self.service_date, wanted, until=_until(seconds))
        return await asyncio.wait_for(asking, HANG)

    @contextlib.asynccontextmanager
    async def _world(
        self, handle: Handler, *, opted_out: frozenset[tuple[str, str]] = frozenset()
    ) -> AsyncIterator[AvailabilityProvider]:
        """A provider, and the server that it asks."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        kit = self.make_kit(opted_out) if opted_out else self.make_kit()
        provider = self.make_provider(f"http://127.0.0.1:{runner.addresses[0][1]}", kit)
        try:
            yield provider
        finally:
            await provider.aclose()
            await runner.cleanup()


def _until(seconds: float | None) -> float | None:
    return None if seconds is None else asyncio.get_running_loop().time() + seconds


def misbehave(fault: Fault, arrived: asyncio.Event | None = None) -> Handler:
    """A server that does this to every request; `arrived` is set by the first."""

    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        if arrived is not None:
            arrived.set()
        if fault == "reset" and request.transport is not None:
            request.transport.abort()
        if fault == "hung":
            await asyncio.sleep(HANG)
        given = _PLAIN.get(fault)
        return web.Response() if given is None else web.Response(**given)

    return handle
