"""A make-believe city as a provider without a wire, for sweeps compared over simulated hours: budget, seats and time-outs are the real ones."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

import anyio
import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.slots import SeenSlot, Venue, slot_id
from tablewire.domain.snapshots import Answer, Outcome, Snapshot, VenueAnswer
from tablewire.providers.calls import Fetched, Request
from tablewire.providers.http import Caller
from tablewire.providers.protocol import ProviderStatus, Seats
from tablewire.providers.verdict import Answered
from tablewire.simulator.city import City
from tablewire.simulator.venues import CENTRE, metres_between
from tablewire.simulator.venues import Venue as CityVenue

PER_PAGE = 75
LATENCY = 0.3


class Looked(msgspec.Struct, frozen=True, gc=False):
    """One answered call: when the city was looked at for it, and what it listed."""

    at: float
    day: date
    size: int
    page: int


class CityProvider:
    """Resy as it would answer, nearest venues first, made of the city's own sheets."""

    provider_id = "resy"

    def __init__(self, city: City, rate: float, now: Callable[[], datetime]) -> None:
        self.looked: list[Looked] = []
        self.ranking = {size: _ranking(city, size) for size in city.party_sizes}
        self._city = city
        self._now = now
        self._known: dict[tuple[int, int, int], tuple[int, VenueAnswer]] = {}
        self._slots: dict[tuple[int, str], SeenSlot] = {}
        self._venues = {
            str(venue.id): Venue(provider="resy", venue_id=str(venue.id), name=venue.name)
            for venue in city.venues
        }
        self._caller = Caller(
            "resy",
            seats=Seats(8),
            rate=rate,
            timeout=12.0,
            user_agent="tablewire-test",
            now=now,
            exchange=_answer_late,
        )

    def pages(self, size: int) -> int:
        """How many pages a party size has."""
        return -(-len(self.ranking[size]) // PER_PAGE)

    async def search_availability(
        self,
        market: Market,
        service_date: date,
        time_slot: str | None,
        party_sizes: tuple[int, ...],
        *,
        pages: Mapping[int, tuple[int, ...]] | None = None,
        until: float | None = None,
    ) -> Snapshot:
        answers: list[Answer] = []
        async with anyio.create_task_group() as group:
            for size in party_sizes:
                for page in (pages or {}).get(size, ()):
                    if page <= self.pages(size):
                        group.start_soon(self._ask, answers, service_date, size, page, until)
        return Snapshot(
            provider="resy",
            market=market.id,
            service_date=service_date,
            finished_at=self._now(),
            answers=tuple(answers),
            outcome=Outcome.OK,
            venues=self._venues,
        )

    async def _ask(self, answers: list[Answer], day: date, size: int, page: int, until: float | None) -> None:
        request = Request("POST", "https://city.example", headers={})
        fetched = await self._caller.call(request, lambda _: self._page(day, size, page), until=until)
        if isinstance(fetched, Fetched):
            answers.append(
                Answer(
                    party_size=size,
                    sent_at=fetched.sent_at,
                    arrived_at=fetched.arrived_at,
                    venues=fetched.body,
                    page=page,
                    total_pages=self.pages(size),
                )
            )

    def _page(self, day: date, size: int, page: int) -> tuple[VenueAnswer, ...]:
        now = self._now()
        self._city.advance(now)
        self.looked.append(Looked(now.timestamp(), day, size, page))
        listed = self.ranking[size][(page - 1) * PER_PAGE : page * PER_PAGE]
        return tuple(self._said(venue, day, size) for venue in listed)

    def _said(self, venue: CityVenue, day: date, size: int) -> VenueAnswer:
        sheet = self._city.inventory.sheet(day.toordinal(), venue)
        key = (day.toordinal(), venue.index, size)
        version = -1 if sheet is None else sheet.version
        known = self._known.get(key)
        if known is not None and known[0] == version:
            return known[1]
        starts = (
            sorted(
                {
                    place.start
                    for place in sheet.places()
                    if place.public and place.least <= size <= place.most
                }
            )
            if sheet is not None
            else []
        )
        walls = [self._city.local.wall(day.toordinal(), start) for start in starts]
        said = VenueAnswer(str(venue.id), tuple(self._slot(venue.id, wall, day) for wall in walls))
        self._known[key] = version, said
        return said

    def _slot(self, venue_id: int, wall: str, day: date) -> SeenSlot:
        found = self._slots.get((venue_id, wall))
        if found is None:
            found = SeenSlot(slot_id=slot_id("resy", str(venue_id), wall), actual_time=wall, service_date=day)
            self._slots[venue_id, wall] = found
        return found

    def status(self) -> ProviderStatus:
        return self._caller.status(enabled=True)

    async def probe(self) -> str | None:
        return None

    async def aclose(self) -> None:
        return None


async def _answer_late(_: Request) -> Answered:
    await anyio.sleep(LATENCY)
    return Answered(status=200, content_type="application/json", body=b"{}")


def _ranking(city: City, size: int) -> list[CityVenue]:
    listed = [venue for venue in city.venues if venue.most >= size]
    return sorted(listed, key=lambda venue: metres_between(CENTRE, (venue.latitude, venue.longitude)))
