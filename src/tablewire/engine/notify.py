"""The notify loop: once a minute, what events do not cover of notify requests."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Protocol

import anyio.lowlevel
import msgspec

from tablewire.domain.names import name_key
from tablewire.domain.notifications import Telling
from tablewire.domain.notify_requests import NotifyRequest, is_over
from tablewire.domain.polled import Polled
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import SeenSlot, Venue, local_start
from tablewire.domain.wanted import WantedVenue
from tablewire.domain.wishes import Opening
from tablewire.engine.clock import Clock
from tablewire.engine.matcher import Matcher
from tablewire.engine.open_tables import OpenTables
from tablewire.engine.supervisor import Loop
from tablewire.engine.telling import Composer
from tablewire.errors import StoreError
from tablewire.live.protocol import ListingsDoor
from tablewire.storage.protocol import VenueBook
from tablewire.storage.wish_door import ActiveRequests
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("engine.notify")

SOURCE = "notify"
"""Who wants what notify requests want looked at."""
TURN = 60.0
MOST_WANTED = 1_000
"""Venues that are looked at more often because requests name them: those that most requests name."""
MOST_QUESTIONS = 2_000
"""What is asked for at once outside of what is polled; the rest has to wait until dates have passed."""
_A_TURN = 200
"""Requests that are looked at before others have their turn."""

Wants = Callable[[str, Iterable[WantedVenue]], None]


class OutsideDoor(Protocol):
    """Dates and party sizes that are not polled; see `engine.outside`."""

    def open_slots(self, listing: Listing, day: date, size: int) -> Sequence[SeenSlot] | None:
        """What is free, as far as it was answered lately; None where it was not, and it will be asked soon."""
        ...


class _Question(msgspec.Struct, frozen=True):
    listing: Listing
    day: date
    size: int


class NotifyLoop:
    """Expiry, requests for what is not polled, tables that no event told of, and what the sweep has to look at more often."""

    def __init__(
        self,
        matcher: Matcher,
        *,
        requests: ActiveRequests,
        tables: OpenTables,
        composer: Composer,
        listings: ListingsDoor,
        venues: VenueBook,
        outside: OutsideDoor,
        wants: Wants,
        polled: Polled,
        clock: Clock,
    ) -> None:
        self._matcher = matcher
        self._requests = requests
        self._tables = tables
        self._composer = composer
        self._listings = listings
        self._venues = venues
        self._outside = outside
        self._wants = wants
        self._polled = polled
        self._clock = clock

    async def run(self, loop: Loop) -> None:
        """The loop `notify`."""
        while True:
            loop.beat()
            try:
                await self.turn()
            except StoreError as error:
                log.warning(LogEvent.STORE_AWAY, message=f"notify requests have to wait: {error}")
            await self._clock.sleep(TURN)

    async def turn(self) -> None:
        """Everything once. Raises `StoreError`; the next turn does again what was not stored."""
        now = self._clock.now()
        self._wants(SOURCE, await self._wanted(now))
        await self._expire(now)
        news = await self._tables.news(self._matcher.wishes)
        await self._matcher.tell(news.found.tellings)
        self._tables.done(news, whole=True)
        await self._matcher.tell(await self._found_outside(now))

    async def _expire(self, now: datetime) -> None:
        today = self._polled.today(now)
        over = [request.id async for request in self._all() if is_over(request, today)]
        if over:
            await self._requests.expire(over)
            for request_id in over:
                self._matcher.wishes.drop_request(request_id)

    async def _wanted(self, now: datetime) -> list[WantedVenue]:
        """The venues of requests within the window, by party size: all that is asked for of a venue together."""
        dates = frozenset(self._polled.window(now))
        asked: dict[Listing, dict[int | None, set[date]]] = {}
        askers: dict[Listing, int] = {}
        async for request in self._all():
            days = dates.intersection(request.limits.dates)
            for listing in self._listings_of(request) if days else ():
                asked.setdefault(listing, {}).setdefault(request.limits.party_size, set()).update(days)
                askers[listing] = askers.get(listing, 0) + 1
        most = sorted(asked, key=lambda listing: (-askers[listing], listing))[:MOST_WANTED]
        return [
            WantedVenue(
                provider=listing.provider,
                venue_id=listing.venue_id,
                dates=frozenset(days),
                sizes=None if size is None else frozenset({size}),
            )
            for listing in most
            for size, days in asked[listing].items()
        ]

    async def _found_outside(self, now: datetime) -> list[Telling]:
        """What providers answered to what is not polled, for all requests that ask the same."""
        questions: dict[_Question, list[NotifyRequest]] = {}
        dates, today = frozenset(self._polled.window(now)), self._polled.today(now)
        async for request in self._all():
            for question in self._questions(request, dates, today):
                if question in questions or len(questions) < MOST_QUESTIONS:
                    questions.setdefault(question, []).append(request)
        tellings: list[Telling] = []
        for question, requests in questions.items():
            slots = self._outside.open_slots(question.listing, question.day, question.size)
            if slots:
                tellings += await self._tellings(question, slots, requests)
        return tellings

    def _questions(self, request: NotifyRequest, dates: frozenset[date], today: date) -> Iterable[_Question]:
        """Of a request for any party size, the smallest that is polled is asked for beyond the window."""
        size, polled = request.limits.party_size, self._polled.party_sizes
        days = [
            day
            for day in request.limits.dates
            if day >= today and (day not in dates or (size is not None and size not in polled))
        ]
        wanted = min(polled) if size is None else size
        return (_Question(one, day, wanted) for day in days for one in self._listings_of(request))

    async def _tellings(
        self, question: _Question, slots: Sequence[SeenSlot], requests: Sequence[NotifyRequest]
    ) -> list[Telling]:
        known = await self._venues.get(*question.listing)
        venue = known.venue if known else Venue(**question.listing._asdict(), name=str(question.listing))
        listings = self._listings.listings_of(*question.listing)
        found = []
        for slot in slots:
            opening = _opening(question, slot, venue, listings)
            found += [
                self._composer.of_request(request, opening)
                for request in requests
                if request.limits.ruled_out_by(opening) is None
            ]
        return found

    def _listings_of(self, request: NotifyRequest) -> Iterable[Listing]:
        return dict.fromkeys(
            other for named in request.limits.venues for other in self._listings.listings_of(*named)
        )

    async def _all(self) -> AsyncIterator[NotifyRequest]:
        for number, request in enumerate(list(self._matcher.wishes.requests.values()), start=1):
            yield request
            if not number % _A_TURN:
                await anyio.lowlevel.checkpoint()


def _opening(question: _Question, slot: SeenSlot, venue: Venue, listings: tuple[Listing, ...]) -> Opening:
    """A table that no poll watches: nobody sees it close and open again, so it is told once."""
    start = local_start(slot.actual_time)
    return Opening(
        listings=listings,
        slot_key=slot.slot_id.hex(),
        opening="outside",
        event_id=None,
        market=None,
        venue_name=venue.name,
        neighborhood=venue.neighborhood,
        place=None if venue.neighborhood is None else name_key(venue.neighborhood),
        price_range=venue.price_range,
        service_date=slot.service_date,
        slot_date=start.date(),
        slot_time=start.time(),
        party_sizes=(question.size,),
        opened_at=None,
        listing=question.listing,
        book_url=slot.book_url,
        image_url=venue.image_url,
    )
