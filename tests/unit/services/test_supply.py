"""Supply: which buckets are meant, and what they are compared with."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tablewire.domain.markets import NYC
from tablewire.insights.supply import BucketSupply
from tablewire.live.fill import BucketFill
from tablewire.services.supply import MarketSupply, SupplyInsight, SupplyWish, weekend

WEDNESDAY = date(2026, 2, 11)
NOW = datetime(2026, 2, 11, 17, tzinfo=UTC)
FRIDAY = date(2026, 2, 13)


def fill(day: date, open_slots: int, **fields: Any) -> BucketFill:
    values: dict[str, Any] = {
        "provider": "resy",
        "time_slot": "19:00",
        "time_bucket": "prime",
        "baseline": 100,
        "observed_venues": 9,
        "venues_open": 5,
    }
    values |= fields
    bucket_id = f"{day}_{values['time_slot']}"
    return BucketFill(bucket_id=bucket_id, service_date=day, open_slots=open_slots, **values)


class Door:
    """The board, and earlier days."""

    def __init__(self, *fills: BucketFill) -> None:
        self.fills = list(fills)
        self.asked: list[str] = []

    def buckets(self, market: str, neighborhoods: Collection[str] = ()) -> list[BucketFill]:
        self.asked.extend(neighborhoods)
        return self.fills

    async def earlier_buckets(self, market: str, first: date, before: date) -> list[BucketSupply]:
        assert first < before == WEDNESDAY
        return [
            BucketSupply(
                provider="resy",
                service_date=FRIDAY - timedelta(weeks=1),
                time_slot="19:00",
                lead_days=2,
                baseline=100,
                open_slots=100,
            )
        ]


async def supply(door: Door, **wish: Any) -> MarketSupply:
    insight = SupplyInsight(door, door, lambda: NOW)  # type: ignore[arg-type]  # it asks for earlier days only
    return await insight.supply(NYC, SupplyWish(**wish))


async def test_a_bucket_is_compared_with_the_same_weekday_at_the_same_lead() -> None:
    found = await supply(Door(fill(FRIDAY, 66), fill(WEDNESDAY, 10)))

    by_date = {bucket.date: bucket.supply for bucket in found.buckets}
    assert by_date[FRIDAY].scarcity_delta == pytest.approx(34)
    assert by_date[WEDNESDAY].scarcity_delta is None
    assert found.total.open_now == 76


async def test_the_providers_of_a_bucket_are_taken_together() -> None:
    found = await supply(Door(fill(FRIDAY, 10), fill(FRIDAY, 5, provider="opentable")))

    (bucket,) = found.buckets
    assert (bucket.supply.open_now, bucket.supply.total_slots_at_baseline) == (15, 200)


async def test_a_bucket_that_nobody_looked_at_has_no_supply() -> None:
    found = await supply(Door(fill(FRIDAY, 0, observed_venues=0)))

    assert (found.total.open_now, found.buckets[0].supply.open_now) == (None, None)


async def test_of_a_neighborhood_nothing_is_compared() -> None:
    door = Door(fill(FRIDAY, 3, baseline=None))
    found = await supply(door, neighborhoods=frozenset({"soho"}))

    assert door.asked == ["soho"]
    assert (found.total.open_now, found.total.usual, found.total.pct_change_vs_baseline) == (3, None, None)


@pytest.mark.parametrize(
    ("wish", "meant"),
    [
        ({"bucket_id": "2026-02-13_19:00"}, 1),
        ({"dates": (WEDNESDAY, FRIDAY)}, 3),
        ({"date_from": FRIDAY}, 3),
        ({"date_to": WEDNESDAY}, 1),
        ({"weekend": True}, 3),
        ({"time_slots": frozenset({"15:00"})}, 1),
        ({"providers": ("opentable",)}, 1),
    ],
)
async def test_each_limit_leaves_buckets_out(wish: dict[str, Any], meant: int) -> None:
    door = Door(
        fill(WEDNESDAY, 1),
        fill(FRIDAY, 1),
        fill(FRIDAY, 1, time_slot="15:00"),
        fill(FRIDAY + timedelta(days=1), 1, provider="opentable"),
    )
    assert len((await supply(door, **wish)).buckets) == meant


def test_the_weekend_is_the_next_or_what_is_left_of_this_one() -> None:
    saturday, sunday = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=2)

    assert weekend(WEDNESDAY) == weekend(FRIDAY) == (FRIDAY, saturday, sunday)
    assert weekend(saturday) == (saturday, sunday)
    assert weekend(sunday) == (sunday,)
    assert weekend(sunday + timedelta(days=1)) == tuple(
        FRIDAY + timedelta(days=7 + ahead) for ahead in range(3)
    )
