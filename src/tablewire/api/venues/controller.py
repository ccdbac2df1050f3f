"""The addresses of venues: search, one venue, and what happened there."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Final

import msgspec

from tablewire.api import parameters
from tablewire.api.feed.pages import MAX_LIMIT
from tablewire.api.feed.schemas import NewestFirst
from tablewire.api.query import Query
from tablewire.api.requests import no_parameters
from tablewire.api.rooms import Rooms
from tablewire.api.routes import AnyRequest, Operation, Parameter, Route, Schema
from tablewire.api.venues.schemas import ListingView, OneVenue, SameAs, VenuePage, VenueView
from tablewire.domain.filters import EVENT_TYPES
from tablewire.domain.names import name_key
from tablewire.domain.slots import Venue
from tablewire.errors import BadCursor, NotFound
from tablewire.live.feed import parse_cursor
from tablewire.live.restaurants import Partner
from tablewire.storage.protocol import KnownVenue

DEFAULT_LIMIT: Final = 50
MAX_VENUES: Final = 200


class VenueController:
    """Venues come from the store, what is open from memory."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def search(self, request: AnyRequest) -> VenuePage:
        """Restaurants by name and filters."""
        own = ("name", "venue", "neighborhood", "provider", "cuisine", "price_max", "limit", "before")
        query = Query(request.scope["query_string"], own)
        name, venue = query.text("name"), query.text("venue")
        if name is not None and venue is not None:
            query.refuse("venue", "name and venue mean the same: only one can be given")
        limit = query.whole("limit", DEFAULT_LIMIT, 1, MAX_VENUES) or DEFAULT_LIMIT
        price_max = query.whole("price_max", None, 1, 4)
        neighborhoods = tuple(name_key(text) for text in query.texts("neighborhood"))
        providers, cuisines = query.texts("provider"), query.texts("cuisine")
        before = query.text("before", most=1_000)
        wanted = name or venue
        if wanted is not None and not name_key(wanted):
            query.refuse("name", "it has neither letters nor digits")
        query.check()
        found = await self._rooms.venues.find(
            name=None if wanted is None else name_key(wanted),
            neighborhoods=neighborhoods,
            providers=providers,
            cuisines=cuisines,
            price_max=price_max,
            after=None if before is None else _place(before),
            limit=limit + 1,
            once=True,
        )
        more, page = len(found) > limit, found[:limit]
        cursor = _cursor(page[-1]) if more else None
        return VenuePage(venues=[self._view(known) for known in page], next_cursor=cursor, has_more=more)

    async def one(self, request: AnyRequest) -> OneVenue:
        """One venue."""
        no_parameters(request)
        known = await self._known(request)
        view = self._view(known)
        rows = self._rooms.views.at_venue(view.provider, view.venue_id)
        partners = self._rooms.restaurants.partners_of(view.provider, view.venue_id)
        same_as = [self._same_as(partner) for partner in partners]
        return OneVenue(**msgspec.structs.asdict(view), same_as=same_as, open=rows)

    async def history(self, request: AnyRequest) -> NewestFirst:
        """What happened at one venue, newest first."""
        query = Query(request.scope["query_string"], ("types", "limit", "before"))
        limit = query.whole("limit", DEFAULT_LIMIT, 1, MAX_LIMIT) or DEFAULT_LIMIT
        types = query.words("types", EVENT_TYPES) or frozenset(EVENT_TYPES)
        before = query.text("before")
        query.check()
        cursor = None if before is None else parse_cursor(before, "before")
        venue = (await self._known(request)).venue
        events = await self._rooms.venues.of_venue(
            venue.provider, venue.venue_id, cursor, limit + 1, types=types
        )
        more, page = len(events) > limit, events[:limit]
        return NewestFirst(events=page, next_cursor=str(page[-1].id) if more else None, has_more=more)

    async def _known(self, request: AnyRequest) -> KnownVenue:
        provider, venue_id = str(request.path_params["provider"]), str(request.path_params["venue_id"])
        if "\x00" in provider + venue_id:
            raise NotFound("No such venue was ever seen.")
        known = await self._rooms.venues.get(provider, venue_id)
        if known is None:
            raise NotFound("No such venue was ever seen.")
        return known

    def _view(self, known: KnownVenue) -> VenueView:
        venue, restaurants = known.venue, self._rooms.restaurants
        partners = restaurants.partners_of(venue.provider, venue.venue_id)
        return VenueView(
            **msgspec.structs.asdict(venue),
            first_seen_at=known.first_seen_at,
            last_seen_at=known.last_seen_at,
            open_slots=self._open_slots(venue),
            restaurant_id=restaurants.id_of(venue.provider, venue.venue_id),
            listings=[self._listing(one) for one in (venue, *(partner.venue for partner in partners))],
        )

    def _listing(self, venue: Venue) -> ListingView:
        return ListingView(
            provider=venue.provider,
            venue_id=venue.venue_id,
            name=venue.name,
            url=venue.url,
            open_slots=self._open_slots(venue),
        )

    def _same_as(self, partner: Partner) -> SameAs:
        return SameAs(
            **msgspec.structs.asdict(self._listing(partner.venue)),
            confidence=partner.confidence,
            evidence=list(partner.evidence),
            by_hand=partner.decided is not None,
            why=None if partner.decided is None else partner.decided.why,
        )

    def _open_slots(self, venue: Venue) -> int:
        return self._rooms.views.count_at_venue(venue.provider, venue.venue_id)


def _cursor(known: KnownVenue) -> str:
    venue = known.venue
    place = f"{name_key(venue.name)}\n{venue.provider}:{venue.venue_id}"
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[str, str]:
    try:
        text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    name, separator, key = text.partition("\n")
    if not separator or "\x00" in text:
        raise BadCursor.of("before", "it is no cursor of this list")
    return name, key


def _many(name: str, description: str) -> Parameter:
    items: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\x00]+$"}
    schema = {"type": "array", "items": items, "minItems": 1, "maxItems": 50}
    return Parameter(name=name, description=description, schema=schema)


_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "[A-Za-z0-9]"}
_PATH = (
    parameters.path("provider", "provider id"),
    parameters.path("venue_id", "the provider's id of a venue"),
)
SEARCH = Operation(
    summary="Restaurants by name and filters, in order of their names",
    tag="venues",
    answer=VenuePage,
    parameters=(
        Parameter(name="name", description="name, whole or part", schema=_NAME),
        Parameter(name="venue", description="the same as name", schema=_NAME),
        _many("neighborhood", "neighbourhood, whole"),
        _many("provider", "provider id"),
        _many("cuisine", "cuisine"),
        Parameter(
            name="price_max",
            description="highest price range",
            schema={"type": "integer", "minimum": 1, "maximum": 4},
        ),
        Parameter(
            name="before", description="the cursor answered last", schema={"type": "string", "minLength": 1}
        ),
        parameters.limit(DEFAULT_LIMIT, MAX_VENUES),
    ),
    errors=(503,),
)
ONE = Operation(
    summary="One venue, and what is open there now",
    tag="venues",
    answer=OneVenue,
    parameters=_PATH,
    errors=(404, 503),
)
HISTORY = Operation(
    summary="What happened at one venue, newest first",
    tag="venues",
    answer=NewestFirst,
    parameters=(
        *_PATH,
        parameters.BEFORE,
        parameters.limit(DEFAULT_LIMIT),
        parameters.words("types", "kinds of events; all where left out", tuple(EVENT_TYPES)),
    ),
    errors=(404, 503),
)


def routes(rooms: Rooms) -> Iterable[Route]:
    """The addresses of venues."""
    venues = VenueController(rooms)
    yield Route(path="/venues", operation=SEARCH, answer=venues.search)
    yield Route(path="/venues/{provider}/{venue_id}", operation=ONE, answer=venues.one)
    yield Route(path="/venues/{provider}/{venue_id}/history", operation=HISTORY, answer=venues.history)
