"""Days are rolled up from what is stored, as it comes or all at once."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import pytest

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import CloseReason, EventType, Origin, microseconds
from tablewire.domain.markets import Market
from tablewire.domain.restaurants import Listing
from tablewire.engine.rollups import Rollups
from tablewire.errors import Conflict
from tablewire.insights.daily import VenueDay
from tablewire.insights.local_time import HOUR, local_day
from tablewire.storage.figure_door import ObservedDay, RankingWish
from tablewire.storage.store import PostgresStore
from tests.clock import StepClock
from tests.stored_scenes import StoredScene, change_with, made_up_event

ZONE = ZoneInfo("America/New_York")
NYC = Market(id="nyc", time_zone="America/New_York", latitude=40.7, longitude=-74.0, radius_m=16_000)
MONDAY = date(2026, 2, 16)
SATURDAY = date(2026, 2, 21)
VENUE = Listing("resy", "v")


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant, so many days after Monday."""
    return datetime.combine(MONDAY + timedelta(days=day), time(hour, minute), ZONE).astimezone(UTC)


class City:
    """One bucket's log, observed time, and a clock."""

    def __init__(self, store: PostgresStore, scene: StoredScene, dsn: str) -> None:
        self.store = store
        self.clock = StepClock(local(0, 0))
        self.rollups = Rollups(store.figures.rolled, [NYC], "19:00", self.clock)
        self._scene = scene
        self._dsn = dsn
        self._number = 0

    @classmethod
    async def begin(cls, store: PostgresStore, dsn: str, service_date: date = SATURDAY) -> "City":
        key = BucketKey("nyc", service_date, "19:00")
        return cls(store, await StoredScene.begin(store, key=key), dsn)

    async def begin_anew(self) -> None:
        """The store was emptied."""
        self._scene = await StoredScene.begin(self.store, key=self._scene.state.key)

    async def drop(
        self, opened: datetime, seconds: float | None, ended_for: tuple[int, ...] | None = None, **fields: Any
    ) -> None:
        """A table that opened, and was taken after so long; None: it is told as opened only."""
        self._number += 1
        key = self._scene.state.key
        given = {
            "bucket_id": key.bucket_id,
            "service_date": key.service_date,
            "slot_date": key.service_date,
            "venue_id": "v",
            "origin": Origin.DROP,
            "opened_at": opened,
            "first_seen_at": opened,
            **fields,
        }
        events = [made_up_event(self._number, **given)]
        if seconds is not None:
            ended = {
                "closed_at": opened + timedelta(seconds=seconds),
                "close_reason": CloseReason.TAKEN,
                "drop_duration_seconds": seconds,
            }
            if ended_for is not None:
                ended["party_sizes"] = ended_for
            events.append(made_up_event(self._number, kind=EventType.CLOSED, **{**given, **ended}))
        await self._scene.commit(change_with(self._scene.state, *events))

    async def observe(self, day: int, hours: int = 24, venue: str = "v", provider: str = "resy") -> None:
        """The venue was looked at for so many hours of a day."""
        on = MONDAY + timedelta(days=day)
        start = local_day(on, ZONE).start
        row = ObservedDay(
            market="nyc",
            provider=provider,
            service_date=self._scene.state.key.service_date,
            day=on,
            spans={venue: ((start, start + hours * HOUR),)},
        )
        await self.store.figures.observed.add([row], self.clock.now())

    async def refresh(self, at: datetime, *, everything: bool = False, whole: bool = True) -> int:
        self.clock.not_before(at)
        return (await self.rollups.refresh(everything=everything, whole=whole))[0].days

    async def rows(self) -> list[tuple[Any, ...]]:
        """All rows, but for when they were computed."""
        connection = await asyncpg.connect(self._dsn)
        found = await connection.fetch(
            "SELECT provider, venue_id, day, finished, body, shown FROM venue_days ORDER BY 1, 2, 3"
        )
        await connection.close()
        return [tuple(row) for row in found]

    async def figures(self) -> dict[str, Any]:
        rows = await self.store.figures.rolled.metrics(14)
        found: dict[str, Any] = msgspec.json.decode({row.listing: row for row in rows}[VENUE].body)
        return found


@pytest.fixture
async def city(store: PostgresStore, dsn: str) -> City:
    return await City.begin(store, dsn)


async def three_days(city: City, at_each: Any) -> None:
    """Some life, with what is to be done at each hour that matters."""
    await city.observe(0, 20)
    await city.drop(local(0, 9), 142)
    await city.drop(local(0, 10), 90_000)
    await at_each(local(0, 22))
    await city.observe(1)
    await city.drop(local(1, 9), 60, venue_id="w")
    await city.observe(1, 5, venue="w")
    await at_each(local(2, 1))
    await city.drop(local(0, 23, 50), 600, first_seen_at=local(0, 23, 50))
    await city.observe(2, 10)
    await at_each(local(2, 12))
    await at_each(local(3, 2))


async def test_rows_that_came_day_by_day_are_those_of_a_rebuild_byte_for_byte(city: City) -> None:
    await three_days(city, city.refresh)
    by_and_by = await city.rows()

    await city.refresh(city.clock.now(), everything=True)

    assert await city.rows() == by_and_by
    assert [(row[1], row[2].day, row[3]) for row in by_and_by] == [
        ("v", 16, True),
        ("v", 17, True),
        ("v", 18, True),
        ("w", 17, True),
    ]


async def test_a_drop_is_of_the_party_sizes_that_it_opened_for_and_its_ending_of_all_it_came_to_have(
    city: City,
) -> None:
    await city.observe(0)
    await city.observe(1)
    await city.drop(local(0, 9), 90_000, party_sizes=(4,), ended_for=(2, 4))

    await city.refresh(local(2, 3))

    first, second = (msgspec.msgpack.decode(row[4], type=VenueDay) for row in await city.rows())
    assert (first.drops.sizes, first.endings.sizes) == ((1 << 4,), ())
    assert (second.drops.sizes, second.endings.sizes) == ((), (1 << 2 | 1 << 4,))


async def test_the_figures_are_those_of_the_log(city: City) -> None:
    await three_days(city, city.refresh)

    found = await city.figures()

    assert found["drops"] == 3
    assert found["observed_days"] == pytest.approx(54 / 24)
    assert found["avg_drop_duration_seconds"] == {"value": (142 + 90_000 + 600) / 3, "samples": 3}
    assert found["scarcity_score"]["samples"] == 3


async def test_without_news_only_what_goes_on_is_done_again(city: City) -> None:
    await city.observe(0)
    await city.drop(local(0, 9), 142)
    await city.observe(0, venue="w")
    assert await city.refresh(local(0, 12)) == 2

    assert await city.refresh(local(0, 13), whole=False) == 0
    await city.drop(local(0, 13, 5), None)
    assert await city.refresh(local(0, 14), whole=False) == 1


async def test_a_closing_that_is_known_late_changes_the_day_it_happened_on(city: City) -> None:
    await city.observe(0)
    await city.observe(1)
    await city.drop(local(0, 9), None)
    await city.refresh(local(2, 3))
    before = await city.rows()

    await city.drop(local(0, 9), 300)
    await city.refresh(local(2, 4), whole=False)

    assert next(row for row in await city.rows() if row not in before)[2] == MONDAY


async def test_only_one_at_a_time_rolls_up(city: City) -> None:
    async with city.store.figures.rolled.reading("19:00", lambda _, __: None):
        with pytest.raises(Conflict):
            await city.refresh(local(1, 0))
    assert await city.refresh(local(1, 0)) == 0


async def test_observed_time_that_is_stored_twice_counts_once(city: City) -> None:
    await city.observe(0, 6)
    await city.observe(0, 12)
    async with city.store.figures.rolled.reading("19:00", lambda _, __: None) as view:
        (row,) = await view.observed("nyc", MONDAY, MONDAY)
    start = microseconds(local(0, 0))
    assert row.spans == {"v": ((start, start + 12 * HOUR),)}


async def test_venues_are_ranked_by_any_figure_with_enough_samples(city: City) -> None:
    await three_days(city, city.refresh)
    wish = RankingWish(
        figure="drop_frequency_per_day",
        descending=True,
        window_days=14,
        least_samples=0,
        market="nyc",
        provider=None,
        neighborhood=None,
        limit=10,
        offset=0,
    )

    found = await city.store.figures.rankings.ranked(wish)
    enough = await city.store.figures.rankings.ranked(msgspec.structs.replace(wish, least_samples=2))

    assert [one.metrics.listing.venue_id for one in found] == ["w", "v"]
    assert [one.metrics.listing.venue_id for one in enough] == ["v"]


async def test_after_emptying_no_figure_is_left_and_days_are_rolled_up_anew(city: City) -> None:
    await three_days(city, city.refresh)
    await city.store.clear()
    assert await city.rows() == []
    assert await city.store.figures.rolled.metrics(14) == []

    await city.begin_anew()
    await city.drop(local(3, 9), 142)
    await city.observe(3)
    assert await city.refresh(local(3, 22)) == 1
    await city.drop(local(3, 23), 60)
    assert await city.refresh(local(4, 1)) == 1  # the whole of the day that has ended, not of today only

    assert [(row[2], row[3]) for row in await city.rows()] == [(MONDAY + timedelta(days=3), True)]
    assert (await city.figures())["drops"] == 2
