"""The figures of one venue over a window of local days, merged from its rolled-up days."""

from collections import Counter
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import msgspec

from tablewire.insights.daily import VenueDay
from tablewire.insights.durations import mean_taken, median_of
from tablewire.insights.figures import LEAST_OBSERVED, NOTHING, Figure, rate, share, spread
from tablewire.insights.lifetimes import Median
from tablewire.insights.local_time import DAY, HOUR, SECOND, local_day
from tablewire.insights.releases import Release, release_rule
from tablewire.insights.window import Window

MEDIAN_SCALE = 600
"""Seconds of the median at which its term of the scarcity is halved."""


class HourOfWeek(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many drops an observed hour brings at one hour of the local week."""

    weekday: int
    """Monday 0."""
    hour: int
    drops_per_hour: float | None
    drops: int
    observed_seconds: float


class VenueFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What `venue_metrics` says of a venue in numbers."""

    observed_days: float
    drops: int
    drop_frequency_per_day: Figure
    prime_time_drop_frequency: Figure
    avg_drop_duration_seconds: Figure
    median_drop_duration_seconds: Median
    percent_days_fully_booked: Figure
    prime_booked_ratio: Figure
    volatility_score: Figure
    scarcity_score: Figure


class VenueHabits(msgspec.Struct, frozen=True, kw_only=True):
    """When to look for a table of a venue."""

    best_hours: tuple[HourOfWeek, ...]
    """Every hour of the local week that was observed."""
    release_pattern: Release | None


def figures(window: Window) -> VenueFigures:
    """All figures of a venue."""
    days = window.within
    observed = sum(day.observed_time for day in days)
    looked_at = sum(1 for day in days if day.observed_time)
    drops = sum(len(day.drops.hours) for day in days)
    prime = rate(sum(sum(day.drops.prime) for day in days), observed, DAY, looked_at)
    found = median_of(window)
    booked = _prime_booked(days)
    return VenueFigures(
        observed_days=observed / DAY,
        drops=drops,
        drop_frequency_per_day=rate(drops, observed, DAY, looked_at),
        prime_time_drop_frequency=prime,
        avg_drop_duration_seconds=mean_taken(window),
        median_drop_duration_seconds=found,
        percent_days_fully_booked=_fully_booked(days),
        prime_booked_ratio=booked,
        volatility_score=_volatility(days),
        scarcity_score=scarcity(booked, prime, found),
    )


def habits(window: Window) -> VenueHabits:
    """When a venue's tables come."""
    days = window.within
    return VenueHabits(
        best_hours=_hours_of_week(days, window.zone),
        release_pattern=release_rule(
            release for day in days for release in zip(day.release_leads, day.release_seconds, strict=True)
        ),
    )


def scarcity(booked: Figure, prime: Figure, lasts: Median) -> Figure:
    """How hard a venue is to get, 0 to 100; without a median its term is left out and the other weights rescaled."""
    if booked.value is None or prime.value is None:
        return NOTHING
    weighted = 0.5 * booked.value + 0.25 / (1 + prime.value)
    if lasts.value is None:
        return Figure(100 * weighted / 0.75, prime.samples)
    return Figure(100 * (weighted + 0.25 / (1 + lasts.value / MEDIAN_SCALE)), prime.samples)


def _fully_booked(days: Iterable[VenueDay]) -> Figure:
    judged = [day.fully_booked for day in days if day.fully_booked is not None]
    return share(sum(judged), len(judged))


def _prime_booked(days: Sequence[VenueDay]) -> Figure:
    observed = sum(sum(day.dates.observed) for day in days)
    if observed < LEAST_OBSERVED:
        return NOTHING
    open_time = sum(sum(day.dates.prime_open) for day in days)
    dates: set[int] = set()
    for day in days:
        dates.update(map(day.day.toordinal().__add__, day.dates.leads))
    return Figure(1 - open_time / observed, len(dates))


def _volatility(days: Iterable[VenueDay]) -> Figure:
    """Of whole days only: a day that is not over, or was hardly looked at, has no count to compare."""
    return spread(
        [len(day.drops.hours) for day in days if day.finished and day.observed_time >= LEAST_OBSERVED]
    )


def _hours_of_week(days: Iterable[VenueDay], zone: ZoneInfo) -> tuple[HourOfWeek, ...]:
    observed = [0] * (7 * 24)
    drops: Counter[int] = Counter()
    for day in days:
        clock, base = local_day(day.day, zone).clock, day.day.weekday() * 24
        for hour, time in zip(clock, day.observed, strict=True):
            observed[base + hour] += time
        drops.update(base + clock[place] for place in day.drops.hours)
    return tuple(
        HourOfWeek(
            weekday=cell // 24,
            hour=cell % 24,
            drops_per_hour=rate(drops[cell], time, HOUR, 1).value,
            drops=drops[cell],
            observed_seconds=time / SECOND,
        )
        for cell, time in enumerate(observed)
        if time
    )
