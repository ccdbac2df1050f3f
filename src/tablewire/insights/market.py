"""The figures of a market over any window of whole local hours."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, pstdev
from zoneinfo import ZoneInfo

import msgspec

from tablewire.insights.figures import LEAST_OBSERVED, NOTHING, Figure, rate
from tablewire.insights.local_time import HOUR, SECOND, local_day
from tablewire.insights.market_days import MarketDay, MarketHour, hours_of
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
    drops_total: Figure
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


def market_figures(days: Sequence[MarketDay], zone: ZoneInfo, since: int, until: int) -> MarketFigures:
    """All figures of the hours that begin in [since, until), in microseconds.

    The days may begin long before: earlier weeks say what is usual for an hour.
    """
    history = hours_of(days, zone)
    hours = [hour for hour in history if since <= hour.at < until]
    tallied = _tallied(days, zone, since, until)
    observed, drops = sum(hour.observed for hour in hours), sum(hour.drops for hour in hours)
    # A drop proves a look, also where a crash has lost the observed time.
    looked_at = sum(1 for hour in hours if hour.observed or hour.drops)
    return MarketFigures(
        window_start=since,
        window_end=until,
        observed_hours=observed / HOUR,
        drops_total=Figure(drops, looked_at) if looked_at else NOTHING,
        drops_per_hour=tuple(_count(hour) for hour in hours),
        drops_per_observed_hour=rate(drops, observed, HOUR, looked_at),
        drops_by_neighborhood=tallied.by_neighborhood(),
        drops_by_day_of_week=dict(sorted(tallied.weekdays.items())),
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
    return Figure(pstdev(counts) / fmean(counts), len(counts))


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


class _Tallies:
    """The drops of a window by neighbourhood, and by the weekday of the slot."""

    def __init__(self) -> None:
        self.neighborhoods: defaultdict[str | None, int] = defaultdict(int)
        self.weekdays: defaultdict[int, int] = defaultdict(int)

    def add(self, row: MarketDay, zone: ZoneInfo, since: int, until: int) -> None:
        """What of a day is in the window. A year has a million cells: one pass, and nothing made for each."""
        edges, cells = local_day(row.day, zone).edges, row.cells
        within = [since <= edge < until for edge in edges]
        columns = (cells.hours, cells.weekdays, cells.neighborhoods, cells.drops)
        for place, weekday, neighborhood, drops in zip(*columns, strict=True):
            if within[place]:
                self.neighborhoods[neighborhood] += drops
                self.weekdays[weekday] += drops

    def by_neighborhood(self) -> dict[str, int]:
        """Most first."""
        named = {neighborhood or "": 0 for neighborhood in self.neighborhoods}
        for neighborhood, drops in self.neighborhoods.items():
            named[neighborhood or ""] += drops
        return dict(sorted(named.items(), key=lambda item: (-item[1], item[0])))


def _tallied(days: Iterable[MarketDay], zone: ZoneInfo, since: int, until: int) -> _Tallies:
    found = _Tallies()
    for row in days:
        found.add(row, zone, since, until)
    return found
