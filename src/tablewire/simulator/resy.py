"""The Resy wire: which route answers what."""

import random
import re
from collections.abc import Callable, Mapping
from datetime import date

from tablewire.simulator.answers import (
    NOTHING_ASKED,
    Answer,
    Asked,
    BadCall,
    Call,
    Served,
    invalid,
    json_answer,
    not_found,
    text_answer,
    unauthorized,
)
from tablewire.simulator.city import City
from tablewire.simulator.faults import FaultRule
from tablewire.simulator.refusals import refusal
from tablewire.simulator.resy_find import calendar_answer, find_answer
from tablewire.simulator.resy_query import read_count, read_day, read_object, read_search
from tablewire.simulator.resy_search import Search
from tablewire.simulator.resy_spoiling import slip_of, spoil
from tablewire.simulator.resy_venues import location_config, venue_answer, venue_config
from tablewire.simulator.venues import CENTRE, Venue

_KEY = re.compile(r'ResyAPI api_key="([^"]+)"')
_PATHS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "search": ("/3/venuesearch/search", ("POST",)),
    "find": ("/4/find", ("GET", "POST")),
    "venue": ("/3/venue", ("GET",)),
    "calendar": ("/4/venue/calendar", ("GET",)),
    "location": ("/3/location/config", ("GET",)),
    "config": ("/2/config", ("GET",)),
    "geoip": ("/3/geoip", ("GET",)),
}


class Resy:
    """Answers Resy's callers from the city."""

    paths: Mapping[str, tuple[str, ...]] = dict(_PATHS.values())

    def __init__(self, city: City, api_key: str | None = None, extras: int | None = None) -> None:
        """`api_key` None takes any key; `extras`, where given, is how many bytes of decoration a lean hit has."""
        self._city = city
        self._api_key = api_key
        self._search = Search(city, extras)
        self._route_of = {path: route for route, (path, _) in _PATHS.items()}
        self._routes: Mapping[str, Callable[[Call], Answer]] = {
            "search": self._search.answer,
            "find": self._find,
            "venue": self._venue,
            "calendar": self._calendar,
            "location": lambda _: json_answer(location_config(city.local.name)),
            "config": self._config,
            "geoip": self._geoip,
        }

    def route(self, path: str, _call: Call) -> str:
        """A path is a route here."""
        return self._route_of[path]

    def turned_away(self, call: Call) -> Answer | None:
        """Everyone needs a name and a key."""
        if not call.user_agent.strip():
            return text_answer(500, "Internal Server Error")
        key = _KEY.fullmatch(call.authorization)
        return unauthorized() if key is None or self._api_key not in (None, key[1]) else None

    def answer(self, route: str, call: Call) -> Answer:
        """The whole answer to a call."""
        try:
            return self._routes[route](call)
        except BadCall as error:
            return invalid(error)

    def asked(self, route: str, call: Call) -> Asked:
        """What a search is about; of the other routes only whole answers say it."""
        if route != "search":
            return NOTHING_ASKED
        try:
            return read_search(call.body).asked()
        except BadCall:
            return NOTHING_ASKED

    def refusal(self, rule: FaultRule, _dice: random.Random) -> Answer | None:
        """The answer that stands in the place of the real one."""
        return refusal(rule)

    def spoiled(self, _route: str, call: Call, rule: FaultRule, dice: random.Random) -> tuple[Answer, bool]:
        """A search page with the fault in it."""
        try:
            query = read_search(call.body)
        except BadCall as error:
            return invalid(error), False
        slip = slip_of(rule.kind, query.page, dice)
        page, struck = spoil(self._search.page(query, slip), rule.kind, dice)
        return page.answer(), struck or bool(slip)

    def _find(self, call: Call) -> Answer:
        given = read_object(call.body) if call.method == "POST" else dict(call.query)
        day = read_day(given.get("day"), "day")
        party_size = read_count(given.get("party_size"), "party_size")
        venue = self._city.by_id.get(read_count(given.get("venue_id"), "venue_id"))
        if venue is None:
            raise BadCall(venue_id="Unknown venue.")
        where = (_degrees(given.get("lat"), "lat"), _degrees(given.get("long"), "long"))
        found, times = find_answer(self._city, venue, day, party_size, where)
        asked = Asked(day=day.isoformat(), party_size=party_size, venues=(venue.id,))
        return json_answer(found, asked=asked, venues=1, served=(Served(venue.id, times),))

    def _venue(self, call: Call) -> Answer:
        if "id" not in call.query and "url_slug" not in call.query:
            return json_answer({"data": {"id": "missing"}}, 400)
        venue = self._named(call.query)
        return not_found() if venue is None else json_answer(venue_answer(venue, self._city.local.name))

    def _named(self, query: Mapping[str, str]) -> Venue | None:
        if "id" in query:
            return self._city.by_id.get(read_count(query["id"], "id"))
        return next((one for one in self._city.venues if one.slug == query["url_slug"]), None)

    def _calendar(self, call: Call) -> Answer:
        seats = read_count(call.query.get("num_seats"), "num_seats")
        first, last = (read_day(call.query.get(field), field) for field in ("start_date", "end_date"))
        venue = self._city.by_id.get(read_count(call.query.get("venue_id"), "venue_id"))
        if venue is None:
            return not_found()
        return json_answer(calendar_answer(self._city, venue, seats, first, last))

    def _config(self, call: Call) -> Answer:
        venue = self._city.by_id.get(read_count(call.query.get("venue_id"), "venue_id"))
        if venue is None:
            return not_found()
        today = date.fromordinal(self._city.local.day_of(self._city.life.now))
        return json_answer(venue_config(venue, today))

    def _geoip(self, _: Call) -> Answer:
        place = {"ip": "192.0.2.1", "latitude": CENTRE[0], "longitude": CENTRE[1], "country_iso_code": "US"}
        return json_answer({**place, "in_eu": False, "source": "simulator", "success": True})


def _degrees(value: object, field: str) -> float:
    try:
        return float(str(value if value is not None else 0))
    except ValueError as error:
        raise BadCall(**{field: "Not a valid number."}) from error
