"""The simulator's own routes: truth, faults, requests, and hands on the tables."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

import msgspec
from aiohttp import web

from tablewire.simulator.city import City
from tablewire.simulator.faults import FaultError, Faults
from tablewire.simulator.local_time import instant_text
from tablewire.simulator.requests import Requests
from tablewire.simulator.routes import RESY, ROUTES
from tablewire.simulator.truth import Happening, OpenSlot

_MOST_ROWS = 100_000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlError(ValueError):
    """A call to the simulator's own routes that makes no sense."""


class Control:
    """Answers the routes that begin with an underscore. They need no key."""

    def __init__(self, city: City, faults: Faults, requests: Requests, clock: Callable[[], datetime]) -> None:
        self._city = city
        self._faults = faults
        self._requests = requests
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """The routes as the server takes them."""
        return [
            web.get("/_city", self._guarded(self._summary)),
            web.get("/_truth/events", self._guarded(self._events)),
            web.get("/_truth/open", self._guarded(self._open)),
            web.get("/_truth/venues", self._guarded(self._venues)),
            web.get("/_requests", self._guarded(self._calls)),
            web.get("/_faults", self._guarded(self._show_faults)),
            web.put("/_faults", self._guarded(self._set_faults)),
            web.delete("/_faults", self._guarded(self._clear_faults)),
            web.put("/_script", self._guarded(self._script)),
        ]

    def _guarded(self, answer: Callable[[web.Request], Awaitable[Any]]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self._city.advance(self._clock())
            try:
                return _json(await answer(request))
            except (ControlError, FaultError) as error:
                return _json({"error": str(error)}, 400)

        return handle

    async def _summary(self, _: web.Request) -> Any:
        city = self._city
        return {
            "seed": city.seed,
            "venues": len(city.venues),
            "opentable_venues": len(city.twins),
            "neighborhoods": len({venue.neighbourhood for venue in city.venues if venue.neighbourhood}),
            "time_zone": city.local.name,
            "party_sizes": city.party_sizes,
            "now": instant_text(city.life.now),
            "days": [date.fromordinal(day).isoformat() for day in sorted(city.inventory.days)],
            "events": city.truth.count,
            "requests": self._requests.count,
        }

    async def _events(self, request: web.Request) -> Any:
        since, limit = _count(request, "since", 0), _count(request, "limit", _MOST_ROWS)
        return [_happening(one) for one in self._city.truth.since(since, min(limit, _MOST_ROWS))]

    async def _open(self, request: web.Request) -> Any:
        text = request.query.get("day")
        try:
            day = None if text is None else date.fromisoformat(text)
        except ValueError as error:
            raise ControlError(f"day={text!r}: allowed are dates, such as 2026-11-21") from error
        return [_open_slot(one) for one in self._city.open_slots(day)]

    async def _venues(self, _: web.Request) -> Any:
        return [msgspec.structs.asdict(one) for one in self._city.who_is_who()]

    async def _calls(self, request: web.Request) -> Any:
        since, limit = _count(request, "since", 0), _count(request, "limit", _MOST_ROWS)
        return [record.shown() for record in self._requests.since(since, limit)]

    async def _show_faults(self, _: web.Request) -> Any:
        return [rule.shown() for rule in self._faults.rules]

    async def _set_faults(self, request: web.Request) -> Any:
        self._faults.set(await _rows(request))
        return await self._show_faults(request)

    async def _clear_faults(self, _: web.Request) -> Any:
        self._faults.clear()
        return []

    async def _script(self, request: web.Request) -> Any:
        before = self._city.truth.count
        for row in await _rows(request):
            self._act(row)
        return [_happening(one) for one in self._city.truth.since(before)]

    def _act(self, row: Any) -> None:
        """One line of a script: open or close a slot by hand."""
        if not isinstance(row, dict) or row.get("what") not in ("open", "close"):
            raise ControlError(f"what={row!r}: allowed are objects with what=open or what=close")
        provider = row.get("provider", RESY)
        if provider not in ROUTES:
            raise ControlError(f"provider={provider!r}: allowed are {', '.join(ROUTES)}")
        venue_id, actual_time, sizes = row.get("venue_id"), row.get("actual_time"), row.get("party_sizes")
        if not isinstance(venue_id, int) or venue_id not in self._city.houses(provider):
            raise ControlError(
                f"venue_id={venue_id!r}: allowed are the ids of the city's venues at {provider}"
            )
        if sizes is not None and not (
            isinstance(sizes, list) and all(type(one) is int and 1 <= one <= 40 for one in sizes)
        ):
            raise ControlError(f"party_sizes={sizes!r}: allowed are lists of numbers from 1 to 40")
        try:
            if row["what"] == "open":
                self._city.open(venue_id, str(actual_time), sizes or (2,), provider=provider)
            else:
                self._city.close(venue_id, str(actual_time), sizes, provider=provider)
        except ValueError as error:
            raise ControlError(str(error)) from error


def _happening(one: Happening) -> dict[str, Any]:
    return {
        "n": one.n,
        "at": instant_text(one.at),
        "provider": one.provider,
        "venue_id": one.venue_id,
        "actual_time": one.actual_time,
        "party_size": one.party_size,
        "what": one.what,
        "why": one.why,
    }


def _open_slot(one: OpenSlot) -> dict[str, Any]:
    return msgspec.structs.asdict(one)


async def _rows(request: web.Request) -> list[Any]:
    try:
        return msgspec.json.decode(await request.read(), type=list[Any])
    except msgspec.MsgspecError as error:
        raise ControlError(f"body: allowed is a JSON list ({error})") from error


def _count(request: web.Request, name: str, usual: int) -> int:
    text = request.query.get(name, str(usual))
    if not text.isdecimal():
        raise ControlError(f"{name}={text!r}: allowed are whole numbers from 0 on")
    return int(text)


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")
