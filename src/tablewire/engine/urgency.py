"""Which pages have to be asked for now, so that none goes unseen for longer than a bound."""

from collections.abc import Iterable

from tablewire.engine.pages import Page


def overdue(pages: Iterable[Page], now: float, *, bound: float, interval: float, calls: float) -> list[Page]:
    """The fewest of the pages longest unseen that must go now, where every later cycle has so many calls for the rest. Oldest first.

    A page asked for in the j-th cycle from now (this one is the first) is answered within j intervals. So the i-th oldest page, which
    may wait for k cycles, is late unless i pages fit into k cycles.
    """
    oldest = sorted(pages, key=lambda page: (page.since, page.day, page.number))
    must = 0
    for place, page in enumerate(oldest, start=1):
        cycles = max(1, int((bound - (now - page.since)) / interval))
        must = max(must, place - int((cycles - 1) * calls))
        if (cycles - 1) * calls >= len(oldest):
            break
    return oldest[:must]
