"""The Resy wire: which route answers what."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Literal

from tablewire.simulator.answers import Answer, BadCall, Call, invalid, json_answer, not_found
from tablewire.simulator.city import City
from tablewire.simulator.resy_find import calendar_answer, find_answer
from tablewire.simulator.resy_query import read_count, read_day, read_object, read_search
from tablewire.simulator.resy_search import Page, Search
from tablewire.simulator.resy_venues import location_config, venue_answer, venue_config
from tablewire.simulator.venues import CENTRE, Venue

Route = Literal["search", "find", "venue", "calendar", "location", "config", "geoip"]
PATHS: Mapping[Route, tuple[str, tuple[str, ...]]] = {
    "search": ("/3/venuesearch/search", ("POST",)),
    "find": ("/4/find", ("GET", "POST")),
    "venue": ("/3/venue", ("GET",)),
    "calendar": ("/4/venue/calendar", ("GET",)),
    "location": ("/3/location/config", ("GET",)),
    "config": ("/2/config", ("GET",)),
    "geoip": ("/3/geoip", ("GET",)),
}


class Resy:
    """Answers calls from the city. What is wrong with a call becomes the error the wire gives for it."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._search = Search(city)
        self._routes: Mapping[Route, Callable[[Call], Answer]] = {
            "find": self._find,
            "venue": self._venue,
            "calendar": self._calendar,
            "location": lambda _: json_answer(location_config(city.local.name)),
            "config": self._config,
            "geoip": self._geoip,
        }

    def search(self, call: Call, slip: int = 0) -> Page:
        """One page of a search; raises BadCall. `slip` moves the page's borders."""
        return self._search.page(read_search(call.body), slip)

    def answer(self, route: Route, call: Call) -> Answer:
        """The whole answer to a call."""
        try:
            if route == "search":
                return self.search(call).answer()
            return self._routes[route](call)
        except BadCall as error:
            return invalid(error)

    def _find(self, call: Call) -> Answer:
        given = read_object(call.body) if call.method == "POST" else dict(call.query)
        day = read_day(given.get("day"), "day")
        party_size = read_count(given.get("party_size"), "party_size")
        venue = self._city.by_id.get(read_count(given.get("venue_id"), "venue_id"))
        if venue is None:
            raise BadCall(venue_id="Unknown venue.")
        where = (_degrees(given.get("lat"), "lat"), _degrees(given.get("long"), "long"))
        found = find_answer(self._city, venue, day, party_size, where)
        return json_answer(found, day=day.isoformat(), party_size=party_size, venues=1)

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
