"""When venues were looked at in some days, from what is stored of it: venues that were always looked at together share it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter

import anyio.lowlevel

from tablewire.domain.restaurants import Listing
from tablewire.insights.intervals import Spans, union
from tablewire.insights.looks import NOBODY, Looks
from tablewire.storage.figure_door import ObservedDay

VENUES_A_TURN = 100
"""Venues between turns for others: less than a millisecond."""
_provider = attrgetter("provider")


async def looks_of(rows: Iterable[ObservedDay], only: Collection[Listing] | None) -> dict[Listing, Looks]:
    """The looks of some venues, or of all; those that nobody looked at are not in it."""
    found: dict[Listing, Looks] = {}
    for provider, of_provider in groupby(sorted(rows, key=_provider), key=_provider):
        await _share(found, provider, list(of_provider), only)
    return found


async def _share(
    found: dict[Listing, Looks],
    provider: str,
    rows: Sequence[ObservedDay],
    only: Collection[Listing] | None,
) -> None:
    """Venues whose spans are the same objects in all rows have the same looks."""
    shared: dict[tuple[int, ...], Looks] = {}
    spans = [row.spans for row in rows]
    for place, venue_id in enumerate(_wanted(provider, spans, only)):
        if place % VENUES_A_TURN == 0:
            await anyio.lowlevel.checkpoint()
        parts = [of_row.get(venue_id, ()) for of_row in spans]
        key = tuple(map(id, parts))
        if key not in shared:
            shared[key] = _together(zip((row.service_date for row in rows), parts, strict=True))
        if shared[key] is not NOBODY:
            found[Listing(provider, venue_id)] = shared[key]


def _wanted(
    provider: str, spans: Sequence[Mapping[str, Spans]], only: Collection[Listing] | None
) -> Iterable[str]:
    if only is None:
        return set().union(*spans)
    return [one.venue_id for one in only if one.provider == provider]


def _together(parts: Iterable[tuple[date, Spans]]) -> Looks:
    dates: dict[date, Spans] = {}
    for on, spans in parts:
        known = dates.get(on)
        if spans:
            dates[on] = spans if known is None else union((*known, *spans))
    return Looks(dates) if dates else NOBODY
