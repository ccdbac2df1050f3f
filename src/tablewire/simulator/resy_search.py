"""The search over an area: who is in it, in which order, and one page of hits."""

import msgspec

from tablewire.simulator.answers import Answer, Served
from tablewire.simulator.city import City
from tablewire.simulator.names import CUISINES
from tablewire.simulator.resy_query import Area, SearchQuery
from tablewire.simulator.resy_slots import Shown, SlotWriter
from tablewire.simulator.resy_venues import search_hit
from tablewire.simulator.tock import TockVenue, draw_tock_venues, tock_hit
from tablewire.simulator.venues import CENTRE, Venue, metres_between

_METRES_A_MILE = 1609.344
_MOST_RANKINGS = 64


class Hit(msgspec.Struct, frozen=True, gc=False):
    """One row of a page: its JSON in two pieces (without and with the tables), and what it serves of them.

    `availability` is None for a hit that has none (not asked for) or that carries it in `head` already.
    `served` is None for what is not Resy's own, and for what cannot be read.
    """

    head: bytes
    availability: bytes | None
    served: Served | None

    def body(self) -> bytes:
        """The hit as JSON."""
        if self.availability is None:
            return self.head
        return b'%b,"availability":%b}' % (self.head[:-1], self.availability)


class Page(msgspec.Struct, frozen=True):
    """One page of a search, before it becomes bytes."""

    query: SearchQuery
    total: int
    hits: list[Hit]

    def answer(self) -> Answer:
        """The page as an answer."""
        query, pages = self.query, -(-self.total // self.query.per_page)
        cuisines = msgspec.json.encode(CUISINES)
        body = (
            b'{"meta":{"engine":"ELASTIC","total":%d,"page":%d,"per_page":%d,"total_pages":%d},'
            b'"search":{"nbHits":%d,"nbPages":%d,"page":%d,"hitsPerPage":%d,"cuisines":%b,"hits":[%b]},'
            b'"suggestions":[]}'
        ) % (
            *(self.total, query.page, query.per_page, pages),
            *(self.total, pages, query.page, query.per_page),
            *(cuisines, b",".join([hit.body() for hit in self.hits])),
        )
        return Answer(
            status=200,
            body=body,
            day=None if query.day is None else query.day.isoformat(),
            party_size=query.party_size,
            page=query.page,
            per_page=query.per_page,
            venues=len(self.hits),
            served=tuple(hit.served for hit in self.hits if hit.served is not None),
        )


class Search:
    """Answers searches from the city."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._tock = draw_tock_venues(city.seed, city.venues)
        self._writer = SlotWriter(city.local)
        self._heads: dict[int, bytes] = {}
        self._rankings: dict[tuple[object, ...], list[tuple[float, Venue | TockVenue]]] = {}

    def page(self, query: SearchQuery, slip: int = 0) -> Page:
        """One page, nearest first. `slip` moves its borders by that many places, as a ranking in motion does."""
        ranking = self._ranking(query)
        start = max(0, (query.page - 1) * query.per_page + slip)
        rows = ranking[start : start + query.per_page]
        hits = [self._hit(query, distance, venue) for distance, venue in rows]
        return Page(query, len(ranking) + slip, hits)

    def _hit(self, query: SearchQuery, distance: float, venue: Venue | TockVenue) -> Hit:
        if isinstance(venue, TockVenue):
            day = query.day.isoformat() if query.day is not None and query.availability else None
            return Hit(tock_hit(venue, distance, day, query.party_size), None, None)
        head = b'%b,"travel_time":{"distance":%b}}' % (self._head(venue)[:-1], repr(distance).encode())
        shown = self._shown(query, venue)
        if shown is None:
            return Hit(head, None, None)
        return Hit(head, shown.body, Served(venue.id, shown.actual_times))

    def _shown(self, query: SearchQuery, venue: Venue) -> Shown | None:
        if not query.availability or query.day is None or query.party_size is None:
            return None
        sheet = self._city.inventory.sheet(query.day.toordinal(), venue)
        if sheet is None:
            return self._writer.closed(venue, query.day.isoformat())
        return self._writer.write(sheet, query.party_size, query.minute)

    def _head(self, venue: Venue) -> bytes:
        known = self._heads.get(venue.index)
        if known is None:
            known = self._heads[venue.index] = msgspec.json.encode(search_hit(venue))
        return known

    def _ranking(self, query: SearchQuery) -> list[tuple[float, Venue | TockVenue]]:
        seats = query.party_size or 1
        key = (query.area, seats, query.text.lower(), query.cuisine, query.location, query.with_tock)
        known = self._rankings.get(key)
        if known is None:
            if len(self._rankings) >= _MOST_RANKINGS:
                self._rankings.clear()
            known = self._rankings[key] = self._rank(query, seats)
        return known

    def _rank(self, query: SearchQuery, seats: int) -> list[tuple[float, Venue | TockVenue]]:
        if query.location not in (None, "ny"):
            return []
        found: list[tuple[float, int, Venue | TockVenue]] = []
        everyone: list[Venue | TockVenue] = [*self._city.venues, *(self._tock if query.with_tock else ())]
        for number, one in enumerate(everyone):
            venue = one.model if isinstance(one, TockVenue) else one
            if venue.most >= seats and _wanted(query, venue) and _inside(query.area, venue):
                middle = query.area.centre or CENTRE
                metres = metres_between(middle, (venue.latitude, venue.longitude))
                found.append((metres / _METRES_A_MILE, number, one))
        return [(distance, one) for distance, _, one in sorted(found, key=lambda row: row[:2])]


def _wanted(query: SearchQuery, venue: Venue) -> bool:
    if query.cuisine is not None and query.cuisine not in venue.cuisine:
        return False
    text = query.text.strip().lower()
    return not text or text in venue.name.lower() or any(text in one.lower() for one in venue.cuisine)


def _inside(area: Area, venue: Venue) -> bool:
    if area.box is not None:
        south, west, north, east = area.box
        return south <= venue.latitude <= north and west <= venue.longitude <= east
    if area.centre is None or area.radius is None:
        return True
    return metres_between(area.centre, (venue.latitude, venue.longitude)) <= area.radius
