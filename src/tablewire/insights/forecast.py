"""The chance that a venue drops a table soon: gamma-Poisson, its own drops with those of the market as the prior."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import expm1, fsum, log1p
from zoneinfo import ZoneInfo

import msgspec

from tablewire.insights.daily import VenueDay
from tablewire.insights.exposure import LEADS, Exposure, exposure_of, together
from tablewire.insights.local_time import DAY, HOUR, local_day, wall
from tablewire.insights.scoring import Trial, Verdict, verdict
from tablewire.insights.stays import has_size, lead_days

ALIKE = 1_000.0
"""The prior's weight, in occasions, where venues differ no more than by chance."""
UNLIKE = 0.05
"""Its weight at least: where venues differ more than anything."""
KIND_PRIOR = 10
"""So many drops of the market's mix of hours and sizes are added to a venue's own."""
LONGEST = 14 * DAY
WELL_OBSERVED = 0.8
"""A held-out day is a trial if its date was observed for so much of it."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which tables would do: dates, minutes of the day from and up to (both do), party size."""

    dates: tuple[date, ...]
    minute_from: int = 0
    minute_to: int = 24 * 60
    party_size: int | None = None

    def fits(self, minute: int, sizes: int) -> bool:
        """Whether a table of one of the dates would do."""
        return self.minute_from <= minute <= self.minute_to and has_size(sizes, self.party_size)


class Forecast(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The chance of at least one drop, and what it rests on."""

    chance: float
    expected: float
    """Hours with such a drop to be expected."""
    samples: int
    """The venue's own hours with drops behind it."""
    observed_hours: float


class Prior(msgspec.Struct, frozen=True, kw_only=True):
    """What the market says of a venue before it has been looked at."""

    rates: tuple[tuple[float, ...], ...]
    """Occasions an hour of a venue and date: by days ahead, then hour of day."""
    weight: float
    """How alike venues are: the shape of the gamma distribution, mean 1, of how much more one drops than the market."""
    kinds: Mapping[tuple[int, int], int]

    def expected(self, exposure: Exposure) -> float:
        """How many occasions a venue like the market would have had in an exposure."""
        return fsum(
            exposure.hours_at(lead, hour) * self.rates[lead][hour]
            for lead in range(LEADS)
            if exposure.leads[lead]
            for hour in range(24)
        )


def prior_of(venues: Sequence[Exposure]) -> Prior:
    """The market as a prior."""
    market = together(venues)
    flat = Prior(rates=_rates(market), weight=ALIKE, kinds=market.kinds)
    pairs = [(venue.count, flat.expected(venue)) for venue in venues]
    return msgspec.structs.replace(flat, weight=_weight(pairs))


def forecast(prior: Prior, venue: Exposure, wish: Wish, now: int, hours: float, zone: ZoneInfo) -> Forecast:
    """The chance that a venue drops a table that would do within the next hours."""
    until = now + min(round(hours * HOUR), LONGEST)
    market = fsum(prior.rates[lead][hour] * length for lead, hour, length in _ahead(wish, now, until, zone))
    return _forecast(prior, venue, prior.expected(venue), market * _fitting(prior, venue, wish))


def judge(venues: Sequence[Sequence[VenueDay]], zone: ZoneInfo, held_out_from: date) -> Verdict:
    """How the forecast does on days that it has not seen: for each venue, day and date ahead, is there any drop that day?"""
    learned = [exposure_of((row for row in days if row.day < held_out_from), zone) for days in venues]
    prior = prior_of(learned)
    whole_day = [fsum(by_hour) for by_hour in prior.rates]
    trials: list[Trial] = []
    for days, venue in zip(venues, learned, strict=True):
        expected = prior.expected(venue)
        chances = [_forecast(prior, venue, expected, market).chance for market in whole_day]
        for row in days:
            if row.finished and row.day >= held_out_from:
                trials += _trials(row, chances)
    return verdict(trials)


def _trials(row: VenueDay, chances: Sequence[float]) -> Iterator[Trial]:
    dropped = set(row.drops.leads)
    for lead, observed in zip(row.dates.leads, row.dates.observed, strict=True):
        if 0 <= lead < LEADS and observed >= WELL_OBSERVED * DAY:
            yield Trial(chances[lead], lead in dropped, lead)


def _forecast(prior: Prior, venue: Exposure, expected: float, market: float) -> Forecast:
    """`market` is how often a venue like the market would drop something; the venue's own share of that is gamma distributed."""
    shape, rate = prior.weight + venue.count, prior.weight + expected
    return Forecast(
        chance=-expm1(-shape * log1p(market / rate)),
        expected=market * shape / rate,
        samples=venue.count,
        observed_hours=venue.observed / HOUR,
    )


def _ahead(wish: Wish, now: int, until: int, zone: ZoneInfo) -> Iterator[tuple[int, int, float]]:
    """Days ahead, hour of the clock and length in hours of each piece of time in which a date can still drop a table."""
    at = now
    while at < until:
        local = local_day(wall(at, zone).date(), zone)
        for place, hour in enumerate(local.clock):
            start, end = max(at, local.edges[place]), min(until, local.edges[place + 1])
            if start >= end:
                continue
            for on in set(wish.dates):
                lead = lead_days(on, local.day)
                if 0 <= lead < LEADS and not (lead == 0 and hour * 60 > wish.minute_to):
                    yield lead, hour, (end - start) / HOUR
        at = local.end


def _fitting(prior: Prior, venue: Exposure, wish: Wish) -> float:
    """The share of a venue's drops that would do, its own and some of the market's."""
    market = sum(prior.kinds.values())
    if not market:
        return 1.0
    alike = _fits(prior.kinds, wish) / market
    return (_fits(venue.kinds, wish) + KIND_PRIOR * alike) / (venue.kinds.total() + KIND_PRIOR)


def _fits(kinds: Mapping[tuple[int, int], int], wish: Wish) -> int:
    return sum(count for kind, count in kinds.items() if wish.fits(*kind))


def _rates(market: Exposure) -> tuple[tuple[float, ...], ...]:
    """Occasions an hour by days ahead and hour of day; a cell with little to show leans on its row and its column."""
    overall = market.count / sum(market.leads) * HOUR if sum(market.leads) else 0.0
    if not overall:
        return ((0.0,) * 24,) * LEADS
    by_lead = [_over(market, [(lead, hour) for hour in range(24)]) / overall for lead in range(LEADS)]
    by_hour = [_over(market, [(lead, hour) for lead in range(LEADS)]) / overall for hour in range(24)]
    return tuple(
        tuple(_shrunk(market, lead, hour, overall * by_lead[lead] * by_hour[hour]) for hour in range(24))
        for lead in range(LEADS)
    )


def _over(market: Exposure, cells: Sequence[tuple[int, int]]) -> float:
    hours = fsum(market.hours_at(*cell) for cell in cells)
    return sum(market.occasions[cell] for cell in cells) / hours if hours else 0.0


def _shrunk(market: Exposure, lead: int, hour: int, usual: float) -> float:
    """A rate with one occasion at the usual rate added."""
    return (market.occasions[lead, hour] + 1) / (market.hours_at(lead, hour) + 1 / usual) if usual else 0.0


def _weight(pairs: Sequence[tuple[int, float]]) -> float:
    """How much the counts of venues vary beyond chance: a negative binomial's shape by moments."""
    beyond = fsum((count - expected) ** 2 - expected for count, expected in pairs)
    squares = fsum(expected * expected for _, expected in pairs)
    return min(ALIKE, max(UNLIKE, squares / beyond)) if beyond > 0 else ALIKE
