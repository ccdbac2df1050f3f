"""Portions: what one date's poll asks for, split so that no page waits for all the others."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import TypeVar

from tablewire.engine.sweep import Ask

AT_ONCE = 8
"""Calls of one portion, about: with fewer there are more commits, with more a page waits for more that may be slow."""

T = TypeVar("T", int, str)


def portions_of(ask: Ask, per_call: int) -> list[Ask]:
    """A large ask in portions: venues by name first, since somebody waits for them, then pages. A small one stays whole.

    Party sizes are together, page by page and venue by venue: much the same is listed for all of them, and a slot is told with all
    the sizes that one portion shows. `per_call` is how many venues one call by name asks for, if there is such a call.
    """
    looks, pages = _in_order(ask.looks), _in_order(ask.pages)
    named = max(1, per_call)
    if ceil(len(looks) / named) + len(pages) <= AT_ONCE:
        return [ask]
    return [
        *(Ask(looks=_by_size(some)) for some in _evenly(looks, AT_ONCE * named)),
        *(Ask(pages=_by_size(sorted(some))) for some in _evenly(sorted(pages), AT_ONCE)),
    ]


def _in_order(wanted: Mapping[int, Sequence[T]]) -> list[tuple[T, int]]:
    """All that is wanted, each with its party size: one thing for all sizes, then the next."""
    sizes: dict[T, list[int]] = defaultdict(list)
    for size, things in wanted.items():
        for thing in things:
            sizes[thing].append(size)
    return [(thing, size) for thing, of_thing in sizes.items() for size in of_thing]


def _evenly(wanted: Sequence[tuple[T, int]], most: int) -> Iterable[Sequence[tuple[T, int]]]:
    """As few parts as there can be, all of about one size; what is wanted for several party sizes is not torn apart."""
    left = list(wanted)
    for parts in range(ceil(len(left) / most), 0, -1):
        end = ceil(len(left) / parts)
        while end < len(left) and left[end][0] == left[end - 1][0]:
            end += 1
        if left:
            yield left[:end]
        left = left[end:]


def _by_size(some: Iterable[tuple[T, int]]) -> dict[int, tuple[T, ...]]:
    found: dict[int, list[T]] = defaultdict(list)
    for thing, size in some:
        found[size].append(thing)
    return {size: tuple(things) for size, things in found.items()}
