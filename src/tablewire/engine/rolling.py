"""Rolling up the days of one market's venues: a few days and a few venues at a time, so that memory stays small."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

import anyio.lowlevel
import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.restaurants import Listing, in_batches
from tablewire.engine.finished_days import FinishedDays, Shown
from tablewire.engine.shared_looks import looks_of
from tablewire.insights.daily import Watched, roll_up
from tablewire.insights.local_time import local_day
from tablewire.insights.looks import NOBODY, Looks
from tablewire.insights.stays import Opened, Stay
from tablewire.insights.sums import Sums, sums_of
from tablewire.storage.figure_door import LogView, RolledBook, RolledDay

DAYS_AT_ONCE = 7
VENUES_AT_ONCE = 100
VENUES_A_TURN = 8
"""Venues between turns for others: a few milliseconds' work."""


class Plan(msgspec.Struct, kw_only=True):
    """Which days of which venues are to be rolled up."""

    market: Market
    now: int
    """In microseconds."""
    today: date
    all_from: date | None
    """From this day on all venues; None: only those of `since`."""
    since: dict[Listing, date] = msgspec.field(default_factory=dict)
    """Venues with news, and the day that it begins on."""

    @property
    def first_day(self) -> date:
        """The earliest day of any venue."""
        return min([self.today, *self.since.values(), *([self.all_from] if self.all_from else [])])

    @property
    def only(self) -> Collection[Listing] | None:
        """The venues that are in it; None: all."""
        return self.since.keys() if self.all_from is None else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return self.all_from is None and not self.since

    def since_of(self, listing: Listing) -> date | None:
        """From which day on a venue is done; None where it is not."""
        days = [day for day in (self.all_from, self.since.get(listing)) if day is not None]
        return min(days, default=None)


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of all venues in some days."""

    observed: Mapping[Listing, Looks]
    closed: Mapping[Listing, Sequence[Stay]]
    dropped: Mapping[Listing, Mapping[Opened, int]]
    """The party sizes of the openings of those days: a closing tells all that the table had until then."""


class DayRoller:
    """Carries out a plan."""

    def __init__(
        self, book: RolledBook, view: LogView, plan: Plan, finished: FinishedDays, at: datetime
    ) -> None:
        self.days = 0
        """How many days of venues were rolled up."""
        self.still_open: dict[Listing, list[Stay]] = {}
        self.today: dict[Listing, Sums] = {}
        """What today comes to so far."""
        self._book = book
        self._view = view
        self._plan = plan
        self._finished = finished
        self._at = at

    async def roll(self, show: Callable[[int, int], None]) -> list[Listing]:
        """Roll up; answers the venues that were done, in order."""
        plan, done = self._plan, set[Listing]()
        if plan.is_empty:
            return []
        self.still_open = await self._view.open(plan.market.id, plan.only)
        first = plan.first_day
        while first <= plan.today:
            last = min(plan.today, first + timedelta(days=DAYS_AT_ONCE - 1))
            rows = await self._view.observed(plan.market.id, first, last)
            observed = await looks_of(rows, plan.only)
            venues = self._venues(observed, last)
            self._finished.redo(
                listing for listing in venues if listing not in done and self._is_redone(listing)
            )
            seen = await self._seen(observed, first, last)
            for place, batch in enumerate(in_batches(venues, VENUES_AT_ONCE), start=1):
                await self._roll_batch(batch, seen, first, last)
                show(min(len(venues), place * VENUES_AT_ONCE), len(venues))
            done.update(venues)
            first = last + timedelta(days=1)
        return sorted(done)

    def _is_redone(self, listing: Listing) -> bool:
        """Whether days of it are rolled up that are over."""
        since = self._plan.since_of(listing)
        return since is not None and since < self._plan.today

    def _venues(self, observed: Mapping[Listing, Looks], last: date) -> list[Listing]:
        known = {*observed, *self._plan.since, *self.still_open}
        dated = ((listing, self._plan.since_of(listing)) for listing in known)
        return sorted(listing for listing, since in dated if since is not None and since <= last)

    async def _seen(self, observed: Mapping[Listing, Looks], first: date, last: date) -> _Seen:
        market = self._plan.market
        start, end = local_day(first, market.zone).start, local_day(last, market.zone).end
        return _Seen(
            observed=observed,
            closed=await self._view.closed(market.id, self._plan.only, start, end),
            dropped=await self._view.dropped(market.id, self._plan.only, start, end),
        )

    async def _roll_batch(self, batch: Sequence[Listing], seen: _Seen, first: date, last: date) -> None:
        begins = {listing: max(first, self._plan.since_of(listing) or first) for listing in batch}
        await self._learn_shown(batch, begins)
        rows: list[RolledDay] = []
        for place, listing in enumerate(batch):
            known = [*seen.closed.get(listing, ()), *self.still_open.get(listing, ())]
            stays = _as_opened(known, seen.dropped.get(listing, {}))
            rows += self._rows(listing, begins[listing], last, stays, seen.observed.get(listing, NOBODY))
            if place % VENUES_A_TURN == 0:
                await anyio.lowlevel.checkpoint()
        if rows:
            await self._book.keep_days(self._plan.market.id, rows, self._at)
        self.days += len(rows)

    async def _learn_shown(self, batch: Sequence[Listing], begins: Mapping[Listing, date]) -> None:
        """What had been seen of each venue before its first day, where this roll-up has not come by that day itself."""
        by_day: defaultdict[date, list[Listing]] = defaultdict(list)
        for listing in batch:
            if listing not in self._finished.shown:
                by_day[begins[listing]].append(listing)
        for day, listings in by_day.items():
            found = await self._view.shown(
                self._plan.market.id, listings[0].provider, [one.venue_id for one in listings], day
            )
            for listing in listings:
                self._finished.keep_shown(listing, frozenset(found.get(listing.venue_id, ())))

    def _rows(
        self, listing: Listing, first: date, last: date, stays: Sequence[Stay], looks: Looks
    ) -> Iterator[RolledDay]:
        zone, day, shown = self._plan.market.zone, first, self._finished.shown[listing]
        while day <= last:
            local = local_day(day, zone)
            touching = _touching(stays, local.start, local.end)
            before = _since(shown, day - timedelta(days=1))
            if day == self._plan.today:
                self._finished.keep_shown(listing, before)
            shown = before | {stay.service_date for stay in touching}
            if touching or looks.on(local, local.end).dates:
                watched = Watched(stays=touching, looks=looks, shown_before=before)
                body = roll_up(day, zone, watched, until=self._plan.now)
                if day == self._plan.today:
                    self.today[listing] = sums_of([body], self._finished.since)
                yield RolledDay(listing=listing, body=body, shown=_in_order(shown))
            day += timedelta(days=1)
        if last < self._plan.today:
            self._finished.keep_shown(listing, shown)


def _as_opened(stays: Sequence[Stay], dropped: Mapping[Opened, int]) -> Sequence[Stay]:
    """Stays with the party sizes of their openings, where those are other ones."""
    return [_as_opened_one(stay, dropped) for stay in stays] if dropped else stays


def _as_opened_one(stay: Stay, dropped: Mapping[Opened, int]) -> Stay:
    at = stay.dropped_at
    sizes = None if at is None else dropped.get((stay.service_date, stay.minute, at))
    if sizes is None or sizes == stay.sizes:
        return stay
    return msgspec.structs.replace(stay, opened_sizes=sizes)


def _touching(stays: Iterable[Stay], start: int, end: int) -> list[Stay]:
    return [
        stay
        for stay in stays
        if stay.first_seen_at < end and (stay.closed_at is None or stay.closed_at >= start)
    ]


# Most venues have shown the same dates.
@lru_cache(maxsize=4_096)
def _since(shown: Shown, first: date) -> Shown:
    return frozenset(on for on in shown if on >= first)


@lru_cache(maxsize=4_096)
def _in_order(shown: Shown) -> tuple[date, ...]:
    return tuple(sorted(shown))
