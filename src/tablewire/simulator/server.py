"""The server: both wires over HTTP, and what a simulator is put together from."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from tablewire.simulator.answers import Call
from tablewire.simulator.city import City
from tablewire.simulator.control import Control
from tablewire.simulator.delivery import NeverSent, deliver
from tablewire.simulator.desk import Desk
from tablewire.simulator.door import Door, Reply
from tablewire.simulator.faults import Faults
from tablewire.simulator.opentable import OpenTable
from tablewire.simulator.requests import Requests
from tablewire.simulator.resy import Resy
from tablewire.simulator.wires import Wire

_MOST_BODY = 1 << 20


def wall_clock() -> datetime:
    """The time of day, in UTC."""
    return datetime.now(UTC)


class SimulatorOptions(msgspec.Struct, kw_only=True, frozen=True):
    """What a simulator is made of. The city's own numbers are explained at `City.build`.

    `start` is when the city begins (None: now by the clock). `api_key` None takes any key. `latency` is in seconds,
    before each answer. `keep_served` keeps what each answer showed, for tests. `opentable_hashes` has the hash that each
    operation of OpenTable wants; one that is not listed takes any. `extras` None writes answers as rich as real ones; a
    number makes them lean, with so many bytes of decoration a venue.
    """

    seed: int = 1
    venues: int = 2700
    opentable_venues: int = 0
    neighbourhoods: int = 60
    days: int = 14
    time_zone: str = "America/New_York"
    speed: float = 1.0
    party_sizes: tuple[int, ...] = (2, 4)
    quiet: bool = False
    empty: bool = False
    start: datetime | None = None
    clock: Callable[[], datetime] = wall_clock
    api_key: str | None = None
    opentable_hashes: Mapping[str, str] = {}
    extras: int | None = None
    latency: float = 0.0
    gzip: bool = False
    keep_served: bool = False
    requests_limit: int = 20_000
    truth_limit: int = 300_000


class Simulator:
    """A city behind its wire. `base_url` is set once it listens."""

    def __init__(self, options: SimulatorOptions) -> None:
        self.options = options
        self.base_url = ""
        self.city = City.build(
            options.seed,
            options.start or options.clock(),
            venues=options.venues,
            opentable_venues=options.opentable_venues,
            neighbourhoods=options.neighbourhoods,
            days=options.days,
            time_zone=options.time_zone,
            speed=options.speed,
            party_sizes=options.party_sizes,
            quiet=options.quiet,
            empty=options.empty,
            truth_limit=options.truth_limit,
            clock=options.clock,
        )
        self.truth = self.city.truth
        self.faults = Faults(options.seed)
        self.requests = Requests(keep_served=options.keep_served, limit=options.requests_limit)
        wires: list[Wire] = [
            Resy(self.city, options.api_key, options.extras),
            OpenTable(self.city, options.opentable_hashes, options.extras),
        ]
        self._desk = Desk(self.city, wires, self.faults, self.requests, options.clock)
        self._door = Door(self._desk, options.latency)

    def respond(
        self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None = b""
    ) -> Reply:
        """Answer a call to a wire without sockets: see `Door.respond`."""
        return self._door.respond(method, path_and_query, headers, body)

    async def exchange(
        self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None = b""
    ) -> Reply:
        """Answer a call as HTTP would, without sockets: see `Door.exchange`."""
        return await self._door.exchange(method, path_and_query, headers, body)

    def application(self) -> web.Application:
        """The routes of the wires and the simulator's own."""
        application = web.Application(client_max_size=_MOST_BODY)
        for path, wire in self._desk.wires.items():
            for method in wire.paths[path]:
                application.router.add_route(method, path, self._handle)
        control = Control(self.city, self.faults, self.requests, self.options.clock)
        application.add_routes(control.routes())
        return application

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        headers = request.headers
        call = Call(
            request.method,
            request.query,
            await request.read(),
            headers.get("User-Agent", ""),
            headers.get("Authorization", ""),
            headers.get("X-CSRF-Token", ""),
        )
        taken = self._desk.take(request.path, call)
        if isinstance(taken, int):
            return web.Response(status=taken)
        if self.options.latency:
            await asyncio.sleep(self.options.latency)
        answer, rule = self._desk.answer(taken)
        try:
            response = await deliver(request, answer, rule, compress=self.options.gzip)
        except NeverSent:
            return web.Response(status=answer.status)  # nobody is there to get it
        self._desk.finished(taken, answer)
        return response
