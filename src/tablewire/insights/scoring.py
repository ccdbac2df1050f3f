"""How good forecasts were: their Brier score against that of the base rate, and how often what they said came true."""

from collections import defaultdict
from collections.abc import Iterable
from math import fsum

import msgspec

BINS = 10
LEAST_TRIALS = 100
"""Fewer trials tell nothing of a forecast."""


class Trial(msgspec.Struct, frozen=True, gc=False):
    """One forecast, and what came of it."""

    chance: float
    happened: bool
    lead: int = 0
    """How many days ahead the date was."""


class Bin(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Forecasts of about the same chance: in a reliable forecast both means are alike."""

    trials: int
    mean_chance: float
    happened: float
    """The share of them that came true."""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What many trials say of a forecast; null without any."""

    trials: int
    base_rate: float | None
    """How often it happened in these trials."""
    brier: float | None
    """The mean squared error: 0 is perfect."""
    base_brier: float | None
    """The same for always saying the base rate: no constant could do better on these trials."""
    reliability: tuple[Bin, ...] = ()

    @property
    def shown(self) -> bool:
        """Whether the forecast is worth showing: it beats the base rate."""
        if self.brier is None or self.base_brier is None:
            return False
        return self.trials >= LEAST_TRIALS and self.brier < self.base_brier


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The score of a forecast, whole and by days ahead."""

    total: Score
    by_lead: dict[int, Score]

    def shows(self, leads: Iterable[int]) -> bool:
        """Whether a forecast for dates so many days ahead is shown."""
        wanted = set(leads)
        return bool(wanted) and all(lead in self.by_lead and self.by_lead[lead].shown for lead in wanted)


def verdict(trials: Iterable[Trial]) -> Verdict:
    """What held-out trials say of a forecast."""
    everything = list(trials)
    by_lead: defaultdict[int, list[Trial]] = defaultdict(list)
    for trial in everything:
        by_lead[trial.lead].append(trial)
    return Verdict(
        total=score(everything),
        by_lead={lead: score(found) for lead, found in sorted(by_lead.items())},
    )


def score(trials: Iterable[Trial]) -> Score:
    """The score of trials."""
    found = list(trials)
    if not found:
        return Score(trials=0, base_rate=None, brier=None, base_brier=None)
    base = sum(trial.happened for trial in found) / len(found)
    return Score(
        trials=len(found),
        base_rate=base,
        brier=fsum((trial.chance - trial.happened) ** 2 for trial in found) / len(found),
        base_brier=base * (1 - base),
        reliability=_bins(found),
    )


def _bins(trials: Iterable[Trial]) -> tuple[Bin, ...]:
    bins: defaultdict[int, list[Trial]] = defaultdict(list)
    for trial in trials:
        bins[min(BINS - 1, int(trial.chance * BINS))].append(trial)
    return tuple(
        Bin(
            trials=len(found),
            mean_chance=fsum(trial.chance for trial in found) / len(found),
            happened=sum(trial.happened for trial in found) / len(found),
        )
        for _, found in sorted(bins.items())
    )
