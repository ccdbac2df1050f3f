"""Observed time is what polls prove, kept until the store has taken it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import anyio
import pytest

from tablewire.engine.observing import Observing
from tablewire.errors import StoreUnavailable
from tablewire.insights.intervals import Spans, length, union
from tablewire.insights.local_time import MINUTE
from tablewire.storage.figure_door import ObservedDay
from tests.clock import StepClock
from tests.unit.domain.scenes import DAY, EIGHT, ZONE, Scene, call


class Book:
    """Keeps rows; `away`: takes nothing."""

    def __init__(self) -> None:
        self.rows: list[ObservedDay] = []
        self.away = False

    async def add(self, rows: Iterable[ObservedDay], at: datetime) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.rows += rows

    def of(self, venue_id: str) -> dict[date, Spans]:
        found: dict[date, Spans] = {}
        for row in self.rows:
            found[row.day] = union((*found.get(row.day, ()), *row.spans.get(venue_id, ())))
        return found


class Watch(Scene):
    """A bucket whose polls are observed."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.observing = Observing(self.book, {"nyc": ZONE}, StepClock())

    def at(self, *minutes: float, venue: str = "v", size: int = 2) -> None:
        for minute in minutes:
            self.observing.see(self.poll(call(minute, {venue: [EIGHT]}, size=size)))

    async def observed_minutes(self, venue: str = "v") -> float:
        await self.observing.store()
        return sum(length(spans) for spans in self.book.of(venue).values()) / MINUTE


async def test_the_time_between_two_looks_is_observed() -> None:
    watch = Watch()
    watch.at(0, 5, 12)
    assert await watch.observed_minutes() == 12


async def test_one_look_proves_no_time() -> None:
    watch = Watch()
    watch.at(0)
    assert await watch.observed_minutes() == 0
    assert watch.book.rows == []


async def test_a_gap_is_not_observed() -> None:
    watch = Watch()
    watch.at(0, 5, 30, 32)
    assert await watch.observed_minutes() == 7


async def test_looks_for_different_sizes_prove_nothing_together() -> None:
    watch = Watch()
    watch.at(0, size=2)
    watch.at(8, size=4)
    watch.at(16, size=2)
    assert await watch.observed_minutes() == 0


async def test_a_venue_is_observed_while_one_of_its_pairs_is() -> None:
    watch = Watch()
    watch.at(0, 5)
    watch.at(3, 9, size=4)
    assert await watch.observed_minutes() == 9


async def test_what_was_stored_goes_on_after_it() -> None:
    watch = Watch()
    watch.at(0, 5)
    await watch.observing.store()
    watch.at(9)
    assert await watch.observed_minutes() == 9


async def test_what_the_store_does_not_take_is_kept() -> None:
    watch = Watch()
    watch.at(0, 5)
    watch.book.away = True
    with pytest.raises(StoreUnavailable):
        await watch.observing.store()
    watch.book.away = False
    watch.at(9)
    assert await watch.observed_minutes() == 9


async def test_each_local_day_gets_its_own_part() -> None:
    watch = Watch()
    watch.at(716, 724)
    await watch.observing.store()
    assert {day: length(spans) / MINUTE for day, spans in watch.book.of("v").items()} == {
        DAY: 4,
        DAY + timedelta(days=1): 4,
    }


async def test_while_it_stands_still_nothing_is_stored_and_what_is_forgotten_never_is() -> None:
    watch = Watch()
    watch.at(0, 5)
    async with anyio.create_task_group() as tasks, watch.observing.still():
        tasks.start_soon(watch.observing.store)
        await anyio.wait_all_tasks_blocked()
        watch.observing.forget()
    assert watch.book.rows == []
