"""How many drops any window had: the hours that rolled-up days know, and the rest, which has to be looked up in the log."""

from collections.abc import Iterable

import msgspec

from tablewire.insights.intervals import Span, Spans, clip, union
from tablewire.insights.local_time import local_day
from tablewire.insights.market_days import SETTLED
from tablewire.insights.market_totals import SLICES, DayTotals, MarketWindow


class KnownDay(msgspec.Struct, frozen=True):
    """A rolled-up day, and when it was counted (microseconds)."""

    totals: DayTotals
    counted_at: int


class HourlyDrops(msgspec.Struct, frozen=True, kw_only=True):
    """The drops of the whole hours of a window that are known, and what is left of it."""

    drops: int
    rest: Spans


def drops_of_hours(days: Iterable[KnownDay], window: MarketWindow) -> HourlyDrops:
    """Add up the hours that lie whole within [since, until) of a window, and were over when they were counted."""
    total, known = 0, list[Span]()
    for day in days:
        local = local_day(day.totals.day, window.zone)
        end = min(window.until, day.counted_at - SETTLED)
        hours = list(zip(local.edges, local.edges[1:], strict=False))
        within = [window.since <= begin and over <= end for begin, over in hours]
        if any(within):
            counts = day.totals.by_hour(range(len(SLICES)))
            total += sum(drops for drops, inside in zip(counts, within, strict=True) if inside)
            known += [hour for hour, inside in zip(hours, within, strict=True) if inside]
    return HourlyDrops(drops=total, rest=_without(union(known), window.since, window.until))


def _without(spans: Spans, since: int, until: int) -> Spans:
    """What some spans leave of [since, until)."""
    at, left = since, list[Span]()
    for begin, end in clip(spans, since, until):
        left.append((at, begin))
        at = end
    return union([*left, (at, until)])
