"""The pages of the sweep: which there are, and when each was last answered."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import msgspec


class Page(msgspec.Struct, eq=False, gc=False):
    """One page of one (date, party size). Instants are in seconds since 1970."""

    day: date
    size: int
    number: int
    known_at: float
    """Since when it is known that there is such a page."""
    answered_at: float | None = None
    """When the last call for it that was answered was sent."""
    looked_at: float | None = None
    """The same with its venues' answers for other party sizes: the mean of when each was last looked at."""
    asked_at: float | None = None
    gaps: tuple[float, float] = (0.0, 0.0)
    """Seconds between the last times that it was asked for."""
    venues: frozenset[str] = frozenset()
    rate: float = 0.0
    """Openings a second to be expected on it."""

    def ask(self, now: float) -> None:
        """Note that it is asked for."""
        if self.asked_at is not None:
            self.gaps = self.gaps[1], now - self.asked_at
        self.asked_at = now

    @property
    def is_awaited(self) -> bool:
        """Whether it was asked for and not answered since."""
        return self.asked_at is not None and (self.answered_at is None or self.answered_at < self.asked_at)

    @property
    def since(self) -> float:
        """From when on it has not been seen."""
        return self.known_at if self.answered_at is None else self.answered_at


class PageBook:
    """The pages of every (date, party size); as long as nothing is known of one, its first pages are taken for granted."""

    def __init__(self, party_sizes: Sequence[int], first_pages: int) -> None:
        self.party_sizes = tuple(party_sizes)
        self._first_pages = first_pages
        self._sweeps: dict[tuple[date, int], list[Page]] = {}

    def of(self, day: date, size: int, now: float) -> list[Page]:
        """The pages of a date for a party size, as far as is known."""
        pages = self._sweeps.get((day, size))
        if pages is None:
            pages = self._sweeps[day, size] = []
            self._stretch(pages, day, size, self._first_pages, now)
        return pages

    def on(self, dates: Iterable[date], now: float) -> Iterator[Page]:
        """All pages of some dates."""
        for day in dates:
            for size in self.party_sizes:
                yield from self.of(day, size, now)

    def find(self, day: date, size: int, number: int) -> Page | None:
        """One page, where there is such a one."""
        pages = self.known(day, size)
        return pages[number - 1] if 1 <= number <= len(pages) else None

    def known(self, day: date, size: int) -> list[Page]:
        """The pages of a date for a party size, where any are known."""
        return self._sweeps.get((day, size), [])

    def all(self) -> list[Page]:
        """Every page."""
        return [page for pages in self._sweeps.values() for page in pages]

    def learn_total(self, day: date, size: int, total: int, now: float) -> None:
        """Take over how many pages there are."""
        pages = self.of(day, size, now)
        del pages[max(1, total) :]
        self._stretch(pages, day, size, total, now)

    def beside(self, page: Page) -> Iterator[tuple[Page, float]]:
        """Pages of the same date for other party sizes that list venues of this one too, and which share of theirs.

        They are looked for at about the same place: all party sizes are listed in one order.
        """
        own = len(self.known(page.day, page.size))
        for size in self.party_sizes:
            others = self.known(page.day, size)
            if size == page.size or not others:
                continue
            first = (page.number - 1) * len(others) // own
            last = (page.number * len(others) - 1) // own
            for other in others[max(0, first - 1) : last + 2]:
                same = len(other.venues & page.venues)
                if same:
                    yield other, same / len(other.venues)

    def share(self, page: Page, at: float) -> None:
        """Tell pages for other party sizes that venues which they list as well were looked at."""
        for other, share in self.beside(page):
            if other.looked_at is not None:
                other.looked_at += share * max(0.0, at - other.looked_at)

    def count_first(self) -> int:
        """How many of the pages are first ones."""
        return sum(min(len(pages), self._first_pages) for pages in self._sweeps.values())

    def __len__(self) -> int:
        return sum(map(len, self._sweeps.values()))

    def keep(self, dates: Iterable[date]) -> None:
        """Forget every other date."""
        watched = frozenset(dates)
        self._sweeps = {key: pages for key, pages in self._sweeps.items() if key[0] in watched}

    @staticmethod
    def _stretch(pages: list[Page], day: date, size: int, total: int, now: float) -> None:
        pages.extend(
            Page(day=day, size=size, number=number, known_at=now)
            for number in range(len(pages) + 1, total + 1)
        )
