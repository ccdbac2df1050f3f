"""The figures of a market and of its supply from tables' times on sale, by the formulas of the specification."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import sqrt
from statistics import fmean, pstdev
from typing import Any

from tests.integration.insights.by_hand import HOUR, clipped, hours_between, seconds
from tests.integration.insights.stays import Spans, Stay, local

Hour = tuple[float, int, int, float]
"""Its beginning, its drops, its prime drops, and for how long it was watched."""


def hours_of(stays: Sequence[Stay], spans: Spans, since: float, now: float) -> list[Hour]:
    """Every hour of the clock that begins between two instants."""
    drops, prime = Counter[float](), Counter[float]()
    for stay in stays:
        if stay.kind == "drop" and stay.opened < now:
            begin = stay.opened - stay.opened % HOUR
            drops[begin] += 1
            prime[begin] += stay.prime
    return [
        (begin, drops[begin], prime[begin], seconds(clipped(spans, begin, min(end, now))))
        for begin, end in hours_between(since, now)
        if since <= begin
    ]


def market_figures(
    stays: Sequence[Stay],
    spans: Spans,
    neighbourhoods: Mapping[int, str],
    since: float,
    now: float,
    begun: float,
) -> dict[str, Any]:
    """Every figure of the hours that begin in [since, now); the market is watched since `begun`."""
    hours = hours_of(stays, spans, since, now)
    first = hours[0][0] if hours else now
    drops = [stay for stay in stays if stay.kind == "drop" and first <= stay.opened < now]
    observed, sampled = sum(hour[3] for hour in hours), [hour for hour in hours if hour[3] >= HOUR / 2]
    counts = [hour[2] for hour in sampled]
    return {
        "drops_total": len(drops),
        "drops_per_hour": {hour[0]: hour[1] for hour in hours if hour[3] or hour[1]},
        "drops_per_observed_hour": len(drops) * HOUR / observed if observed >= HOUR else None,
        "drops_by_neighborhood": dict(Counter(neighbourhoods[stay.venue] for stay in drops)),
        "drops_by_day_of_week": dict(Counter(stay.day.weekday() for stay in drops)),
        "drops_by_day_of_opening": _rates(hours, lambda at: local(at).weekday()),
        "drops_by_hour_of_day": _rates(hours, lambda at: local(at).hour),
        "prime_time_volatility_index": pstdev(counts) / fmean(counts) if any(counts) else None,
        "cancellation_waves": _waves(hours, hours_of(stays, spans, begun - begun % HOUR, now)),
    }


def _rates(hours: Sequence[Hour], key: Any) -> dict[int, tuple[int, float | None]]:
    drops, watched = Counter[int](), defaultdict[int, float](float)
    for at, count, _, time in hours:
        drops[key(at)] += count
        watched[key(at)] += time
    return {
        one: (drops[one], drops[one] * HOUR / time if time >= HOUR else None)
        for one, time in watched.items()
        if time or drops[one]
    }


def _waves(hours: Sequence[Hour], history: Sequence[Hour]) -> dict[float, float]:
    """Hours that exceed the mean of the same hour in other weeks by 3 deviations, and that mean."""
    found = {}
    for at, drops, _, _ in hours:
        clock = local(at)
        others = [
            count
            for other, count, _, time in history
            if other != at and time >= HOUR / 2
            and (local(other).weekday(), local(other).hour) == (clock.weekday(), clock.hour)
        ]  # fmt: skip
        if len(others) < 2:
            continue
        mean = fmean(others)
        if drops - mean > 3 * max(pstdev(others), sqrt(mean), 1.0):
            found[at] = mean
    return found


Bucket = tuple[date, str]


def bucket_of(stay: Stay) -> Bucket:
    """Its date and time slot."""
    return stay.day, "19:00" if stay.prime else "15:00"


def open_in(stays: Sequence[Stay], at: float) -> Counter[Bucket]:
    """How many tables are open in each bucket at an instant."""
    return Counter(bucket_of(stay) for stay in stays if stay.opened <= at < stay.closed)


def service_day_of(at: float) -> date:
    """The service day: it begins at 02:05."""
    clock = local(at)
    return clock.date() - timedelta(days=(clock.hour, clock.minute) < (2, 5))


def usual_supply(
    stays: Sequence[Stay], saves: Sequence[float], before: date, days: int
) -> dict[tuple[int, str, int], list[int]]:
    """What was open at the end of each earlier service day, by weekday, time slot and lead in days."""
    last: dict[date, float] = {}
    for at in saves:
        last[service_day_of(at)] = at
    found: dict[tuple[int, str, int], list[int]] = defaultdict(list)
    for day, at in last.items():
        if day >= before:
            continue
        opened = open_in(stays, at)
        for lead in range(days):
            on = day + timedelta(days=lead)
            for slot in ("15:00", "19:00"):
                found[on.weekday(), slot, lead].append(opened[on, slot])
    return found
