"""Reading the list of a market's restaurants: page by page as batches are needed, and again now and then."""

import asyncio
from datetime import datetime, time, timedelta

from tablewire.domain.markets import Market, service_today
from tablewire.providers.calls import CallFailure
from tablewire.providers.drift import Drift, Shape, flaw_of
from tablewire.providers.opentable.convert import Listed, to_listed
from tablewire.providers.opentable.queries import SEARCH, Queries
from tablewire.providers.opentable.reading import UNREADABLE, Flaws
from tablewire.providers.opentable.restaurants import ListPage, Restaurants
from tablewire.providers.opentable.variables import search_variables
from tablewire.providers.opentable.wire import SearchPage, decode_restaurant, decode_search
from tablewire.providers.poll import Poll

REFRESH = timedelta(hours=6)
"""How long a list is good for."""
REFRESH_SOON = timedelta(minutes=30)
"""The same for a list that did not add up: its result moved between pages."""
PACE = timedelta(seconds=15)
"""Between two pages of a refresh, which is in no hurry."""
_DINNER = time(19)
_PARTY = 2
_WHAT = "the list of restaurants"


class _Kept:
    """The restaurants of one market, and when their list is read on."""

    def __init__(self, restaurants: Restaurants) -> None:
        self.restaurants = restaurants
        self.next_page_at: datetime | None = None
        """When a refresh reads its next page; None while the first round lasts."""
        self.reading = asyncio.Lock()


class Listing:
    """The restaurants of every market that is asked about."""

    def __init__(self, queries: Queries, drift: Drift, opted_out: frozenset[str]) -> None:
        self._queries = queries
        self._drift = drift
        self._opted_out = opted_out
        self._kept: dict[str, _Kept] = {}

    def restaurants(self, market: Market) -> Restaurants:
        """What is known of a market's restaurants."""
        return self._of(market).restaurants

    async def reach(self, poll: Poll, batch: int) -> bool:
        """Read on until a batch (from 0) is known. Whether there is any restaurant in it."""
        restaurants = self.restaurants(poll.market)
        while not restaurants.has(batch) and batch < restaurants.batches and not restaurants.is_complete:
            if not await self._read_next(poll):
                break
        return bool(restaurants.batch(batch))

    async def find(self, poll: Poll, venue_id: str) -> Listed | None:
        """One restaurant; the list is read on until it comes up."""
        restaurants = self.restaurants(poll.market)
        while (found := restaurants.find(venue_id)) is None and not restaurants.is_complete:
            if not await self._read_next(poll):
                return None
        return found

    async def refresh(self, poll: Poll) -> None:
        """Read one more page of a list that is due to be read again; nobody waits for it."""
        kept = self._of(poll.market)
        due = kept.next_page_at
        if due is None or self._queries.caller.now() < due or kept.reading.locked():
            return
        async with kept.reading:
            kept.next_page_at = self._queries.caller.now() + PACE
            await self._read_page(kept, poll)

    def _of(self, market: Market) -> _Kept:
        kept = self._kept.get(market.id)
        if kept is None:
            kept = self._kept[market.id] = _Kept(Restaurants(market, self._opted_out))
        return kept

    async def _read_next(self, poll: Poll) -> bool:
        """Read the next page of the first round, or wait for another poll that does. False where it cannot be had."""
        kept = self._of(poll.market)
        before = kept.restaurants.skip
        try:
            async with asyncio.timeout_at(poll.until):
                await kept.reading.acquire()
        except TimeoutError:
            poll.remark(f"{_WHAT} could not be read in time")
            return False
        try:
            if kept.restaurants.skip != before or kept.restaurants.is_complete:
                return True
            return await self._read_page(kept, poll)
        finally:
            kept.reading.release()

    async def _read_page(self, kept: _Kept, poll: Poll) -> bool:
        now, zone = self._queries.caller.now(), poll.market.zone
        at = datetime.combine(service_today(now, zone) + timedelta(days=1), _DINNER)
        variables = search_variables(poll.market, at, _PARTY, skip=kept.restaurants.skip, anytime=True)
        result = await self._queries.ask(SEARCH, variables, decode_search, poll=poll)
        if isinstance(result, CallFailure):
            poll.failed(_WHAT, result)
            return False
        self._take(kept, poll, result.body)
        return kept.restaurants.skip > 0 or kept.restaurants.is_complete

    def _take(self, kept: _Kept, poll: Poll, page: SearchPage) -> None:
        read = ReadPage(page)
        self._drift.see(read.shape(slots=0))
        if read.flaws:
            poll.remark(f"{len(read.flaws)} of {_WHAT} made no sense")
        restaurants = kept.restaurants
        over = restaurants.take(ListPage(listed=read.listed, records=read.records, total=page.total))
        if over and restaurants.is_complete:
            good_for = REFRESH if restaurants.adds_up else REFRESH_SOON
            kept.next_page_at = self._queries.caller.now() + good_for
        elif over:
            early = "ended too early" if restaurants.batch(0) else "has none that can be asked"
            poll.remark(f"{_WHAT} {early}")


class ReadPage:
    """The records of one page of a search: those that make sense, and what is wrong with the others."""

    def __init__(self, page: SearchPage) -> None:
        listed: list[Listed] = []
        self.flaws: Flaws = []
        for raw in page.restaurants:
            try:
                listed.append(to_listed(decode_restaurant(raw)))
            except UNREADABLE as error:
                self.flaws.append(("restaurants", flaw_of(error)))
        self.listed = tuple(listed)
        self.records = len(page.restaurants)

    def shape(self, *, slots: int) -> Shape:
        """What it looked like, for drift; `slots` is what it yielded."""
        return Shape(counts={"restaurants": self.records}, flaws=self.flaws, slots_read=slots)
