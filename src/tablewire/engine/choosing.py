"""Choosing pages: always the one that is worth most next, as long as there are calls."""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from itertools import count

from tablewire.engine.pages import Page, PageBook
from tablewire.engine.worth import Gauge


def most_worth(pages: Iterable[Page], calls: int, gauge: Gauge, book: PageBook) -> list[tuple[Page, float]]:
    """So many pages at most with what each was worth when it was taken, best first.

    A page for another party size that lists the same venues is worth less once the first is taken: so the two are not asked for
    together but half-way between each other's turns, and what both would show is found sooner.
    """
    order = count()
    best = [(-gauge.worth(page), page.day, page.number, next(order), page) for page in pages]
    heapify(best)
    chosen: list[tuple[Page, float]] = []
    spared: dict[Page, float] = {}
    checked: dict[Page, float] = {}
    while best and len(chosen) < calls:
        worth, day, number, _, page = heappop(best)
        seen = spared.get(page, 0.0)
        if seen != checked.get(page, 0.0):
            checked[page] = seen
            heappush(best, (-gauge.worth(page, seen), day, number, next(order), page))
            continue
        chosen.append((page, -worth))
        for other, share in book.beside(page):
            spared[other] = min(1.0, spared.get(other, 0.0) + share)
    return chosen
