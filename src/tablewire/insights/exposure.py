"""How often drops came by days ahead and hour of day, and in how much observed time: of a venue, or of many."""

from collections import Counter
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import msgspec

from tablewire.insights.daily import VenueDay
from tablewire.insights.local_time import HOUR, local_day

LEADS = 14
"""Days ahead that are told apart: 0 to 13. After midnight the evening before counts as 0."""
Cell = tuple[int, int]
"""Days ahead, and the hour of the local clock."""
Kind = tuple[int, int]
"""The minute of the day that a table is for, and its party sizes as bits."""


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """Occasions, and observed microseconds by hour of day and by days ahead.

    An occasion is an hour in which a date dropped tables: one or twenty, for they come in batches, and one is enough.
    """

    hours: tuple[int, ...] = (0,) * 24
    leads: tuple[int, ...] = (0,) * LEADS
    occasions: Counter[Cell] = msgspec.field(default_factory=Counter)
    kinds: Counter[Kind] = msgspec.field(default_factory=Counter)
    """All drops by what they were for."""

    @property
    def observed(self) -> int:
        """Microseconds in all."""
        return sum(self.hours)

    @property
    def count(self) -> int:
        """Occasions in all."""
        return self.occasions.total()

    def hours_at(self, lead: int, hour: int) -> float:
        """Observed hours of dates so many days ahead at an hour of the clock, as if the looks were spread alike over both."""
        observed = self.observed
        return self.hours[hour] * self.leads[lead] / (observed * HOUR) if observed else 0.0


def exposure_of(days: Iterable[VenueDay], zone: ZoneInfo) -> Exposure:
    """What rolled-up days come to."""
    hours, leads = [0] * 24, [0] * LEADS
    occasions: Counter[Cell] = Counter()
    kinds: Counter[Kind] = Counter()
    for day in days:
        clock = local_day(day.day, zone).clock
        for place, observed in enumerate(day.observed):
            hours[clock[place]] += observed
        for lead, observed in zip(day.dates.leads, day.dates.observed, strict=True):
            if lead < LEADS:
                leads[max(0, lead)] += observed
        found = day.drops
        batches = {
            (lead, place) for lead, place in zip(found.leads, found.hours, strict=True) if lead < LEADS
        }
        occasions.update((max(0, lead), clock[place]) for lead, place in batches)
        kinds.update(zip(found.minutes, found.sizes, strict=True))
    return Exposure(hours=tuple(hours), leads=tuple(leads), occasions=occasions, kinds=kinds)


def together(exposures: Iterable[Exposure]) -> Exposure:
    """Several venues as one."""
    hours, leads = [0] * 24, [0] * LEADS
    occasions: Counter[Cell] = Counter()
    kinds: Counter[Kind] = Counter()
    for one in exposures:
        hours = [mine + yours for mine, yours in zip(hours, one.hours, strict=True)]
        leads = [mine + yours for mine, yours in zip(leads, one.leads, strict=True)]
        occasions.update(one.occasions)
        kinds.update(one.kinds)
    return Exposure(hours=tuple(hours), leads=tuple(leads), occasions=occasions, kinds=kinds)
