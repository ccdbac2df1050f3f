"""The OpenTable wire: which query answers what."""

import random
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from tablewire.simulator.answers import NOTHING_ASKED, Answer, Asked, BadCall, Call, Served, json_answer
from tablewire.simulator.city import City
from tablewire.simulator.faults import FaultRule
from tablewire.simulator.opentable_query import (
    OPERATIONS,
    AvailabilityQuery,
    StaleHash,
    read_availability,
    read_search,
    variables_of,
)
from tablewire.simulator.opentable_search import Listings
from tablewire.simulator.opentable_slots import EntryWriter
from tablewire.simulator.opentable_spoiling import (
    Shown,
    denied,
    refusal_of,
    shown,
    spoil_entries,
    spoil_listing,
    stale,
)
from tablewire.simulator.remembered import Remembered
from tablewire.simulator.resy_spoiling import slip_of
from tablewire.simulator.venues import Venue

PATH = "/dapi/fe/gql"
_ROUTES: Mapping[str | None, str] = {operation: route for route, operation in OPERATIONS.items()}


class OpenTable:
    """Answers OpenTable's callers from the city."""

    paths: Mapping[str, tuple[str, ...]] = {PATH: ("POST",)}

    def __init__(
        self, city: City, hashes: Mapping[str, str] | None = None, extras: int | None = None
    ) -> None:
        """`hashes` by operation: the ones that it knows; an operation that is not listed takes any."""
        self._city = city
        self._hashes = hashes or {}
        self._writer = EntryWriter(city, lean=extras is not None)
        self._listings = Listings(city, self._writer, extras)
        self._answers = Remembered(city.inventory)

    def route(self, _path: str, call: Call) -> str:
        """The query's name says it; a name that nobody knows is refused as a search."""
        return _ROUTES.get(call.query.get("opname"), "multisearch")

    def turned_away(self, call: Call) -> Answer | None:
        """Everyone needs a name, and a token of the session."""
        if not call.user_agent.strip():
            return denied()
        return None if call.csrf_token.strip() else _invalid("x-csrf-token: missing")

    def answer(self, route: str, call: Call) -> Answer:
        """The whole answer to a call."""
        try:
            variables = self._variables(route, call)
            if route == "multisearch":
                return self._listings.page(read_search(variables)).answer()
            return self._tables(read_availability(variables))
        except BadCall as error:
            return _invalid(str(error))
        except StaleHash:
            return stale()

    def asked(self, route: str, call: Call) -> Asked:
        """What a call is about, where that can be read."""
        try:
            variables = self._variables(route, call)
            if route == "multisearch":
                return read_search(variables).asked()
            return self._asked(read_availability(variables))
        except (BadCall, StaleHash):
            return NOTHING_ASKED

    def refusal(self, rule: FaultRule, dice: random.Random) -> Answer | None:
        """The answer that stands in the place of the real one."""
        return refusal_of(rule, dice)

    def spoiled(self, route: str, call: Call, rule: FaultRule, dice: random.Random) -> tuple[Answer, bool]:
        """An answer with the fault in it."""
        try:
            variables = self._variables(route, call)
            if route == "availability":
                query = read_availability(variables)
                entries, struck = spoil_entries(self._entries(query), rule.kind, dice)
                return self._answer(query, entries), struck
            search = read_search(variables)
        except (BadCall, StaleHash):
            return self.answer(route, call), False
        slip = slip_of(rule.kind, 1 if search.skip == 0 else 2, dice)
        page, struck = spoil_listing(self._listings.page(search, slip), rule.kind, dice)
        return page.answer(), struck or bool(slip)

    def _variables(self, route: str, call: Call) -> msgspec.Raw:
        return variables_of(route, call.body, call.query.get("opname"), self._hashes)

    def _tables(self, query: AvailabilityQuery) -> Answer:
        known = self._answers.get(query)
        if known is not None:
            return known
        answer = self._answer(query, self._entries(query))
        sheets = [sheet for venue in self._venues(query) for sheet in self._writer.sheets(venue, query)]
        self._answers.keep(query, query.window.day, sheets, answer)
        return answer

    def _entries(self, query: AvailabilityQuery) -> list[Shown]:
        return [shown(venue.id, self._writer.write(venue, query)) for venue in self._venues(query)]

    def _venues(self, query: AvailabilityQuery) -> list[Venue]:
        """Those asked for that there are; of the others nothing is said."""
        known = self._city.opentable_by_id
        return [known[one] for one in query.restaurants if one in known]

    def _answer(self, query: AvailabilityQuery, entries: Sequence[Shown]) -> Answer:
        served: tuple[Served, ...] = tuple(one.served for one in entries if one.served is not None)
        return Answer(
            status=200,
            body=b'{"data":{"availability":[%b]}}' % b",".join([one.body for one in entries]),
            asked=self._asked(query),
            venues=len(entries),
            served=served,
        )

    def _asked(self, query: AvailabilityQuery) -> Asked:
        window, local = query.window, self._city.local
        return Asked(
            day=date.fromordinal(window.day).isoformat(),
            party_size=query.party_size,
            venues=query.restaurants,
            window=(local.wall(window.day, window.first), local.wall(window.day, window.last)),
        )


def _invalid(message: str) -> Answer:
    """What a request with wrong data gets."""
    return json_answer({"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]}, 400)
