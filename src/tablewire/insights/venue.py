"""The figures of one venue over a window of local days, merged from its rolled-up days."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from tablewire.insights.daily import VenueDay
from tablewire.insights.durations import ages
from tablewire.insights.figures import (
    LEAST_OBSERVED,
    NOTHING,
    Figure,
    mean_seconds,
    rate,
    share,
    spread_of_sums,
)
from tablewire.insights.lifetimes import Median, median
from tablewire.insights.local_time import DAY, HOUR, SECOND, local_day
from tablewire.insights.releases import Release, release_rule
from tablewire.insights.sums import Sums, sums_of
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
    return figures_of(sums_of(window.days, window.since), ages(window))


def figures_of(days: Sums, still_open: Iterable[int]) -> VenueFigures:
    """All figures of a venue whose days have been added up; of tables that are still open the ages, as `lifetimes` codes them."""
    prime = rate(days.prime, days.observed, DAY, days.looked_at)
    lasts = median([*days.lasted, *still_open])
    booked = _prime_booked(days)
    return VenueFigures(
        observed_days=days.observed / DAY,
        drops=days.drops,
        drop_frequency_per_day=rate(days.drops, days.observed, DAY, days.looked_at),
        prime_time_drop_frequency=prime,
        avg_drop_duration_seconds=mean_seconds(days.taken_time, days.taken),
        median_drop_duration_seconds=lasts,
        percent_days_fully_booked=share(days.booked, days.judged),
        prime_booked_ratio=booked,
        volatility_score=spread_of_sums(days.whole_days, days.whole_drops, days.whole_squares),
        scarcity_score=scarcity(booked, prime, lasts),
    )


def habits(window: Window) -> VenueHabits:
    """When a venue's tables come."""
    days = window.within
    return VenueHabits(
        best_hours=_hours_of_week(days, window.zone),
        release_pattern=release_rule(
            (lead, second, day.day + timedelta(days=lead))
            for day in days
            for lead, second in zip(day.release_leads, day.release_seconds, strict=True)
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


def _prime_booked(days: Sums) -> Figure:
    if days.dates_observed < LEAST_OBSERVED:
        return NOTHING
    return Figure(1 - days.prime_open / days.dates_observed, days.dates.bit_count())


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
