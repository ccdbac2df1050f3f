"""OpenTable behind the door of the providers: its restaurants in batches, each asked for a part of the day at a time."""

from collections.abc import Iterable, Mapping
from datetime import date

import anyio
import msgspec

from tablewire.domain.buckets import DayParts
from tablewire.domain.markets import NYC, Market
from tablewire.domain.snapshots import Snapshot
from tablewire.providers.opentable.asking import Asking, Batch
from tablewire.providers.opentable.convert import PROVIDER
from tablewire.providers.opentable.hours import Hours, Part, parts_of
from tablewire.providers.opentable.listing import Listing
from tablewire.providers.opentable.platform import OpenTable
from tablewire.providers.opentable.queries import AVAILABILITY, SEARCH, Queries
from tablewire.providers.opentable.restaurants import PER_BATCH
from tablewire.providers.poll import Poll


class OpenTableProvider(OpenTable):
    """Asks for the tables of the restaurants that it has listed.

    A page of its sweep is a batch of restaurants in one part of the day: batch by batch, and part by part within each.
    """

    needs = (SEARCH, AVAILABILITY)

    def __init__(
        self,
        queries: Queries,
        *,
        day_parts: DayParts,
        hours: Hours,
        home: Market = NYC,
        opted_out: frozenset[str] = frozenset(),
    ) -> None:
        """`hours` are those in which starts are looked for; restaurants in `opted_out` are never asked for."""
        super().__init__(queries, home=home, opted_out=opted_out)
        self._parts = parts_of(day_parts, hours)
        self._listing = Listing(queries, self._drift, opted_out)
        self._asking = Asking(queries, self._memory, self._drift)

    @property
    def venues_per_call(self) -> int:
        """How many restaurants one call asks for at most."""
        return PER_BATCH

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
        """What is free on a date, as the protocol says. Restaurants are listed on the way, as far as the pages need it."""
        poll = Poll(PROVIDER, market, service_date, until)
        if self._begin(poll):
            async with anyio.create_task_group() as group:
                group.start_soon(self._listing.refresh, poll, name="list restaurants again")
                for batch in self._batches(market, party_sizes, pages):
                    if not await self._listing.reach(poll, batch):
                        break
                    for size in party_sizes:
                        wanted = None if pages is None else pages.get(size, ())
                        for page, part in self._pages_of(batch, time_slot, wanted):
                            name = f"{PROVIDER} {service_date}, page {page} for {size}"
                            group.start_soon(self._sweep_page, poll, size, batch, page, part, name=name)
        return poll.snapshot(self._queries.caller.now())

    async def look_at(
        self,
        market: Market,
        service_date: date,
        venues: Mapping[int, tuple[str, ...]],
        *,
        until: float | None = None,
    ) -> Snapshot:
        """What is free on a date at some restaurants, as the protocol says; those that are not listed cannot be asked for."""
        poll = Poll(PROVIDER, market, service_date, until)
        if self._begin(poll):
            async with anyio.create_task_group() as group:
                for size, wanted in venues.items():
                    for batch in await self._batches_by_name(poll, wanted):
                        for part in self._parts:
                            if not self._is_over(poll, part):
                                group.start_soon(self._look, poll, size, batch, part, name=f"{PROVIDER} look")
        return poll.snapshot(self._queries.caller.now())

    # --- what to ask for

    def _batches(
        self, market: Market, party_sizes: Iterable[int], pages: Mapping[int, tuple[int, ...]] | None
    ) -> Iterable[int]:
        """The batches (from 0) to ask for, in order; while they are asked for there may come out to be fewer, or more."""
        if pages is not None:
            wanted = {page for size in party_sizes for page in pages.get(size, ()) if page > 0}
            yield from sorted({(page - 1) // len(self._parts) for page in wanted})
            return
        batch = 0
        while batch < self._listing.restaurants(market).batches:
            yield batch
            batch += 1

    def _pages_of(
        self, batch: int, time_slot: str | None, wanted: tuple[int, ...] | None
    ) -> Iterable[tuple[int, Part]]:
        for page, part in enumerate(self._parts, start=batch * len(self._parts) + 1):
            if time_slot in (None, part.time_slot) and (wanted is None or page in wanted):
                yield page, part

    async def _batches_by_name(self, poll: Poll, wanted: Iterable[str]) -> list[Batch]:
        listed = []
        for venue_id in dict.fromkeys(wanted):
            if venue_id in self._opted_out:
                continue
            if (one := await self._listing.find(poll, venue_id)) is not None:
                listed.append((int(venue_id), one))
            else:
                poll.remark(f"no restaurant {venue_id[:20]!r} that can be booked is listed")
        return [dict(listed[at : at + PER_BATCH]) for at in range(0, len(listed), PER_BATCH)]

    # --- asking

    async def _sweep_page(self, poll: Poll, size: int, number: int, page: int, part: Part) -> None:
        restaurants = self._listing.restaurants(poll.market)
        batch = restaurants.batch(number)
        if not batch or self._is_over(poll, part):
            answer = self._silence(size, part)
        else:
            asked = await self._asking.ask(poll, size, batch, part, f"page {page} for {size}")
            if asked is None:
                return
            answer = asked
        total = max(page, restaurants.batches * len(self._parts))
        poll.answers.append(msgspec.structs.replace(answer, page=page, total_pages=total))

    async def _look(self, poll: Poll, size: int, batch: Batch, part: Part) -> None:
        where = f"{len(batch)} asked for by name, for {size}"
        answer = await self._asking.ask(poll, size, batch, part, where)
        if answer is not None:
            poll.answers.append(msgspec.structs.replace(answer, page=0, one_venue=len(batch) == 1))
