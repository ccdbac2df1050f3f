"""The search over an area: who is in it, in which order, and one page of hits."""

import msgspec

from tablewire.simulator.answers import Answer, Call, Served
from tablewire.simulator.city import City
from tablewire.simulator.inventory import Sheet
from tablewire.simulator.names import CUISINES
from tablewire.simulator.remembered import Remembered
from tablewire.simulator.resy_query import Area, SearchQuery, read_search
from tablewire.simulator.resy_slots import SlotWriter
from tablewire.simulator.resy_venues import lean_hit, search_hit
from tablewire.simulator.tock import TockVenue, draw_tock_venues, tock_hit
from tablewire.simulator.venues import CENTRE, Venue, metres_between

_METRES_A_MILE = 1609.344
_MOST_RANKINGS = 16
_CUISINES = msgspec.json.encode(CUISINES)


class Hit(msgspec.Struct, frozen=True, gc=False):
    """One row of a page: its JSON in two pieces (without and with the tables), and what it serves of them.

    `availability` is None for a hit that has none (not asked for) or that carries it in `head` already.
    `served` is None for what is not Resy's own, and for what cannot be read.
    """

    head: bytes
    availability: bytes | None
    served: Served | None

    def pieces(self) -> tuple[bytes, ...]:
        """The hit as JSON, in pieces."""
        if self.availability is None:
            return (self.head,)
        return (self.head[:-1], b',"availability":', self.availability, b"}")


class Page(msgspec.Struct, frozen=True):
    """One page of a search, before it becomes bytes."""

    query: SearchQuery
    total: int
    hits: list[Hit]

    def answer(self) -> Answer:
        """The page as an answer."""
        query, pages = self.query, -(-self.total // self.query.per_page)
        head = (
            b'{"meta":{"engine":"ELASTIC","total":%d,"page":%d,"per_page":%d,"total_pages":%d},'
            b'"search":{"nbHits":%d,"nbPages":%d,"page":%d,"hitsPerPage":%d,"cuisines":%b,"hits":['
        ) % (
            *(self.total, query.page, query.per_page, pages),
            *(self.total, pages, query.page, query.per_page, _CUISINES),
        )
        parts = [head]
        for hit in self.hits:
            parts += hit.pieces()
            parts.append(b",")
        parts[-1 if self.hits else 1 :] = [b']},"suggestions":[]}']
        return Answer(
            status=200,
            body=b"".join(parts),
            asked=query.asked(),
            venues=len(self.hits),
            served=tuple(hit.served for hit in self.hits if hit.served is not None),
        )


class Row(msgspec.Struct):
    """One house in a ranking. `head` is its hit without tables, once it has been written."""

    miles: float
    house: Venue | TockVenue
    head: bytes = b""


class Search:
    """Answers searches from the city."""

    def __init__(self, city: City, extras: int | None = None) -> None:
        self._city = city
        self._tock = draw_tock_venues(city.seed, city.venues)
        self._writer = SlotWriter(city.local, lean=extras is not None)
        self._extras = extras
        self._rankings: dict[tuple[object, ...], list[Row]] = {}
        self._answers = Remembered(city.inventory)

    def answer(self, call: Call) -> Answer:
        """The whole answer to a search; raises BadCall. It is made anew only where a table of the page has changed."""
        known = self._answers.get(call.body)
        if known is not None:
            return known
        query = read_search(call.body)
        answer = self.page(query).answer()
        if query.day is not None and query.availability and not query.with_tock:
            self._answers.keep(call.body, query.day.toordinal(), self._sheets(query), answer)
        return answer

    def page(self, query: SearchQuery, slip: int = 0) -> Page:
        """One page, nearest first. `slip` moves its borders by that many places, as a ranking in motion does."""
        rows = self._rows(query, slip)
        return Page(query, len(self._ranking(query)) + slip, [self._hit(query, row) for row in rows])

    def _rows(self, query: SearchQuery, slip: int = 0) -> list[Row]:
        start = max(0, (query.page - 1) * query.per_page + slip)
        return self._ranking(query)[start : start + query.per_page]

    def _sheets(self, query: SearchQuery) -> list[Sheet]:
        assert query.day is not None
        sheets = self._city.inventory.days.get(query.day.toordinal())
        if sheets is None:
            return []
        return [sheets[row.house.index] for row in self._rows(query) if isinstance(row.house, Venue)]

    def _hit(self, query: SearchQuery, row: Row) -> Hit:
        venue = row.house
        if isinstance(venue, TockVenue):
            day = query.day.isoformat() if query.day is not None and query.availability else None
            return Hit(tock_hit(venue, row.miles, day, query.party_size), None, None)
        if not row.head:
            hit = search_hit(venue) if self._extras is None else lean_hit(venue, self._extras)
            row.head = msgspec.json.encode(hit | {"travel_time": {"distance": row.miles}})
        if not query.availability or query.day is None or query.party_size is None:
            return Hit(row.head, None, None)
        sheet = self._city.inventory.sheet(query.day.toordinal(), venue)
        if sheet is None:
            shown = self._writer.closed(venue, query.day.isoformat())
        else:
            shown = self._writer.write(sheet, query.party_size, query.minute)
        return Hit(row.head, shown.body, Served(venue.id, shown.actual_times))

    def _ranking(self, query: SearchQuery) -> list[Row]:
        seats = query.party_size or 1
        key = (query.area, query.text, query.cuisine, query.location, query.with_tock, seats)
        known = self._rankings.get(key)
        if known is None:
            if len(self._rankings) >= _MOST_RANKINGS:
                self._rankings.clear()
            known = self._rankings[key] = self._rank(query, seats)
        return known

    def _rank(self, query: SearchQuery, seats: int) -> list[Row]:
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
        return [Row(distance, one) for distance, _, one in sorted(found, key=lambda row: row[:2])]


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
