"""Supply: how many tables are open in a set of buckets, against their baseline, and against what is usual."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import fmean

import msgspec


class BucketSupply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One bucket at one provider on one day: now, or as `bucket_days` kept it."""

    provider: str
    service_date: date
    time_slot: str
    lead_days: int
    baseline: int | None
    """Null where its baseline is not built."""
    open_slots: int

    @property
    def kind(self) -> tuple[str, int, str, int]:
        """What makes it comparable with others: provider, weekday, time slot, lead in days."""
        return self.provider, self.service_date.weekday(), self.time_slot, self.lead_days


class Supply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The supply of some buckets taken together; null where nothing is known to compare with."""

    buckets: int
    total_slots_at_baseline: int | None
    open_now: int | None
    pct_change_vs_baseline: float | None
    usual: float | None
    """What the mean of earlier buckets of the same kind would have open: of those buckets that have any earlier ones."""
    scarcity_delta: float | None
    """How many percent tighter than usual: 34 where a third less is open; negative where there is more."""
    samples: int
    """Earlier buckets behind `usual`."""


Usual = Mapping[tuple[str, int, str, int], tuple[float, int]]


def usual(earlier: Iterable[BucketSupply]) -> Usual:
    """The mean of open slots, and how many buckets it is of, for each kind of bucket."""
    kinds: defaultdict[tuple[str, int, str, int], list[int]] = defaultdict(list)
    for bucket in earlier:
        kinds[bucket.kind].append(bucket.open_slots)
    return {kind: (fmean(counts), len(counts)) for kind, counts in kinds.items()}


def supply(buckets: Sequence[BucketSupply], known: Usual) -> Supply:
    """Any set of buckets as one: this weekend, one evening, all of them."""
    if not buckets:
        return Supply(
            buckets=0,
            total_slots_at_baseline=None,
            open_now=None,
            pct_change_vs_baseline=None,
            usual=None,
            scarcity_delta=None,
            samples=0,
        )
    built = [(bucket.baseline, bucket.open_slots) for bucket in buckets if bucket.baseline is not None]
    baseline = sum(base for base, _ in built)
    compared = [bucket for bucket in buckets if bucket.kind in known]
    expected = sum(known[bucket.kind][0] for bucket in compared)
    return Supply(
        buckets=len({(bucket.service_date, bucket.time_slot) for bucket in buckets}),
        total_slots_at_baseline=baseline if built else None,
        open_now=sum(bucket.open_slots for bucket in buckets),
        pct_change_vs_baseline=_percent(sum(now for _, now in built) - baseline, baseline),
        usual=expected if compared else None,
        scarcity_delta=_percent(expected - sum(bucket.open_slots for bucket in compared), expected),
        samples=sum(known[bucket.kind][1] for bucket in compared),
    )


def _percent(difference: float, whole: float) -> float | None:
    return 100 * difference / whole if whole else None
