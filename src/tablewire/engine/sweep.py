"""The sweep: which pages to ask for next under a request budget."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from tablewire.domain.snapshots import Answer


class _Sweep(msgspec.Struct):
    """The pages of one (date, party size): how many there are, and in which cycle each was last asked for."""

    total: int | None = None
    asked: dict[int, int] = msgspec.field(default_factory=dict)


class SweepPlan:
    """What to ask one provider in each cycle: first pages of every (date, party size), deeper ones in turn.

    Where the budget does not even cover the first pages they take turns too, the longest unseen first, nearest dates before others.
    """

    def __init__(self, party_sizes: Sequence[int], first_pages: int, interval: timedelta) -> None:
        self._sizes = tuple(party_sizes)
        self._first_pages = first_pages
        self._interval = interval
        self._cycle = 0
        self._sweeps: dict[tuple[date, int], _Sweep] = {}
        self._per_cycle = 0

    def plan(self, dates: Sequence[date], calls: int) -> dict[date, dict[int, tuple[int, ...]]]:
        """The pages to ask for in the next cycle, by date and party size, with `calls` of them at most (but at least one)."""
        self._cycle += 1
        self._per_cycle = max(1, calls)
        keys = [(day, size) for day in dates for size in self._sizes]
        first = self._longest_unasked(keys, deep=False)
        chosen = first[: self._per_cycle]
        left = self._per_cycle - len(chosen)
        if left > 0:
            chosen += self._longest_unasked(keys, deep=True)[:left]
        return self._note(chosen)

    def keep(self, dates: Iterable[date]) -> None:
        """Forget every other date: it has left the window."""
        watched = frozenset(dates)
        self._sweeps = {key: sweep for key, sweep in self._sweeps.items() if key[0] in watched}

    def learn(self, day: date, answers: Iterable[Answer]) -> None:
        """Take over how many pages there are."""
        for answer in answers:
            sweep = self._sweep(day, answer.party_size)
            sweep.total = answer.total_pages
            sweep.asked = {
                page: cycle for page, cycle in sweep.asked.items() if page <= max(1, answer.total_pages)
            }

    def revisit(self, day: date, size: int, page: int) -> timedelta:
        """How long it takes, as planned, until a page is asked for again."""
        total_first, total_deep = self._sizes_of_turns()
        sweep = self._sweep(day, size)
        if page <= min(self._first_pages, sweep.total or self._first_pages):
            return self._interval * max(1, -(-total_first // self._per_cycle))
        left = max(1, self._per_cycle - total_first)
        return self._interval * max(1, -(-total_deep // left))

    def longest_revisit(self, day: date) -> timedelta:
        """The planned revisit of the page of a date that is asked for most rarely."""
        return max(self.revisit(day, size, self._sweep(day, size).total or 1) for size in self._sizes)

    @property
    def pages(self) -> int:
        """The pages of a pass over everything, as far as they are known."""
        return sum(self._sizes_of_turns())

    def _sizes_of_turns(self) -> tuple[int, int]:
        first = deep = 0
        for sweep in self._sweeps.values():
            total = sweep.total if sweep.total is not None else self._first_pages
            first += max(1, min(total, self._first_pages))
            deep += max(0, total - self._first_pages)
        return first, deep

    def _longest_unasked(
        self, keys: Sequence[tuple[date, int]], *, deep: bool
    ) -> list[tuple[date, int, int]]:
        pages = [(day, size, page) for day, size in keys for page in self._pages(day, size, deep=deep)]
        return sorted(
            pages, key=lambda page: (self._sweep(page[0], page[1]).asked.get(page[2], -1), page[0], page[2])
        )

    def _pages(self, day: date, size: int, *, deep: bool) -> range:
        total = self._sweep(day, size).total
        known = self._first_pages if total is None else max(1, total)
        if deep:
            return range(self._first_pages + 1, known + 1)
        return range(1, min(self._first_pages, known) + 1)

    def _sweep(self, day: date, size: int) -> _Sweep:
        return self._sweeps.setdefault((day, size), _Sweep())

    def _note(self, chosen: Iterable[tuple[date, int, int]]) -> dict[date, dict[int, tuple[int, ...]]]:
        gathered: dict[date, dict[int, list[int]]] = {}
        for day, size, page in chosen:
            self._sweep(day, size).asked[page] = self._cycle
            gathered.setdefault(day, {}).setdefault(size, []).append(page)
        return {
            day: {size: tuple(sorted(pages)) for size, pages in by_size.items()}
            for day, by_size in sorted(gathered.items())
        }


def calls_of(pages: Mapping[int, tuple[int, ...]]) -> int:
    """How many calls a date's pages take."""
    return sum(len(of_size) for of_size in pages.values())
