"""Looks at wanted venues: by their page where that is planned or cheaper, else by name."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date

import msgspec

from tablewire.engine.pages import Page, PageBook
from tablewire.engine.wanted import Pair


class Errand(msgspec.Struct, frozen=True):
    """One call for the sake of wanted venues: a page, or some venues by name."""

    day: date
    size: int
    pairs: tuple[Pair, ...]
    page: Page | None = None


class Looks:
    """Remembers where wanted venues were last listed, and which of them have waited longest."""

    def __init__(self, book: PageBook) -> None:
        self._book = book
        self._pages: dict[Pair, Page] = {}
        self._asked: dict[Pair, float] = {}

    def page_of(self, pair: Pair) -> Page | None:
        """The page that last listed the venue; None where none does."""
        day, size, venue = pair
        known = self._pages.get(pair)
        if known is not None and venue in known.venues and self._book.find(day, size, known.number) is known:
            return known
        found = next((page for page in self._book.known(day, size) if venue in page.venues), None)
        if found is not None:
            self._pages[pair] = found
        return found

    def errands(
        self, pairs: Sequence[Pair], planned: Collection[Page], calls: int, per_call: int
    ) -> list[Errand]:
        """The calls for pairs that no planned page answers for: so many at most, those waiting longest first.

        `per_call` is how many venues a call by name asks for; 0 where the provider has none. A page is asked for where more of its
        venues are wanted than one call takes; for as many or fewer a call by name costs the same, and its answer is far smaller.
        """
        self._forget_all_but(pairs)
        by_page: dict[Page, list[Pair]] = defaultdict(list)
        by_name: dict[tuple[date, int], list[Pair]] = defaultdict(list)
        for pair in pairs:
            page = self.page_of(pair)
            if page is None:
                by_name[pair[0], pair[1]].append(pair)
            elif page not in planned:
                by_page[page].append(pair)
        errands = []
        for page, listed in by_page.items():
            if len(listed) > per_call:
                errands.append(Errand(page.day, page.size, tuple(listed), page))
            else:
                by_name[page.day, page.size].extend(listed)
        if per_call:
            errands += self._bundles(by_name.values(), per_call)
        return sorted(errands, key=lambda errand: min(map(self._waiting_since, errand.pairs)))[:calls]

    def note(self, errands: Iterable[Errand], now: float) -> None:
        """These are being done now."""
        for errand in errands:
            self._asked |= dict.fromkeys(errand.pairs, now)

    def _bundles(self, groups: Iterable[list[Pair]], per_call: int) -> Iterable[Errand]:
        for pairs in groups:
            waiting = sorted(pairs, key=self._waiting_since)
            for first in range(0, len(waiting), per_call):
                bundle = tuple(waiting[first : first + per_call])
                yield Errand(bundle[0][0], bundle[0][1], bundle)

    def _waiting_since(self, pair: Pair) -> float:
        page = self._pages.get(pair)
        seen = page.answered_at if page is not None and page.answered_at is not None else 0.0
        return max(self._asked.get(pair, 0.0), seen)

    def _forget_all_but(self, pairs: Iterable[Pair]) -> None:
        wanted = set(pairs)
        self._pages = {pair: page for pair, page in self._pages.items() if pair in wanted}
        self._asked = {pair: at for pair, at in self._asked.items() if pair in wanted}
