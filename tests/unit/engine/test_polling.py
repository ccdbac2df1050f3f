"""Polling: looks at wanted venues beside the sweep, and large polls that are taken over in portions."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import anyio
import anyio.lowlevel
import pytest

from tablewire.domain.events import Event
from tablewire.domain.markets import Market
from tablewire.domain.slots import SeenSlot, Venue, slot_id
from tablewire.domain.snapshots import Answer, Outcome, Snapshot, VenueAnswer
from tablewire.domain.state import BucketState, Change
from tablewire.domain.wanted import WantedVenue
from tablewire.engine.measuring import Tally
from tablewire.engine.polling import AHEAD
from tablewire.errors import StoreUnavailable
from tablewire.providers.protocol import ProviderStatus
from tests.unit.engine.paged import PAGES, a_paged_world, provider_of
from tests.unit.engine.world import INTERVAL, ScriptedProvider, World


class LookedAt(ScriptedProvider):
    """Has a venue that its sweep does not list, and a table there from when it is set."""

    venues_per_call = 1

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.looked: list[tuple[date, Mapping[int, tuple[str, ...]]]] = []
        self.starts: tuple[str, ...] = ()
        self.free = {("834", 2): set(), ("834", 4): set()}

    async def look_at(
        self,
        market: Market,
        service_date: date,
        venues: Mapping[int, tuple[str, ...]],
        *,
        until: float | None = None,
    ) -> Snapshot:
        self.looked.append((service_date, venues))
        answers = [
            Answer(
                party_size=size,
                sent_at=self._clock.now(),
                arrived_at=self._clock.now(),
                venues=(VenueAnswer(venue, self._seen(service_date)),),
                page=0,
                one_venue=True,
            )
            for size, named in venues.items()
            for venue in named
        ]
        return Snapshot(
            provider=self.provider_id,
            market=market.id,
            service_date=service_date,
            finished_at=self._clock.now(),
            answers=tuple(answers),
            outcome=Outcome.OK,
            venues={"77": Venue(provider="resy", venue_id="77", name="By name only")},
        )

    def _seen(self, day: date) -> tuple[SeenSlot, ...]:
        starts = (f"{day} {start}" for start in self.starts)
        return tuple(
            SeenSlot(slot_id=slot_id("resy", "77", start), actual_time=start, service_date=day)
            for start in starts
        )


async def a_world(*wanted: WantedVenue, opted_out: frozenset[tuple[str, str]] = frozenset()) -> World:
    world = World()
    world.opted_out = opted_out
    world.provider = LookedAt(world)
    await world.start()
    world.discovery.wanted.set_wanted("tests", wanted)
    await world.cycle()
    return world


def looked_at(world: World) -> list[tuple[date, Mapping[int, tuple[str, ...]]]]:
    assert isinstance(world.provider, LookedAt)
    return world.provider.looked


async def test_a_wanted_venue_that_the_sweep_does_not_list_is_looked_at_every_cycle() -> None:
    world = await a_world(WantedVenue(provider="resy", venue_id="77", sizes=frozenset({2})))
    await world.cycle()
    days = [world.today, world.today + timedelta(days=1)]
    assert looked_at(world) == [(day, {2: ("77",)}) for day in days] * 2


async def test_what_opens_there_is_told_like_anything_else() -> None:
    world = await a_world(WantedVenue(provider="resy", venue_id="77"))
    assert isinstance(world.provider, LookedAt)
    world.provider.starts = ("20:30:00",)
    await world.cycle()
    assert world.kinds() == ["NEW_DROP"] * 2
    assert {event.venue_id for event in world.listener.events} == {"77"}
    assert {event.party_sizes for event in world.listener.events} == {(2, 4)}


async def test_a_venue_that_opted_out_is_never_looked_at() -> None:
    world = await a_world(WantedVenue(provider="resy", venue_id="77"), opted_out=frozenset({("resy", "77")}))
    assert looked_at(world) == []


async def test_nobody_is_looked_at_where_nobody_is_wanted() -> None:
    assert looked_at(await a_world()) == []


async def test_a_wanted_venue_that_is_on_a_planned_page_is_not_asked_for_twice() -> None:
    world = await a_world(WantedVenue(provider="resy", venue_id="834"))
    looked_at(world).clear()
    await world.cycle()
    assert looked_at(world) == []


# --- portions


async def polling(world: World, tallies: list[Tally]) -> None:
    """One cycle, and what it came to."""
    world.clock.advance(INTERVAL.total_seconds())
    [one] = world.discovery.pollings
    tallies.append(await one.cycle(world.discovery.owners_of(one)))


async def settled() -> None:
    """Everything that can happen now has happened."""
    for _ in range(200):
        await anyio.lowlevel.checkpoint()


def outcome(world: World) -> tuple[Outcome | None, str | None]:
    [owner] = world.discovery.owners.values()
    row = owner.states["19:00"].row
    return row.outcome, row.cause


async def test_a_large_poll_is_asked_for_in_portions_each_page_once() -> None:
    world = await a_paged_world()
    await world.cycle()
    asked = [pages for _, pages in provider_of(world).asked]
    assert len(asked) == 3
    for size in (2, 4):
        assert [page for pages in asked if pages for page in pages[size]] == list(range(1, PAGES + 1))


async def test_what_opens_on_a_page_is_told_while_others_are_still_awaited() -> None:
    world = await a_paged_world()
    provider = provider_of(world)
    provider.free["101", 2].add(f"{world.today} 21:00:00")
    provider.free["110", 2].add(f"{world.today} 21:00:00")
    provider.held[1] = anyio.Event()
    [owner] = world.discovery.owners.values()
    async with anyio.create_task_group() as group:
        group.start_soon(world.cycle)
        await settled()
        assert [event.venue_id for event in world.listener.events] == ["110"]
        assert owner.polling
        provider.held[1].set()
    assert [event.venue_id for event in world.listener.events] == ["110", "101"]
    assert not owner.polling


async def test_each_portion_ends_when_its_own_answers_are_there() -> None:
    world = await a_paged_world()
    provider = provider_of(world)
    for venue in ("101", "110"):
        provider.free[venue, 2].add(f"{world.today} 21:00:00")
    provider.held[1] = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(world.cycle)
        await settled()
        world.clock.advance(10)
        provider.held[1].set()
    first, last = (event.opened_at for event in world.listener.events)
    assert first is not None
    assert last is not None
    assert last - first > timedelta(seconds=9)


async def test_a_poll_in_portions_is_counted_and_told_of_once() -> None:
    world = await a_paged_world()
    world.stored.clear()
    provider_of(world).free["110", 2].add(f"{world.today} 21:00:00")
    provider_of(world).free["101", 2].clear()
    tallies: list[Tally] = []
    await polling(world, tallies)
    [tally] = tallies
    assert (tally.polled, tally.drops, tally.closed, tally.slots) == (2, 1, 1, 30)
    assert [(one.key.time_slot, one.drops, one.closed) for one in world.stored] == [
        ("15:00", 0, {}),
        ("19:00", 1, {"taken": 1}),
    ]


async def test_a_portion_that_fails_leaves_its_poll_partial_whether_it_comes_first_or_last() -> None:
    for number in (1, PAGES):
        world = await a_paged_world()
        provider_of(world).failing = {number}
        await world.cycle()
        assert outcome(world) == (Outcome.PARTIAL, "HTTP 500")


async def test_a_poll_of_which_every_portion_fails_has_failed_and_says_why_once() -> None:
    world = await a_paged_world()
    provider_of(world).failing = set(range(1, PAGES + 1))
    await world.cycle()
    assert outcome(world) == (Outcome.FAILED, "HTTP 500")


async def test_a_portion_without_an_answer_says_nothing_of_its_poll_before_others_have_come() -> None:
    world = await a_paged_world()
    provider = provider_of(world)
    provider.failing = {1, 2, 3, 4}
    provider.held = {5: anyio.Event(), 10: anyio.Event()}
    async with anyio.create_task_group() as group:
        group.start_soon(world.cycle)
        await settled()
        assert (provider.answered, outcome(world)) == ([1], (Outcome.OK, None))
        provider.held[5].set()
        await settled()
        assert outcome(world) == (Outcome.PARTIAL, "HTTP 500")
        provider.held[10].set()


async def test_a_poll_forgets_what_was_wrong_with_the_one_before() -> None:
    world = await a_paged_world()
    provider_of(world).failing = {1}
    await world.cycle()
    provider_of(world).failing = set()
    await world.cycle()
    assert outcome(world) == (Outcome.OK, None)


async def test_where_the_store_refuses_a_portion_the_rest_of_its_poll_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await a_paged_world()
    provider = provider_of(world)
    provider.held[1] = anyio.Event()
    record, stored = world.store.record, list[object]()

    async def refuse_the_second(change: Change, state: BucketState) -> tuple[Event, ...]:
        stored.append(change)
        if len(stored) > 2:
            raise StoreUnavailable("it is away")
        return await record(change, state)

    monkeypatch.setattr(world.store, "record", refuse_the_second)
    tallies: list[Tally] = []
    await polling(world, tallies)
    assert (len(stored), provider.cancelled, tallies[0].failed) == (3, 1, 2)
    assert world.discovery.store_trouble == "it is away"
    [owner] = world.discovery.owners.values()
    assert not owner.polling


async def test_what_a_given_up_poll_had_stored_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    world = await a_paged_world()
    provider = provider_of(world)
    provider.held[1] = anyio.Event()
    provider.free["110", 2].add(f"{world.today} 21:00:00")
    world.stored.clear()
    record, calls = world.store.record, list[object]()

    async def refuse_the_last(change: Change, state: BucketState) -> tuple[Event, ...]:
        calls.append(change)
        if len(calls) > 4:
            raise StoreUnavailable("it is away")
        return await record(change, state)

    monkeypatch.setattr(world.store, "record", refuse_the_last)
    async with anyio.create_task_group() as group:
        group.start_soon(world.cycle)
        await settled()
        provider.held[1].set()
    assert [one.drops for one in world.stored] == [0, 1]


async def test_venues_on_pages_without_any_table_are_known_once_other_portions_show_tables_often_enough() -> (
    None
):
    """Alone such pages would never be believed: a soft block looks the same."""
    world = await a_paged_world()
    [owner] = world.discovery.owners.values()
    for number in (8, 9, 10):
        for place in (4, 5, 6):
            provider_of(world).free[f"{place}{number:02}", 4] = set()
    for place in (1, 2, 3):
        for number in (8, 9, 10):
            provider_of(world).free[f"{place}{number:02}", 2].clear()
    for _ in range(5):
        await world.cycle()
    pair = owner.states["19:00"].pair(4, "410")
    assert pair is not None
    assert pair.count > 0


# --- turns


async def two_cycles_at_once(world: World, monkeypatch: pytest.MonkeyPatch, end: Callable[[], None]) -> Tally:
    """A cycle whose first date has its turn while the poll before runs, and whose second one after `end` and the end of that poll."""
    provider, turn, tallies = provider_of(world), anyio.Event(), list[Tally]()
    provider.held[1] = anyio.Event()

    async def sleep(seconds: float) -> None:
        if seconds:
            await turn.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(world.cycle)
        await settled()
        monkeypatch.setattr(world.clock, "sleep", sleep)
        group.start_soon(polling, world, tallies)
        await settled()
        provider.held.pop(1).set()
        await settled()
        provider.asked.clear()
        end()
        turn.set()
    return tallies[0]


async def test_a_date_is_skipped_where_its_poll_still_runs_when_its_turn_comes_and_only_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await a_paged_world(days=2)
    tally = await two_cycles_at_once(world, monkeypatch, lambda: None)
    tomorrow = world.today + timedelta(days=1)
    assert (tally.skipped, tally.polled) == (2, 2)
    assert {day for day, _ in provider_of(world).asked} == {tomorrow}
    [one] = world.discovery.pollings
    assert one.skipped == {world.today: 1}


async def test_a_date_that_leaves_the_window_before_its_turn_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await a_paged_world(days=2)
    tomorrow = world.discovery.owners["nyc", "resy", world.today + timedelta(days=1)]
    tally = await two_cycles_at_once(world, monkeypatch, tomorrow.close)
    assert (tally.skipped, tally.polled) == (4, 0)
    assert provider_of(world).asked == []


async def test_calls_of_more_than_a_moment_that_still_wait_are_taken_off_the_next_cycle_and_go_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await a_paged_world()
    status = ProviderStatus(enabled=True, rate=1.0, rate_now=1.0, waiting=20)
    monkeypatch.setattr(world.provider, "status", lambda: status)
    await world.cycle()
    provider_of(world).asked.clear()
    before = world.clock.monotonic()
    await world.cycle()
    per_cycle = int(INTERVAL.total_seconds() * 0.95)
    asked = sum(len(of_size) for _, pages in provider_of(world).asked for of_size in (pages or {}).values())
    too_many = 20 - int(AHEAD * INTERVAL.total_seconds())
    assert asked == per_cycle - too_many
    assert world.clock.monotonic() - before == INTERVAL.total_seconds() + too_many
