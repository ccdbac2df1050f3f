"""The engine as a whole, on a store in memory: commit, then remember, then announce."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from tablewire.domain.buckets import DayParts
from tablewire.domain.events import Event
from tablewire.domain.markets import Market
from tablewire.domain.snapshots import Snapshot
from tablewire.domain.state import BucketState, Change
from tablewire.errors import CommitUnknown, StoreUnavailable
from tests.unit.engine.world import World

EVENING, LUNCH = "20:30:00", "12:30:00"


async def built(**kwargs: object) -> World:
    world = World(**kwargs)  # type: ignore[arg-type]  # passed on as they are
    world.provider.free = {("834", 2): set(), ("834", 4): set()}
    await world.start()
    await world.cycle()
    return world


def at(world: World, clock: str, days: int = 1) -> str:
    return f"{world.today + timedelta(days=days)} {clock}"


async def test_the_first_build_announces_nothing_and_shows_its_progress() -> None:
    world = World()
    world.provider.free = {("834", 2): {at(world, EVENING)}, ("834", 4): set()}
    await world.start()
    await world.cycle()
    assert world.store.events == []
    assert [(step.built, step.total) for step in world.progress][-1] == (4, 4)
    assert [slot.origin for state in world.listener.shown.values() for slot in state.open.values()] == [
        "baseline"
    ]


async def test_a_table_that_opens_is_told_once_with_both_bounds() -> None:
    world = await built()
    before = world.clock.now()
    world.provider.free[("834", 2)] = {at(world, EVENING)}
    await world.cycle()
    await world.cycle()
    [event] = world.listener.events
    assert event.event_type == "NEW_DROP"
    assert event.opened_after is not None
    assert event.opened_at is not None
    assert event.opened_after < before < event.opened_at
    assert (event.venue_name, str(event.slot_time), event.party_sizes) == ("Venue 834", EVENING, (2,))


async def test_memory_does_not_change_and_nobody_hears_where_the_store_is_away() -> None:
    world = await built()
    world.provider.free[("834", 2)] = {at(world, EVENING)}
    world.store.away = StoreUnavailable("it is away")
    await world.cycle()
    assert world.listener.events == []
    assert all(not state.open for state in world.listener.shown.values())
    assert world.discovery.store_trouble == "it is away"
    world.store.away = None
    await world.hold_or_go_on()
    await world.cycle()
    assert [event.event_type for event in world.listener.events] == ["NEW_DROP"]


async def test_after_an_outage_longer_than_the_gap_nothing_is_announced() -> None:
    world = await built()
    world.provider.free[("834", 2)] = {at(world, EVENING)}
    world.store.away = StoreUnavailable("it is away")
    await world.cycle()
    world.store.away = None
    await world.hold_or_go_on()
    await world.cycle(after=timedelta(minutes=11))
    assert world.listener.events == []
    [slot] = [slot for state in world.listener.shown.values() for slot in state.open.values()]
    assert slot.origin == "after_gap"


async def test_a_commit_of_unknown_outcome_is_read_again_before_memory_is_used() -> None:
    world = await built()
    world.provider.free[("834", 2)] = {at(world, LUNCH)}
    record = world.store.record
    lost: list[Event] = []

    async def record_and_break_off(change: Change, state: BucketState) -> tuple[Event, ...]:
        lost.extend(await record(change, state))
        raise CommitUnknown("it broke off")

    world.store.record = record_and_break_off  # type: ignore[method-assign]  # a fault of one call
    await world.cycle()
    world.store.record = record  # type: ignore[method-assign]  # mended
    await world.hold_or_go_on()
    await world.cycle()
    await world.cycle()
    assert world.kinds().count("NEW_DROP") == 1
    assert world.listener.events == []


async def test_two_engines_on_one_store_double_nothing() -> None:
    world = await built()
    other = World()
    other.clock, other.store, other.provider = world.clock, world.store, world.provider
    await other.start()
    world.provider.free[("834", 2)] = {at(world, EVENING)}
    await world.cycle()
    await other.cycle()
    await other.cycle()
    await world.cycle()
    assert world.kinds() == ["NEW_DROP"]


async def test_a_restart_tells_what_opened_meanwhile_within_the_gap() -> None:
    world = await built()
    await world.discovery.save()
    world.provider.free[("834", 2)] = {at(world, EVENING)}
    await world.start()
    await world.cycle(after=timedelta(minutes=5))
    assert [event.event_type for event in world.listener.events] == ["NEW_DROP"]


async def test_a_clock_set_back_between_two_starts_makes_the_engine_neither_deaf_nor_wrong() -> None:
    world = await built()
    world.provider.free[("834", 2)] = {at(world, EVENING)}
    await world.cycle()
    left_at = world.clock.now()
    world.clock._now -= timedelta(hours=2)
    await world.start()
    for free in (set(), {at(world, EVENING)}):
        world.provider.free[("834", 2)] = free
        await world.cycle()
    closed, opened = world.listener.events
    assert (closed.event_type, opened.event_type) == ("CLOSED", "NEW_DROP")
    assert closed.closed_at is not None
    assert closed.closed_at >= left_at - timedelta(seconds=60)
    assert opened.opened_at is not None
    assert opened.opened_after is not None
    assert closed.closed_at < opened.opened_at
    assert opened.opened_after < opened.opened_at


async def test_a_start_that_passes_expires_by_the_clock_without_any_answer() -> None:
    world = World(datetime(2026, 2, 11, 23, 0, tzinfo=UTC))
    world.provider.free = {("834", 2): {at(world, EVENING, days=0)}, ("834", 4): set()}
    await world.start()
    await world.cycle()
    world.provider.fails = "no answer"
    world.clock.advance(3 * 3600)
    await world.turn()
    [event] = world.listener.events
    assert (event.close_reason, event.closed_at) == ("expired", datetime(2026, 2, 12, 1, 30, tzinfo=UTC))


async def test_the_window_slides_at_five_past_two_and_the_new_date_is_built_silently() -> None:
    world = World(datetime(2026, 2, 12, 6, 0, tzinfo=UTC))
    world.provider.free = {("834", 2): {at(world, EVENING, days=2)}, ("834", 4): set()}
    await world.start()
    await world.cycle()
    first, last = min(world.listener.shown), max(world.listener.shown)
    world.clock.advance(3600 + 5 * 60 + 1)
    await world.turn()
    await world.cycle()
    assert first not in world.listener.shown
    assert max(world.listener.shown).service_date == last.service_date + timedelta(days=1)
    assert world.listener.events == []
    assert [stored.key for stored in await world.store.stored_buckets("nyc", "resy")] == sorted(
        world.listener.shown
    )


async def test_a_date_that_leaves_keeps_its_row_of_the_day() -> None:
    world = World(datetime(2026, 2, 12, 6, 0, tzinfo=UTC))
    world.provider.free = {("834", 2): set(), ("834", 4): set()}
    await world.start()
    await world.cycle()
    first = min(world.listener.shown)
    world.clock.advance(3600 + 5 * 60 + 1)
    await world.turn()
    assert any(key == first for _, key, _ in world.store.days)


async def test_a_party_size_no_longer_polled_is_withdrawn_and_announces_nothing() -> None:
    world = await built()
    world.provider.free[("834", 4)] = {at(world, EVENING)}
    await world.cycle()
    world.sizes = (2,)
    await world.start()
    assert world.kinds() == ["NEW_DROP", "CLOSED"]
    assert world.store.events[-1].close_reason == "withdrawn"
    world.sizes = (2, 4)
    await world.start()
    await world.cycle()
    assert world.kinds() == ["NEW_DROP", "CLOSED"]


async def test_a_venue_that_opts_out_is_withdrawn_and_left_alone() -> None:
    world = await built()
    world.provider.free[("834", 2)] = {at(world, EVENING)}
    await world.cycle()
    world.opted_out = frozenset({("resy", "834")})
    await world.start()
    await world.cycle()
    assert world.store.events[-1].close_reason == "withdrawn"
    assert all(not state.open for state in world.listener.shown.values())


async def test_edges_that_move_announce_nothing_and_leave_no_slot_in_two_buckets() -> None:
    world = await built()
    world.provider.free[("834", 2)] = {at(world, "17:30:00")}
    await world.cycle()
    world.rules = msgspec.structs.replace(world.rules, parts=DayParts(edges=(time(18, 0),)))
    await world.start()
    await world.cycle()
    assert world.kinds() == ["NEW_DROP", "CLOSED"]
    where = [key.time_slot for key, state in world.listener.shown.items() if state.open]
    assert where == ["15:00"]


async def test_time_slots_that_are_gone_are_removed() -> None:
    world = await built()
    world.provider.free[("834", 2)] = {at(world, EVENING)}
    await world.cycle()
    world.rules = msgspec.structs.replace(world.rules, parts=DayParts(("18:00",), ()))
    await world.start()
    await world.cycle()
    assert world.kinds() == ["NEW_DROP", "CLOSED"]
    assert {key.time_slot for key in world.listener.shown} == {"18:00"}


async def test_a_failed_poll_is_no_scan_but_shows_its_cause() -> None:
    world = await built()
    scanned = {key: state.row.scanned_at for key, state in world.listener.shown.items()}
    world.provider.fails = "HTTP 500"
    await world.cycle()
    for key, state in world.listener.shown.items():
        assert state.row.scanned_at == scanned[key]
        assert (state.row.outcome, state.row.cause) == ("failed", "HTTP 500")


async def test_a_provider_that_raises_harms_no_other_date() -> None:
    world = await built()
    search = world.provider.search_availability
    first = world.today

    async def search_or_raise(
        market: Market, day: date, time_slot: str | None, sizes: tuple[int, ...], **options: Any
    ) -> Snapshot:
        if day == first:
            raise ValueError("nonsense")
        return await search(market, day, time_slot, sizes, **options)

    world.provider.search_availability = search_or_raise  # type: ignore[method-assign, assignment]  # a fault
    world.provider.free[("834", 2)] = {at(world, EVENING)}
    await world.cycle()
    assert [event.event_type for event in world.listener.events] == ["NEW_DROP"]


async def test_another_source_of_answers_is_another_city_and_announces_nothing() -> None:
    world = await built()
    world.provider.free[("834", 2)] = {at(world, EVENING)}
    world.sources = ("resy http://127.0.0.1:1",)
    await world.start()
    await world.cycle()
    assert world.store.events == []


async def test_an_answer_older_than_what_another_engine_stored_closes_nothing() -> None:
    world = await built()
    other = World()
    other.clock, other.store, other.provider = world.clock, world.store, world.provider
    await other.start()
    search = world.provider.search_availability

    async def search_while_the_other_stores(
        market: Market, day: date, time_slot: str | None, sizes: tuple[int, ...], **options: Any
    ) -> Snapshot:
        snapshot = await search(market, day, time_slot, sizes, **options)
        if str(day) == at(world, EVENING)[:10]:
            world.provider.search_availability = search  # type: ignore[method-assign]  # once only
            world.provider.free[("834", 2)] = {at(world, EVENING)}
            await world.cycle()
            other.discovery.owners["nyc", "resy", day].doubt()
        return snapshot

    world.provider.search_availability = search_while_the_other_stores  # type: ignore[method-assign, assignment]  # a race
    await other.cycle()
    await other.cycle()
    await world.cycle()
    assert world.kinds() == ["NEW_DROP"]


async def test_no_provider_is_asked_while_the_store_is_away() -> None:
    world = await built()
    world.store.away = StoreUnavailable("it is away")
    await world.cycle()
    asked = len(world.provider.asked)
    await world.cycle()
    assert len(world.provider.asked) == asked
