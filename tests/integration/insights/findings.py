"""What was found: each figure as the service has it, as it must be by what could be seen, and as it truly is, with how far apart they may be."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from math import ceil, inf
from statistics import fmean, pstdev

import msgspec

from tablewire.domain.restaurants import Listing
from tablewire.insights.venue import VenueFigures, figures, habits
from tablewire.insights.window import Window
from tablewire.live.stays import BoardStays
from tablewire.services.venue_figures import VenueWindows
from tests.integration.insights import by_hand
from tests.integration.insights.by_hand import DAY, HOUR, Known
from tests.integration.insights.course import Lived
from tests.integration.insights.stays import Spans, Stay, joined, local, midnight
from tests.integration.insights.tellings import Tellings, tellings, true_of

EXACT = {
    "observed_days": 1e-6,
    "drops": 0.0,
    "drop_frequency_per_day": 1e-4,
    "prime_time_drop_frequency": 1e-4,
    "avg_drop_duration_seconds": 0.5,
    "median_drop_duration_seconds": 0.5,
    "percent_days_fully_booked": 1e-9,
    "prime_booked_ratio": 1e-4,
    "volatility_score": 1e-9,
    "scarcity_score": 0.01,
}
"""How far a figure may be from what the looks could show. An answer is told a moment after it was given, so times differ by that."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of one venue (or of all) over one window."""

    venue: int
    days: int
    figure: str
    service: float | None
    other: float | None
    bound: float

    @property
    def away(self) -> float:
        """How far apart they are; endlessly where only one of them is there."""
        if self.service is None or self.other is None:
            return 0.0 if self.service is self.other else float("inf")
        return abs(self.service - self.other)

    @property
    def holds(self) -> bool:
        return self.away <= self.bound


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """One venue over one window: by the service, by the looks, and truly."""

    venue_id: int
    days: int
    window: Window
    service: VenueFigures
    best_hours: dict[tuple[int, int], float | None]
    hour_drops: dict[tuple[int, int], int]
    release: tuple[int, str, int, int] | None
    seen: Known
    true: Known


async def venues(lived: Lived, days: int) -> list[Venue]:
    """All venues over a window."""
    now, witness, market = lived.now.timestamp(), lived.witness, lived.settings.markets[0]
    windows = VenueWindows(
        lived.store.figures.rolled,
        BoardStays(lived.service.board),
        lived.settings.markets,
        lambda: lived.now,
    )
    watched = {day: witness.watched(day) for day in list(witness.looks)}
    true, found = witness.true_stays(), []
    for venue_id in sorted(witness.city.by_id):
        window = await windows.window(Listing("resy", str(venue_id)), market, days)
        habit = habits(window)
        rule = habit.release_pattern
        found.append(
            Venue(
                venue_id=venue_id,
                days=days,
                window=window,
                service=figures(window),
                best_hours={(one.weekday, one.hour): one.drops_per_hour for one in habit.best_hours},
                hour_drops={(one.weekday, one.hour): one.drops for one in habit.best_hours},
                release=None if rule is None else (rule.lead_days, rule.time, rule.support, rule.samples),
                seen=Known(stays=_of(witness.seen, venue_id), watched=watched, now=now),
                true=Known(stays=_of(true, venue_id), watched=watched, now=now),
            )
        )
    return found


def _of(stays: Sequence[Stay], venue_id: int) -> list[Stay]:
    return [stay for stay in stays if stay.venue == venue_id]


def value_of(found: VenueFigures, name: str) -> float | None:
    """A figure's number."""
    one = getattr(found, name)
    return one if isinstance(one, int | float) else one.value


def against_the_looks(venue: Venue) -> list[Row]:
    """Every figure against what the looks could show: the same, but for moments."""
    wanted = by_hand.venue_figures(venue.seen, venue.days)
    bounds = EXACT | by_hand.near_ties(venue.seen, venue.days, EXACT)
    return [
        Row(
            venue=venue.venue_id, days=venue.days, figure=name,
            service=value_of(venue.service, name), other=wanted[name], bound=bound,
        )
        for name, bound in bounds.items()
    ]  # fmt: skip


def against_the_truth(lived: Lived, venue: Venue) -> list[Row]:
    """Every figure against the truth itself, with the bound that looking only now and then gives."""
    truly, interval = by_hand.venue_figures(venue.true, venue.days), lived.course.interval * 60.0
    window, can_tell = venue.true.of(venue.days), tellings(lived, venue.true, venue.days)
    observed = by_hand.seconds(window.spans)
    other = [*can_tell.unseen, *can_tell.elsewhere]
    dates = sum(by_hand.seconds(spans) for spans in window.watched.values())
    mean, median, ages = told_truth(lived, venue)
    a_day = DAY / max(observed, HOUR)
    bounds = {
        "drops": (float(len(can_tell.told)), float(ceil(len(can_tell.told) / 1000))),
        "drop_frequency_per_day": (truly["drop_frequency_per_day"], len(other) * a_day + 1e-4),
        "prime_time_drop_frequency": (
            truly["prime_time_drop_frequency"],
            sum(stay.prime for stay in other) * a_day + 1e-4,
        ),
        "avg_drop_duration_seconds": (mean, interval + 1),
        "median_drop_duration_seconds": (median, _median_bound(median, ages, interval + 1)),
        "percent_days_fully_booked": (truly["percent_days_fully_booked"], _at_five(window, interval)),
        "prime_booked_ratio": (truly["prime_booked_ratio"], _changes(window) * interval / max(1.0, dates) + 1e-4),
        "volatility_score": (truly["volatility_score"], _spread(can_tell, window, venue) + 1e-9),
    }  # fmt: skip
    return [
        Row(
            venue=venue.venue_id, days=venue.days, figure=name,
            service=value_of(venue.service, name), other=true, bound=bound,
        )
        for name, (true, bound) in bounds.items()
    ]  # fmt: skip


def _median_bound(median: float | None, ages: Sequence[by_hand.Sample], interval: float) -> float:
    """An interval, and where the curve is flat at one half the next step to either side: a step is a table, and one may trade places."""
    if not ages:
        return 0.0
    low, high = (by_hand.age_at(ages, 0.5 + side * 1.5 / len(ages)) for side in (1, -1))
    if median is None or high is None or low is None:
        return inf
    return interval + max(median - low, high - median)


def told_truth(lived: Lived, venue: Venue) -> tuple[float | None, float | None, list[by_hand.Sample]]:
    """Of the tables that were told: the true mean of those taken, the true Kaplan-Meier median, and the ages that it is of."""
    since, now = venue.true.since(venue.days), venue.true.now
    taken, ages = [], []
    for stay in venue.seen.stays:
        if not stay.has_opening or (stay.end == "taken" and not stay.known):
            continue
        true = true_of(lived, stay)
        if stay.end == "taken" and since <= stay.closed < now:
            taken.append(true.lasted)
        if since <= stay.opened < now:
            ages.append((min(true.closed, now) - true.opened, stay.end == "taken"))
    return (fmean(taken) if taken else None), by_hand.kaplan_meier_median(ages), ages


def _changes(window: Known) -> int:
    """How often a date came to have a prime table, or to have none."""
    found = 0
    for day, spans in window.watched.items():
        mine = joined(
            [
                (stay.opened, min(stay.closed, window.now))
                for stay in window.stays
                if stay.prime and stay.day == day
            ]
        )
        found += sum(
            any(begin - DAY / 24 <= at <= end for begin, end in spans) for span in mine for at in span
        )
    return found


def _at_five(window: Known, interval: float) -> float:
    """Percent of the dates at which something changed within an interval before 17:00."""
    doubtful = 0
    dates = [day for day, spans in window.watched.items() if _watched_at_five(day, spans)]
    for day in dates:
        at = five(day)
        moments = [
            moment
            for stay in window.stays
            if stay.prime and stay.day == day
            for moment in (stay.opened, stay.closed)
        ]
        doubtful += any(at - interval - 1 <= moment <= at for moment in moments)
    return 100 * doubtful / len(dates) + 1e-9 if dates else 0.0


def five(day: date) -> float:
    """17:00 on a date."""
    return midnight(date.fromordinal(day.toordinal() + 1)) - 7 * HOUR


def _watched_at_five(day: date, spans: Spans) -> bool:
    return any(begin <= five(day) < end for begin, end in spans)


def _spread(can_tell: Tellings, window: Known, venue: Venue) -> float:
    """The deviation of what daily counts are off by: deviations of sums are no larger than sums of deviations."""
    off = Counter(local(stay.opened).date() for stay in can_tell.unseen)
    for stay in can_tell.elsewhere:
        off[local(stay.opened).date()] += 1
    for stay, at in can_tell.told:
        off[local(stay.opened).date()] += 1
        off[local(at).date()] -= 1
    days = by_hand.days_that_count(window, venue.true.since(venue.days), venue.days)
    return pstdev([off[day] for day in days]) if days else 0.0


def best_hours_away(venue: Venue, can_tell: Tellings) -> tuple[int, int]:
    """By how many drops the hours of the week differ from the truth, and how many they may."""
    since = venue.true.since(venue.days)
    truly = Counter(
        _hour_of_week(stay.opened)
        for stay in venue.true.stays
        if stay.kind == "drop" and since <= stay.opened < venue.true.now
    )
    away = sum(abs(truly[cell] - venue.hour_drops.get(cell, 0)) for cell in {*truly, *venue.hour_drops})
    late = sum(_hour_of_week(stay.opened) != _hour_of_week(at) for stay, at in can_tell.told)
    return away, len(can_tell.unseen) + len(can_tell.elsewhere) + 2 * late


def _hour_of_week(at: float) -> tuple[int, int]:
    clock = local(at)
    return clock.weekday(), clock.hour
