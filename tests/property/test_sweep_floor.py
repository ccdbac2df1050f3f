"""The sweep's floor, under generated budgets, page counts and failures: no page goes unseen for longer than promised."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Answer, VenueAnswer
from tablewire.engine.sweep import Ask, SweepPlan
from tests.clock import START

INTERVAL = timedelta(seconds=30)
Key = tuple[date, int, int]


class Played:
    """A plan followed for a while, and how long each page was unseen at most."""

    def __init__(
        self, mode: Literal["adaptive", "turns"], totals: Mapping[tuple[date, int], int], fails: float
    ) -> None:
        sizes = tuple(sorted({size for _, size in totals}))
        self.plan = SweepPlan(sizes, 3, INTERVAL, NYC.zone, mode=mode)
        self.bound = 0.0
        self.longest = 0.0
        self.longest_without_failure = 0.0
        self._totals = totals
        self._fails = fails
        self._dice = Random(1)
        self._now = START
        self._seen: dict[Key, datetime] = {}
        self._failed: set[Key] = set()

    def go(self, cycles: int, calls: int) -> None:
        days = sorted({day for day, _ in self._totals})
        for _ in range(cycles):
            asked = self.plan.plan(days, calls, self._now)
            assert sum(ask.calls for ask in asked.values()) <= max(1, calls)
            self.bound = max(self.bound, self.plan.bound)
            for day, ask in asked.items():
                self._answer(day, ask)
            self._now += INTERVAL
            if len(self._seen) == sum(self._totals.values()):
                self._measure()

    def _answer(self, day: date, ask: Ask) -> None:
        answers = []
        for size, pages in ask.pages.items():
            for page in pages:
                if page > self._totals[day, size]:
                    continue
                if self._dice.random() < self._fails:
                    self._failed.add((day, size, page))
                    continue
                answers.append(self._page(day, size, page))
                self._seen[day, size, page] = self._now
                self._failed.discard((day, size, page))
        self.plan.learn(day, answers)

    def _page(self, day: date, size: int, page: int) -> Answer:
        venues = (VenueAnswer(f"venue {page}", ()),)
        return Answer(
            party_size=size,
            sent_at=self._now,
            arrived_at=self._now,
            venues=venues,
            page=page,
            total_pages=self._totals[day, size],
        )

    def _measure(self) -> None:
        for key, at in self._seen.items():
            unseen = (self._now - at).total_seconds()
            self.longest = max(self.longest, unseen)
            if key not in self._failed:
                self.longest_without_failure = max(self.longest_without_failure, unseen)


def totals_of(pages: list[int], sizes: int) -> dict[tuple[date, int], int]:
    return {
        (START.date() + timedelta(days=number // sizes), 2 + 2 * (number % sizes)): total
        for number, total in enumerate(pages[: len(pages) // sizes * sizes])
    }


modes = st.sampled_from(["adaptive", "turns"])
page_counts = st.lists(st.integers(1, 25), min_size=2, max_size=8)


@given(mode=modes, pages=page_counts, sizes=st.integers(1, 2), calls=st.integers(1, 120))
def test_no_page_goes_unseen_for_longer_than_the_bound(
    mode: Literal["adaptive", "turns"], pages: list[int], sizes: int, calls: int
) -> None:
    played = Played(mode, totals_of(pages, sizes), fails=0.0)
    played.go(40 + 4 * sum(pages) // calls, calls)
    assert played.longest <= played.bound


@given(mode=modes, pages=page_counts, sizes=st.integers(1, 2), calls=st.integers(4, 120))
def test_failed_calls_keep_no_other_page_unseen_for_longer(
    mode: Literal["adaptive", "turns"], pages: list[int], sizes: int, calls: int
) -> None:
    played = Played(mode, totals_of(pages, sizes), fails=0.2)
    played.go(40 + 4 * sum(pages) // calls, calls)
    assert played.longest_without_failure <= played.bound


@given(
    pages=page_counts, sizes=st.integers(1, 2), budgets=st.lists(st.integers(1, 100), min_size=2, max_size=4)
)
def test_a_budget_that_changes_keeps_the_longest_of_its_bounds(
    pages: list[int], sizes: int, budgets: list[int]
) -> None:
    played = Played("adaptive", totals_of(pages, sizes), fails=0.0)
    for calls in budgets:
        played.go(20 + 2 * sum(pages) // calls, calls)
    assert played.longest <= played.bound
