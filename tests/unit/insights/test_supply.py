"""Supply against the baseline, and against what is usual."""

from datetime import date, timedelta

import pytest

from tablewire.insights.supply import BucketSupply, supply, usual

FRIDAY = date(2026, 2, 20)


def bucket(
    open_slots: int, baseline: int | None = 100, *, on: date = FRIDAY, slot: str = "19:00", lead: int = 2
) -> BucketSupply:
    return BucketSupply(
        provider="resy",
        service_date=on,
        time_slot=slot,
        lead_days=lead,
        baseline=baseline,
        open_slots=open_slots,
    )


def earlier(*counts: int) -> list[BucketSupply]:
    return [bucket(count, on=FRIDAY - timedelta(weeks=week + 1)) for week, count in enumerate(counts)]


def test_this_weekend_is_34_percent_tighter_than_usual() -> None:
    found = supply([bucket(66)], usual(earlier(90, 110)))

    assert found.scarcity_delta == pytest.approx(34)
    assert found.pct_change_vs_baseline == pytest.approx(-34)
    assert (found.usual, found.samples) == (100, 2)


def test_buckets_are_added_up_before_they_are_compared() -> None:
    found = supply([bucket(10, 40), bucket(20, 60, slot="15:00")], usual(earlier(20)))

    assert (found.total_slots_at_baseline, found.open_now, found.pct_change_vs_baseline) == (100, 30, -70)
    assert found.scarcity_delta == 50


def test_only_the_same_weekday_time_slot_and_lead_are_comparable() -> None:
    others = [bucket(5, on=FRIDAY - timedelta(days=1)), bucket(5, slot="15:00"), bucket(5, lead=3)]

    found = supply([bucket(66)], usual(others))

    assert (found.usual, found.scarcity_delta, found.samples) == (None, None, 0)


def test_without_a_baseline_there_is_no_change_against_it() -> None:
    assert supply([bucket(3, None)], {}).pct_change_vs_baseline is None
    assert supply([bucket(3, 0)], {}).pct_change_vs_baseline is None


def test_no_buckets_have_no_supply() -> None:
    found = supply([], {})

    assert (found.open_now, found.total_slots_at_baseline, found.scarcity_delta) == (None, None, None)
