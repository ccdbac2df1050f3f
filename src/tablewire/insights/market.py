"""The figures of a market over any window of whole local hours."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from statistics import fmean
from zoneinfo import ZoneInfo

import msgspec

from tablewire.insights.figures import LEAST_OBSERVED, UNCOUNTED, Count, Figure, rate, spread
from tablewire.insights.local_time import HOUR, SECOND, local_day
from tablewire.insights.market_days import MarketCut, MarketHour
from tablewire.insights.market_totals import SLICES, DayTotals, MarketWindow, slices_of
from tablewire.insights.waves import Wave, waves


class HourCount(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The drops of one hour of a series; null where nobody looked."""

    at: int
    """Its beginning in microseconds."""
    drops: int | None
    observed_seconds: float


class Group(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The drops of one hour of the day or weekday of opening, also by how long it was looked at."""

    key: int
    drops: int
    observed_seconds: float
    drops_per_hour: float | None


class MarketFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What `market_metrics` says of a market; each field is a `metric_type`."""

    window_start: int
    window_end: int
    observed_hours: float
    drops_total: Count
    """Its samples are the hours that were looked at."""
    drops_per_hour: tuple[HourCount, ...]
    drops_per_observed_hour: Figure
    drops_by_neighborhood: dict[str, int]
    """Drops of venues without one are under the empty name."""
    drops_by_day_of_week: dict[int, int]
    """By the weekday of the slot, Monday 0."""
    drops_by_day_of_opening: tuple[Group, ...]
    """By the weekday of the opening, Monday 0."""
    drops_by_hour_of_day: tuple[Group, ...]
    prime_time_volatility_index: Figure
    cancellation_waves: tuple[Wave, ...]


def market_figures(
    days: Sequence[DayTotals], window: MarketWindow, cut: MarketCut | None = None
) -> MarketFigures:
    """All figures of the hours of a window.

    The days may begin long before: earlier weeks say what is usual for an hour. Of days that the window cuts the totals by
    neighbourhood have to be those of its hours only, and of a cut's neighbourhoods all of them.
    """
    slices = slices_of(cut or MarketCut())
    ordered = sorted(days, key=lambda day: day.day)
    history = [hour for day in ordered for hour in _hours(day, window.zone, slices)]
    hours = [hour for hour in history if window.since <= hour.at < window.until]
    observed, drops = sum(hour.observed for hour in hours), sum(hour.drops for hour in hours)
    # A drop proves a look, also where a crash has lost the observed time.
    looked_at = sum(1 for hour in hours if hour.observed or hour.drops)
    inside = [(day, within) for day in ordered if any(within := window.hours_of(day.day))]
    return MarketFigures(
        window_start=window.since,
        window_end=window.until,
        observed_hours=observed / HOUR,
        drops_total=Count(drops, looked_at) if looked_at else UNCOUNTED,
        drops_per_hour=tuple(_count(hour) for hour in hours),
        drops_per_observed_hour=rate(drops, observed, HOUR, looked_at),
        drops_by_neighborhood=_by_neighborhood((day for day, _ in inside), slices),
        drops_by_day_of_week=_by_weekday(inside, slices),
        drops_by_day_of_opening=_grouped(hours, lambda hour: hour.weekday),
        drops_by_hour_of_day=_grouped(hours, lambda hour: hour.hour),
        prime_time_volatility_index=volatility(hours),
        cancellation_waves=waves(hours, history),
    )


def volatility(hours: Iterable[MarketHour]) -> Figure:
    """The standard deviation of hourly prime drops over their mean; null where there were none."""
    counts = [hour.prime for hour in hours if hour.is_sample]
    if not any(counts) or len(counts) * HOUR < LEAST_OBSERVED:
        return Figure(None, len(counts))
    return Figure((spread(counts).value or 0.0) / fmean(counts), len(counts))


def _count(hour: MarketHour) -> HourCount:
    drops = hour.drops if hour.observed or hour.drops else None
    return HourCount(at=hour.at, drops=drops, observed_seconds=hour.observed / SECOND)


def _grouped(hours: Iterable[MarketHour], key: Callable[[MarketHour], int]) -> tuple[Group, ...]:
    drops: Counter[int] = Counter()
    observed: Counter[int] = Counter()
    for hour in hours:
        drops[key(hour)] += hour.drops
        observed[key(hour)] += hour.observed
    return tuple(
        Group(
            key=group,
            drops=drops[group],
            observed_seconds=observed[group] / SECOND,
            drops_per_hour=rate(drops[group], observed[group], HOUR, 1).value,
        )
        for group in sorted(observed)
        if observed[group] or drops[group]
    )


def _hours(day: DayTotals, zone: ZoneInfo, slices: Sequence[int]) -> Iterable[MarketHour]:
    local, weekday = local_day(day.day, zone), day.day.weekday()
    drops = day.by_hour(slices)
    prime = day.by_hour(place for place in slices if SLICES[place][1])
    for at, hour, observed, all_drops, prime_drops in zip(
        local.edges, local.clock, day.observed, drops, prime, strict=False
    ):
        yield MarketHour(
            at=at, weekday=weekday, hour=hour, observed=observed, drops=all_drops, prime=prime_drops
        )


def _by_neighborhood(days: Iterable[DayTotals], slices: Sequence[int]) -> dict[str, int]:
    """Most first."""
    found: Counter[str] = Counter()
    everything = len(slices) == len(SLICES)
    for day in days:
        for name, parts in day.places.items():
            found[name] += sum(parts) if everything else sum(parts[place] for place in slices)
    return dict(sorted(((name, drops) for name, drops in found.items() if drops), key=_most_first))


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _by_weekday(days: Iterable[tuple[DayTotals, Sequence[bool]]], slices: Sequence[int]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for day, within in days:
        for place in slices:
            found[SLICES[place][0]] += sum(compress(day.hours[place], within))
    return {weekday: drops for weekday, drops in sorted(found.items()) if drops}
