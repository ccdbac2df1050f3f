"""The server: one handler through which every call to the wire goes, and what it is put together from."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from tablewire.simulator.answers import Answer, BadCall, Call, invalid, text_answer, unauthorized
from tablewire.simulator.city import City
from tablewire.simulator.control import Control, Handler
from tablewire.simulator.delivery import NeverSent, deliver
from tablewire.simulator.faults import SEARCH_ONLY, FaultRule, Faults
from tablewire.simulator.requests import Requests
from tablewire.simulator.resy import PATHS, Resy, Route
from tablewire.simulator.resy_query import read_search
from tablewire.simulator.spoiling import cut_short, refusal, slip_of, spoil

_KEY = re.compile(r'ResyAPI api_key="([^"]+)"')
_MOST_BODY = 1 << 20


def wall_clock() -> datetime:
    """The time of day, in UTC."""
    return datetime.now(UTC)


class SimulatorOptions(msgspec.Struct, kw_only=True, frozen=True):
    """What a simulator is made of. The city's own numbers are explained at `City.build`.

    `start` is when the city begins (None: now by the clock). `api_key` None takes any key. `latency` is in seconds,
    before each answer. `keep_served` keeps what each search answer showed, for tests.
    """

    seed: int = 1
    venues: int = 2700
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
        self._resy = Resy(self.city)

    def application(self) -> web.Application:
        """The routes of the wire and the simulator's own."""
        application = web.Application(client_max_size=_MOST_BODY)
        for route, (path, methods) in PATHS.items():
            for method in methods:
                application.router.add_route(method, path, self._handler(route))
        control = Control(self.city, self.faults, self.requests, self.options.clock)
        application.add_routes(control.routes())
        return application

    def _handler(self, route: Route) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._handle(route, request)

        return handle

    async def _handle(self, route: Route, request: web.Request) -> web.StreamResponse:
        headers = request.headers
        call = Call(
            request.method,
            request.query,
            await request.read(),
            headers.get("User-Agent", ""),
            headers.get("Authorization", ""),
        )
        record = self.requests.begin(self._now(), route, call)
        if self.options.latency:
            await asyncio.sleep(self.options.latency)
        answer, rule = self._answer(route, call)
        record.fault = None if rule is None else rule.kind
        self.requests.answered(record, answer)
        try:
            response = await deliver(request, answer, rule, compress=self.options.gzip)
        except NeverSent:
            return web.Response(status=answer.status)  # nobody is there to get it
        self.requests.finished(record, answer, self._now())
        return response

    def _answer(self, route: Route, call: Call) -> tuple[Answer, FaultRule | None]:
        """What to say, and the rule that spoils it (None: a whole answer)."""
        self.city.advance(self.options.clock())
        if not call.user_agent.strip():
            return text_answer(500, "Internal Server Error"), None
        key = _KEY.fullmatch(call.authorization)
        if key is None or self.options.api_key not in (None, key[1]):
            return unauthorized(), None
        rule = self.faults.strike(route, self._now())
        if rule is None:
            return self._resy.answer(route, call), None
        refused = refusal(rule)
        if refused is not None:
            return _asked_about(refused, route, call), rule
        if rule.kind in SEARCH_ONLY:
            return self._spoiled(call, rule)
        answer = self._resy.answer(route, call)
        return (cut_short(answer, self.faults.dice) if rule.kind == "cut_json" else answer), rule

    def _spoiled(self, call: Call, rule: FaultRule) -> tuple[Answer, FaultRule | None]:
        dice = self.faults.dice
        try:
            slip = slip_of(rule.kind, read_search(call.body).page, dice)
            page, struck = spoil(self._resy.search(call, slip), rule.kind, dice)
        except BadCall as error:
            return invalid(error), None
        return page.answer(), rule if struck or slip else None

    def _now(self) -> float:
        return self.options.clock().timestamp()


def _asked_about(answer: Answer, route: Route, call: Call) -> Answer:
    """A refusal that still knows for the log what a search was about."""
    if route != "search":
        return answer
    try:
        query = read_search(call.body)
    except BadCall:
        return answer
    day = None if query.day is None else query.day.isoformat()
    asked = {"day": day, "party_size": query.party_size, "page": query.page, "per_page": query.per_page}
    return msgspec.structs.replace(answer, **asked)
