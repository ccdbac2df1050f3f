"""OpenTable without its slots: every restaurant that a search finds for a time counts as one table at that time, approximately."""

from collections.abc import Iterable, Mapping
from datetime import date

import anyio
import msgspec

from tablewire.domain.buckets import DayParts
from tablewire.domain.markets import NYC, Market
from tablewire.domain.snapshots import Answer, Snapshot, VenueAnswer
from tablewire.providers.calls import CallFailure, Fetched
from tablewire.providers.opentable.convert import PROVIDER, Listed, is_within, seen_slot
from tablewire.providers.opentable.hours import Part, moment
from tablewire.providers.opentable.listing import ReadPage
from tablewire.providers.opentable.platform import OpenTable
from tablewire.providers.opentable.queries import SEARCH, Queries
from tablewire.providers.opentable.restaurants import MOST
from tablewire.providers.opentable.variables import PER_PAGE, search_variables
from tablewire.providers.opentable.wire import SearchPage, decode_search
from tablewire.providers.poll import Poll


class OpenTableSearch(OpenTable):
    """Asks the search alone, for each part of the day at its time slot.

    A page of its sweep is a page of the search for one part of the day: page by page, and part by part within each.
    """

    def __init__(
        self,
        queries: Queries,
        *,
        day_parts: DayParts,
        home: Market = NYC,
        opted_out: frozenset[str] = frozenset(),
    ) -> None:
        """Restaurants in `opted_out` are left out of every answer."""
        super().__init__(queries, home=home, opted_out=opted_out)
        self._parts = tuple(moment(time_slot) for time_slot in day_parts.time_slots)
        self._sizes: dict[tuple[str, date, int], _Found] = {}

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
        """What may be free on a date, as the protocol says."""
        poll = Poll(PROVIDER, market, service_date, until)
        if self._begin(poll):
            async with anyio.create_task_group() as group:
                for size in party_sizes:
                    wanted = None if pages is None else pages.get(size, ())
                    name = f"{PROVIDER} {service_date} for {size}"
                    group.start_soon(self._sweep, poll, size, time_slot, wanted, name=name)
        return poll.snapshot(self._queries.caller.now())

    def _forget_before(self, market: Market, day: date) -> None:
        super()._forget_before(market, day)
        for key in [key for key in self._sizes if key[0] == market.id and key[1] < day]:
            del self._sizes[key]

    # --- asking

    async def _sweep(
        self, poll: Poll, size: int, time_slot: str | None, wanted: tuple[int, ...] | None
    ) -> None:
        async with anyio.create_task_group() as group:
            for number, part in enumerate(self._parts):
                if time_slot in (None, part.time_slot):
                    rows = None if wanted is None else self._rows(wanted, number)
                    name = f"{PROVIDER} {part.time_slot}"
                    group.start_soon(self._sweep_part, poll, size, part, rows, name=name)

    async def _sweep_part(self, poll: Poll, size: int, part: Part, rows: Iterable[int] | None) -> None:
        """Ask for some of a part's pages (from 0), or for all of them one after the other."""
        if rows is not None:
            async with anyio.create_task_group() as group:
                for row in rows:
                    group.start_soon(self._ask_row, poll, size, part, row, name=f"{PROVIDER} page")
            return
        row = 0
        while await self._ask_row(poll, size, part, row) and row + 1 < self._found(poll, size).pages(part):
            row += 1

    async def _ask_row(self, poll: Poll, size: int, part: Part, row: int) -> bool:
        """Ask for one page of a part. Whether it was answered; where there is nothing to ask for, nothing is the answer."""
        found = self._found(poll, size)
        page = row * len(self._parts) + self._parts.index(part) + 1
        if self._is_over(poll, part) or (found.is_known(part) and row >= found.pages(part)):
            answer = self._silence(size, part)
        else:
            at = part.reaches[0].asked_at(poll.service_date)
            variables = search_variables(poll.market, at, size, skip=row * PER_PAGE, anytime=False)
            result = await self._queries.ask(SEARCH, variables, decode_search, poll=poll)
            if isinstance(result, CallFailure):
                poll.failed(f"page {page} for {size}", result)
                return False
            found.learn(part, result.body.total)
            answer = self._answer(poll, size, part, result)
        total = max(page, found.most_pages * len(self._parts))
        poll.answers.append(msgspec.structs.replace(answer, page=page, total_pages=total))
        return True

    def _rows(self, pages: Iterable[int], number: int) -> list[int]:
        """Which of a part's own pages (from 0) some of the sweep's (from 1) are."""
        split = [divmod(page - 1, len(self._parts)) for page in pages if page > 0]
        return [row for row, of_part in split if of_part == number]

    def _found(self, poll: Poll, size: int) -> "_Found":
        return self._sizes.setdefault((poll.market.id, poll.service_date, size), _Found())

    # --- reading

    def _answer(self, poll: Poll, size: int, part: Part, fetched: Fetched[SearchPage]) -> Answer:
        page = ReadPage(fetched.body)
        if page.flaws:
            poll.remark(f"{len(page.flaws)} restaurants of a page for {size} made no sense")
        sheet = self._memory.sheet(poll.market, poll.service_date, size, part.time_slot)
        ours = [one for one in page.listed if self._is_ours(poll.market, one)]
        venues = tuple(sheet.settle(_said(one, size, poll.service_date, part)) for one in ours)
        poll.venues.update((one.venue.venue_id, one.venue) for one in ours)
        self._drift.see(page.shape(slots=sum(len(said.slots) for said in venues)))
        return Answer(
            party_size=size,
            sent_at=fetched.sent_at,
            arrived_at=fetched.arrived_at,
            venues=venues,
            time_slots=(part.time_slot,),
        )

    def _is_ours(self, market: Market, one: Listed) -> bool:
        return one.venue.venue_id not in self._opted_out and is_within(market, one.venue)


class _Found:
    """How many restaurants a search finds, by part of the day."""

    def __init__(self) -> None:
        self._totals: dict[str, int] = {}

    def learn(self, part: Part, total: int | None) -> None:
        """Take over what an answer says."""
        if total is not None:
            self._totals[part.time_slot] = min(total, MOST)

    def is_known(self, part: Part) -> bool:
        """Whether any answer has said."""
        return part.time_slot in self._totals

    def pages(self, part: Part) -> int:
        """The pages of a part."""
        return max(1, -(-self._totals.get(part.time_slot, 0) // PER_PAGE))

    @property
    def most_pages(self) -> int:
        """The pages of the part that has most."""
        return max(1, -(-max(self._totals.values(), default=0) // PER_PAGE))


def _said(one: Listed, size: int, service_date: date, part: Part) -> VenueAnswer:
    """One table at the time slot itself, where the restaurant can be booked at once."""
    if not one.can_be_booked:
        return VenueAnswer(one.venue.venue_id, ())
    start = part.reaches[0].asked_at(service_date)
    return VenueAnswer(one.venue.venue_id, (seen_slot(one, size, service_date, start, approximate=True),))
