"""The sweep: what to ask next under a request budget."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from tablewire.domain.events import Event
from tablewire.domain.snapshots import Answer
from tablewire.engine.choosing import most_worth
from tablewire.engine.learning import Learning
from tablewire.engine.likelihood import Likelihood
from tablewire.engine.looks import Errand, Looks
from tablewire.engine.pages import Page, PageBook
from tablewire.engine.releases import last_release
from tablewire.engine.urgency import overdue
from tablewire.engine.wanted import Pair
from tablewire.engine.worth import Gauge

SweepMode = Literal["adaptive", "turns"]
LEAST_BOUND = 600.0
"""Seconds for which a page may go unseen, however large the budget is."""
_ANSWERED = 0.7
"""Share of later cycles' calls that is counted on to be answered, when it is worked out what must go now."""
_TO_SPARE = 2
"""Cycles before the bound in which a page that must go is to be answered, since its call may fail."""
_FOLLOWS = 0.2
"""How fast the price of a call follows what the cheapest of the last cycle was worth."""


class Ask(msgspec.Struct, frozen=True):
    """What one date's poll asks for."""

    pages: Mapping[int, tuple[int, ...]] = {}
    """Pages by party size."""
    looks: Mapping[int, tuple[str, ...]] = {}
    """Venues asked for by name, by party size."""
    calls: int = 0


class SweepPlan:
    """What to ask one provider in each cycle.

    Pages that would else go unseen for longer than a bound go first. Then come the first pages of each (date, party size): all of them
    each cycle where half of the calls suffices, else none later than twice their fair turn. What is left goes, with `turns`, to the
    pages longest unseen; adaptively to those where a look is worth most (`engine.worth`). Taking the largest of rate * t^2 makes
    intervals go with 1 / sqrt(rate), which is the least mean delay that a budget allows.
    """

    def __init__(
        self,
        party_sizes: Sequence[int],
        first_pages: int,
        interval: timedelta,
        zone: ZoneInfo,
        *,
        mode: SweepMode = "adaptive",
    ) -> None:
        self.mode = mode
        self.likelihood = Likelihood()
        self._book = PageBook(party_sizes, first_pages)
        self._learning = Learning(self._book, self.likelihood, zone)
        self._looks = Looks(self._book)
        self._first_pages = first_pages
        self._interval = interval.total_seconds()
        self._zone = zone
        self._calls = 1
        self._price = 0.0
        self._gauge: Gauge | None = None

    # --- planning

    def plan(
        self,
        dates: Sequence[date],
        calls: int,
        now: datetime,
        *,
        wanted: Sequence[Pair] = (),
        per_call: int = 0,
        busy: Collection[date] = (),
    ) -> dict[date, Ask]:
        """What to ask for in the next cycle, by date, with `calls` of them at most (but at least one).

        `wanted` are pairs that somebody waits for, and `per_call` is how many venues one call by name asks for (0: there is none). On
        `busy` dates the last poll still runs: pages that may yet be answered by it are left alone.
        """
        self._calls = max(1, calls)
        at = now.timestamp()
        pages = [page for page in self._book.on(dates, at) if not (page.day in busy and page.is_awaited)]
        self._gauge = gauge = self._measure(dates, now)
        must = self._must(pages, at)
        room = self._calls - len(must)
        best = self._best([page for page in pages if page not in must], room, gauge)
        errands = self._looks.errands(wanted, {*must, *best}, room // 2, per_call)
        self._looks.note(errands, at)
        best = best[: room - len(errands)]
        # A dict, not a set: what is asked for first must not hang on where pages lie in memory.
        chosen = dict.fromkeys([*must, *best, *(one.page for one in errands if one.page is not None)])
        for page in chosen:
            page.ask(at)
        return _by_date(chosen, [one for one in errands if one.page is None], gauge)

    def _must(self, pages: Sequence[Page], now: float) -> dict[Page, None]:
        """The pages that go before all others, whatever they are worth."""
        soon = self.bound - _TO_SPARE * self._interval
        must = dict.fromkeys(self._late(pages, now, soon, self._calls * _ANSWERED))
        first = [page for page in pages if page.number <= self._first_pages]
        half = max(1, self._calls // 2)
        if self.mode == "turns":
            first = sorted(first, key=_longest_unseen)
        elif len(first) > half:
            first = self._late(first, now, 2 * self._turn(len(first), half), half)
        must |= dict.fromkeys(first)
        return dict.fromkeys(list(must)[: self._calls])

    def _late(self, pages: Sequence[Page], now: float, bound: float, calls: float) -> list[Page]:
        return overdue(pages, now, bound=bound, interval=self._interval, calls=calls)

    def _best(self, pages: Sequence[Page], calls: int, gauge: Gauge) -> list[Page]:
        if self.mode == "turns":
            return sorted(pages, key=_longest_unseen)[:calls]
        new = sorted(
            (page for page in pages if page.asked_at is None), key=lambda page: (page.number, page.day)
        )
        known = [page for page in pages if page.asked_at is not None]
        best = most_worth(known, calls - len(new), gauge, self._book)
        if best and len(best) < len(known):
            self._learn_price(best[-1][0], gauge)
        return new[:calls] + [page for page, _ in best]

    def _learn_price(self, cheapest: Page, gauge: Gauge) -> None:
        """What a call has to be worth to be made: what the cheapest was worth, where no release stands behind it."""
        if cheapest.answered_at is not None and not gauge.waiting_since_release(cheapest):
            worth = gauge.waiting(cheapest)
            self._price = self._price + _FOLLOWS * (worth - self._price) if self._price else worth

    def _measure(self, dates: Sequence[date], now: datetime) -> Gauge:
        self.likelihood.fade(now.timestamp())
        release = last_release(now, self._zone)
        rates = [page.rate for page in self._book.all() if page.rate]
        return Gauge(
            now=now.timestamp(),
            shared=self.likelihood.shared if len(self._book.party_sizes) > 1 else 0.0,
            release=release,
            released={
                day: self.likelihood.released(release.wall, (day - release.day).days, 1) for day in dates
            },
            turn=self._turn(self.pages, self._calls),
            typical=sum(rates) / len(rates) if rates else 1e-3,
        )

    # --- what comes back

    def learn(self, day: date, answers: Iterable[Answer], events: Iterable[Event] = ()) -> None:
        """Take over what a date's poll brought back, and what was stored of it."""
        self._learning.take(day, answers, events)

    def keep(self, dates: Iterable[date]) -> None:
        """Forget every other date: it has left the window."""
        self._book.keep(dates)

    # --- what is promised

    @property
    def pages(self) -> int:
        """The pages of a pass over everything, as far as they are known."""
        return len(self._book)

    @property
    def bound(self) -> float:
        """Seconds for which no page goes unseen, as long as calls are answered: twice a fair turn, or 10 minutes."""
        return max(LEAST_BOUND, 2 * self._turn(self.pages, self._calls))

    def revisit(self, day: date, size: int, page: int) -> timedelta:
        """How long it takes, as planned, until a page is asked for again.

        Adaptively that is when it will have become worth the price of a call, rounded up to whole cycles, or the longer of its last two
        turns where that is more: a page that goes now every cycle, now every other, is promised for every other. It is never more
        than the bound, at which every page goes, and never less than a cycle. It is the plan as of now: rates and budgets move.
        """
        return timedelta(seconds=self._seconds(self._book.find(day, size, page), page))

    def revisit_of(self, day: date, answer: Answer) -> timedelta:
        """The same for an answer: of its page, or, where venues were asked for by name, of the page seen most rarely that lists one."""
        if answer.page >= 1:
            return self.revisit(day, answer.party_size, answer.page)
        pairs = [(day, answer.party_size, said.venue_id) for said in answer.venues]
        pages = [page for pair in pairs if (page := self._looks.page_of(pair)) is not None]
        return timedelta(
            seconds=max((self._seconds(page, page.number) for page in pages), default=self.bound)
        )

    def longest_revisit(self, day: date) -> timedelta:
        """The planned revisit of the page of a date that is asked for most rarely."""
        seconds = [self._seconds(page, page.number) for page in self._book.all() if page.day == day]
        return timedelta(seconds=max(seconds, default=self._interval))

    def revisits(self) -> list[float]:
        """The planned revisit of every page, in seconds."""
        return [self._seconds(page, page.number) for page in self._book.all()]

    def _seconds(self, page: Page | None, number: int) -> float:
        pages = self.pages
        if pages <= self._calls:
            return self._interval
        first = self._book.count_first()
        if self.mode == "turns":
            return self._seconds_in_turns(number, first)
        if number <= self._first_pages and first <= self._calls // 2:
            return self._interval
        if page is None or self._gauge is None or not self._price:
            return self._turn(pages, self._calls)
        planned = max(self._gauge.seconds_until_worth(page, self._price), *(gap - 1 for gap in page.gaps))
        return min(self._cycles(planned), self.bound)

    def _seconds_in_turns(self, number: int, first: int) -> float:
        if number <= self._first_pages:
            return self._turn(first, self._calls)
        left = self._calls - first
        return min(self._turn(self.pages - first, left), self.bound) if left > 0 else self.bound

    def _turn(self, pages: int, calls: int) -> float:
        return self._interval * max(1, ceil(pages / max(1, calls)))

    def _cycles(self, seconds: float) -> float:
        return self._interval * max(1, ceil(min(seconds, self.bound) / self._interval))


def _longest_unseen(page: Page) -> tuple[float, date, int]:
    seen = page.answered_at if page.answered_at is not None else page.asked_at
    return (0.0 if seen is None else seen), page.day, page.number


def _by_date(pages: Iterable[Page], looks: Iterable[Errand], gauge: Gauge) -> dict[date, Ask]:
    """What is asked for, by date: those on which a release is waiting first, else in order."""
    gathered: dict[date, tuple[dict[int, list[int]], dict[int, list[str]]]] = {}
    waiting: dict[date, float] = {}
    calls: dict[date, int] = {}
    for page in pages:
        gathered.setdefault(page.day, ({}, {}))[0].setdefault(page.size, []).append(page.number)
        waiting[page.day] = waiting.get(page.day, 0.0) + gauge.waiting_since_release(page)
        calls[page.day] = calls.get(page.day, 0) + 1
    for look in looks:
        names = [venue for _, _, venue in look.pairs]
        gathered.setdefault(look.day, ({}, {}))[1].setdefault(look.size, []).extend(names)
        calls[look.day] = calls.get(look.day, 0) + 1
    return {
        day: Ask(
            {size: tuple(sorted(numbers)) for size, numbers in gathered[day][0].items()},
            {size: tuple(names) for size, names in gathered[day][1].items()},
            calls[day],
        )
        for day in sorted(gathered, key=lambda day: (-waiting.get(day, 0.0), day))
    }
