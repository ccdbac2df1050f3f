"""The figures of a venue from its tables' times on sale, by the formulas of the specification and by brute force."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import fmean, median, pstdev

import msgspec

from tests.integration.insights.stays import Spans, Stay, joined, local, midnight, shared_time, starts_at

HOUR, DAY = 3600.0, 86_400.0


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one venue at an instant."""

    stays: Sequence[Stay]
    watched: Mapping[date, Spans]
    """Per service date."""
    now: float

    def of(self, days: int) -> "Known":
        """The last days of it: what was watched before them counts no more."""
        since = self.since(days)
        cut = {day: clipped(spans, since, self.now) for day, spans in self.watched.items()}
        return Known(
            stays=self.stays, watched={day: spans for day, spans in cut.items() if spans}, now=self.now
        )

    def since(self, days: int) -> float:
        """When a window of so many local days begins."""
        return midnight(local(self.now).date() - timedelta(days=days - 1))

    @property
    def spans(self) -> Spans:
        """When any date was watched."""
        return joined([span for spans in self.watched.values() for span in spans])


def clipped(spans: Spans, since: float, until: float) -> Spans:
    """What of some spans lies between two instants."""
    return [(max(begin, since), min(end, until)) for begin, end in spans if begin < until and end > since]


def seconds(spans: Spans) -> float:
    return sum(end - begin for begin, end in spans)


def venue_figures(known: Known, days: int) -> dict[str, float | None]:
    """Every figure that is one number."""
    since, now = known.since(days), known.now
    window = known.of(days)
    drops = [stay for stay in known.stays if stay.kind == "drop" and since <= stay.opened < now]
    observed = seconds(window.spans)
    prime = sum(stay.prime for stay in drops)
    found: dict[str, float | None] = {
        "observed_days": observed / DAY,
        "drops": float(len(drops)),
        "drop_frequency_per_day": len(drops) * DAY / observed if observed >= HOUR else None,
        "prime_time_drop_frequency": prime * DAY / observed if observed >= HOUR else None,
        "avg_drop_duration_seconds": mean_taken(known.stays, since, now),
        "median_drop_duration_seconds": kaplan_meier_median(samples(known.stays, since, now)),
        "percent_days_fully_booked": percent_fully_booked(window, since),
        "prime_booked_ratio": prime_booked(window),
        "volatility_score": volatility(drops, window, since, days),
    }
    return found | {"scarcity_score": scarcity(found)}


def mean_taken(stays: Sequence[Stay], since: float, now: float) -> float | None:
    """Of tables taken in the window whose opening and closing are known."""
    lasted = [
        stay.lasted
        for stay in stays
        if stay.has_opening and stay.known and stay.end == "taken" and since <= stay.closed < now
    ]
    return fmean(lasted) if lasted else None


Sample = tuple[float, bool]
"""How long, and whether that is all of it."""


def samples(stays: Sequence[Stay], since: float, now: float) -> list[Sample]:
    """The openings of the window: taken ones in full, the others for at least their age."""
    found = []
    for stay in stays:
        if not stay.has_opening or not since <= stay.opened < now:
            continue
        if stay.closed > now:
            found.append((now - stay.opened, False))
        elif stay.end == "expired":
            found.append((stay.lasted, False))
        elif stay.known:
            found.append((stay.lasted, True))
    return found


def kaplan_meier_median(found: Sequence[Sample]) -> float | None:
    """Kaplan-Meier from its definition: a product over the moments at which tables were taken."""
    if found and all(whole for _, whole in found):
        return median(lasted for lasted, _ in found)
    return age_at(found, 0.5)


_MOMENT = 2.0
"""Seconds: more than telling takes, far less than lies between two looks."""


def near_ties(known: Known, days: int, exact: Mapping[str, float]) -> dict[str, float]:
    """The bounds of the median and of the score made of it, where what lasted alike may stand in either order.

    Ages are whole numbers of looks, give or take a moment. Whether a table that was still there then counts as at risk when another
    was taken hangs on that moment, and where the curve is at one half, so does which step is the median.
    """
    name, score = "median_drop_duration_seconds", "scarcity_score"
    found = samples(known.stays, known.since(days), known.now)
    here = kaplan_meier_median(found)
    apart = [
        kaplan_meier_median([(lasted + (0.0 if whole else side * _MOMENT), whole) for lasted, whole in found])
        for side in (-1, 1)
    ]
    others = [one for one in apart if one is not None]
    if here is None or len(others) < 2:
        return {}
    terms = [25 / (1 + one / 600) for one in (here, *others)]
    return {
        name: exact[name] + max(abs(one - here) for one in others),
        score: exact[score] + max(terms) - min(terms),
    }


def age_at(found: Sequence[Sample], level: float) -> float | None:
    """The first age at which the curve is at a level or under it."""
    ends = sorted(found)
    surviving, place = 1.0, 0
    while place < len(ends):
        at, risk, taken = ends[place][0], len(ends) - place, 0
        while place < len(ends) and ends[place][0] == at:
            taken += ends[place][1]
            place += 1
        surviving *= 1 - taken / risk
        if taken and surviving <= level + 1e-12:
            return at
    return None


def percent_fully_booked(window: Known, since: float) -> float | None:
    """Of the dates that were watched at 17:00 on the date itself: those with no prime table then."""
    booked = []
    for day, spans in window.watched.items():
        at = midnight(day + timedelta(days=1)) - 7 * HOUR  # 17:00, whatever clocks did at night
        if since <= at < window.now and any(begin <= at < end for begin, end in spans):
            booked.append(
                not any(s.prime and s.day == day and s.opened <= at < s.closed for s in window.stays)
            )
    return 100 * fmean(booked) if booked else None


def prime_booked(window: Known) -> float | None:
    """1 - time with a prime table open / observed time, both summed over service dates."""
    of_date: dict[date, Spans] = defaultdict(list)
    for stay in window.stays:
        if stay.prime:
            of_date[stay.day].append((stay.opened, min(stay.closed, window.now)))
    observed = sum(seconds(spans) for spans in window.watched.values())
    open_time = sum(shared_time(joined(of_date[day]), spans) for day, spans in window.watched.items())
    return 1 - open_time / observed if observed >= HOUR else None


def volatility(drops: Sequence[Stay], window: Known, since: float, days: int) -> float | None:
    """The deviation of daily counts."""
    by_day = Counter(local(stay.opened).date() for stay in drops)
    counts = [by_day[day] for day in days_that_count(window, since, days)]
    return pstdev(counts) if counts else None


def days_that_count(window: Known, since: float, days: int) -> list[date]:
    """The days of a window that are over, and were watched for an hour."""
    first, spans = local(since).date(), window.spans
    return [
        day
        for day in (first + timedelta(days=ahead) for ahead in range(days))
        if midnight(day + timedelta(days=1)) <= window.now
        and seconds(clipped(spans, midnight(day), midnight(day + timedelta(days=1)))) >= HOUR
    ]


def scarcity(found: Mapping[str, float | None]) -> float | None:
    """From the figures that it is made of."""
    booked, prime = found["prime_booked_ratio"], found["prime_time_drop_frequency"]
    lasts = found["median_drop_duration_seconds"]
    if booked is None or prime is None:
        return None
    two = 0.5 * booked + 0.25 / (1 + prime)
    return 100 * two / 0.75 if lasts is None else 100 * (two + 0.25 / (1 + lasts / 600))


def best_hours(known: Known, days: int) -> dict[tuple[int, int], float | None]:
    """Drops per observed hour, by weekday and hour of the clock."""
    since, spans = known.since(days), known.of(days).spans
    drops, observed = Counter[tuple[int, int]](), defaultdict[tuple[int, int], float](float)
    for begin, end in hours_between(since, known.now):
        clock = local(begin)
        observed[clock.weekday(), clock.hour] += seconds(clipped(spans, begin, end))
    for stay in known.stays:
        if stay.kind == "drop" and since <= stay.opened < known.now:
            clock = local(stay.opened)
            drops[clock.weekday(), clock.hour] += 1
    return {
        cell: drops[cell] * HOUR / time if time >= HOUR else None for cell, time in observed.items() if time
    }


def hours_between(since: float, now: float) -> list[tuple[float, float]]:
    """The hours of the clock: New York's begin with those of UTC."""
    begin = since - since % HOUR
    found = []
    while begin < now:
        found.append((begin, begin + HOUR))
        begin += HOUR
    return found


def release_pattern(known: Known, days: int) -> tuple[int, str, int, int] | None:
    """(days ahead, local time, support, samples) of the rule that at least 60% of the drops for new dates keep to, for two dates or more."""
    since = known.since(days)
    of_date: dict[date, list[Stay]] = defaultdict(list)
    for stay in known.stays:
        of_date[stay.day].append(stay)
    releases: list[tuple[int, int, date]] = []
    for day, stays in of_date.items():
        first = min(stay.opened for stay in stays)
        came = [stay for stay in stays if stay.opened == first]
        if since <= first < known.now and all(stay.kind == "drop" for stay in came):
            clock = local(first)
            second = clock.hour * 3600 + clock.minute * 60 + clock.second
            releases += [((day - clock.date()).days, second, day)] * len(came)
    best: tuple[int, int, int] | None = None
    for lead, second, _ in sorted(releases):
        near = [
            day
            for ahead, other, day in releases
            if ahead == lead and min(abs(other - second), 86_400 - abs(other - second)) <= 600
        ]
        keeps = len(near) >= 0.6 * len(releases) and len(set(near)) >= 2
        if keeps and (best is None or len(near) > best[0]):
            best = len(near), lead, second
    if best is None:
        return None
    support, lead, second = best
    return lead, f"{second // 3600:02}:{second // 60 % 60:02}", support, len(releases)


def starts(stay: Stay) -> float:
    """When the table is for."""
    return starts_at(stay.slot)
