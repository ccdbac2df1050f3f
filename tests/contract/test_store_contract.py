"""What every store promises: the same tests for the one on PostgreSQL and the one in memory."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest

from tablewire.domain.buckets import BucketKey
from tablewire.domain.endings import expire, withdraw
from tablewire.domain.events import EventType
from tablewire.domain.filters import EventFilter, parse_filter
from tablewire.domain.slots import Venue, slot_id
from tablewire.domain.snapshots import Outcome, VenueAnswer
from tablewire.errors import PollConflict, StoreError
from tablewire.storage.protocol import Bounds, BucketDay, KnownVenue, OpeningCount, Store, StoredBucket
from tests.stored_scenes import (
    ALL_TYPES,
    StoredScene,
    change_with,
    facts,
    made_up_event,
    pairs_of,
    quiet_poll,
)
from tests.unit.domain.scenes import DAY, EIGHT, KEY, NINE, TEN, after, call, seen

DROPS = frozenset({"drop"})
EVERY = EventFilter()


async def scene_with_a_drop(store: Store) -> StoredScene:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT]}))
    await scene.keep(call(1, {"v": [EIGHT, NINE]}))
    return scene


async def log_of(store: Store, count: int) -> StoredScene:
    """A log with so many drops."""
    scene = await StoredScene.begin(store)
    for number in range(1, count + 1):
        await scene.commit(change_with(scene.state, made_up_event(number)))
    return scene


# --- recording polls


async def test_a_bucket_that_was_never_stored_loads_empty(store: Store) -> None:
    scene = await StoredScene.begin(store)
    assert (scene.state.open, scene.state.baseline, scene.state.pairs, scene.state.row.poll_seq) == (
        {},
        set(),
        {},
        0,
    )


async def test_what_was_stored_loads_as_memory_has_it(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    await scene.keep(call(2, {"v": [NINE], "w": [TEN]}))
    assert facts((await StoredScene.begin(store)).state) == facts(scene.state)


async def test_events_are_answered_with_ids_in_their_order(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    events = await scene.keep(call(2, {"v": [TEN]}))
    assert [event.event_type for event in events] == [EventType.CLOSED, EventType.CLOSED, EventType.NEW_DROP]
    assert [event.id for event in events] == [2, 3, 4]


async def test_an_event_is_read_back_as_it_was_stored(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    await scene.keep(call(3, {"v": [EIGHT]}))
    assert await store.after(0, 50, wanted=EVERY, types=ALL_TYPES) == scene.log


async def test_that_a_slot_is_approximate_is_not_forgotten(store: Store) -> None:
    scene = await StoredScene.begin(store)
    about_nine = msgspec.structs.replace(seen("v", NINE), approximate=True)
    await scene.keep(call(0, {"v": []}))
    await scene.keep(call(1, [VenueAnswer("v", (seen("v", EIGHT), about_nine))]))
    loaded = (await StoredScene.begin(store)).state.open.values()
    assert {slot.actual_time: slot.approximate for slot in loaded} == {EIGHT: False, NINE: True}
    stored = await store.after(0, 50, wanted=EVERY, types=ALL_TYPES)
    assert [event.approximate for event in stored] == [False, True]


async def test_an_open_slot_knows_the_id_of_its_opening_event(store: Store) -> None:
    await scene_with_a_drop(store)
    loaded = await StoredScene.begin(store)
    assert [slot.event_id for slot in loaded.state.open.values() if slot.opened_at] == [1]


async def test_each_poll_counts_up_poll_seq(store: Store) -> None:
    scene = await StoredScene.begin(store)
    for _ in range(3):
        await scene.commit(quiet_poll(scene.state))
    assert (await StoredScene.begin(store)).state.row.poll_seq == 3


async def test_a_quiet_poll_stores_how_it_went(store: Store) -> None:
    scene = await StoredScene.begin(store)
    change = msgspec.structs.replace(quiet_poll(scene.state), outcome=Outcome.PARTIAL, cause="page 2 failed")
    await scene.commit(change)
    row = (await StoredScene.begin(store)).state.row
    assert (row.outcome, row.cause, row.scanned_at) == (Outcome.PARTIAL, "page 2 failed", change.at)


async def test_a_poll_without_an_answer_keeps_the_time_of_the_last_scan(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.commit(quiet_poll(scene.state))
    scanned_at = scene.state.row.scanned_at
    await scene.commit(
        msgspec.structs.replace(quiet_poll(scene.state), outcome=Outcome.FAILED, scanned=False)
    )
    row = (await StoredScene.begin(store)).state.row
    assert (row.outcome, row.scanned_at) == (Outcome.FAILED, scanned_at)


async def test_what_the_clock_closes_keeps_the_outcome_of_the_last_poll(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    change = expire(scene.state, after(9 * 60), scene.rules)
    assert change is not None
    await scene.commit(change)
    loaded = (await StoredScene.begin(store)).state
    assert (loaded.open, loaded.row.outcome, loaded.row.scanned_at) == (
        {},
        Outcome.OK,
        scene.state.row.scanned_at,
    )


async def test_a_conflicting_poll_is_refused_and_stores_nothing(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    late = await StoredScene.begin(store)
    await scene.commit(quiet_poll(scene.state))
    with pytest.raises(PollConflict):
        await late.keep(call(2, {"v": [EIGHT, NINE, TEN]}))
    assert await store.bounds() == Bounds(oldest=1, newest=1)
    assert facts((await StoredScene.begin(store)).state) == facts(scene.state)


async def test_a_quiet_poll_that_conflicts_is_refused_too(store: Store) -> None:
    scene = await StoredScene.begin(store)
    late = await StoredScene.begin(store)
    await scene.commit(quiet_poll(scene.state))
    with pytest.raises(PollConflict):
        await late.commit(quiet_poll(late.state))


async def test_after_a_conflict_the_bucket_can_be_read_again_and_polled(store: Store) -> None:
    scene = await StoredScene.begin(store)
    late = await StoredScene.begin(store)
    await scene.commit(quiet_poll(scene.state))
    with pytest.raises(PollConflict):
        await late.commit(quiet_poll(late.state))
    late = await StoredScene.begin(store)
    await late.commit(quiet_poll(late.state))
    assert late.state.row.poll_seq == 2


async def test_a_poll_of_a_bucket_whose_rows_are_gone_is_a_conflict(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await store.leave(KEY, "resy", after(0))
    with pytest.raises(PollConflict):
        await scene.commit(quiet_poll(scene.state))


async def test_a_repeated_event_is_not_stored_again_nor_answered(store: Store) -> None:
    scene = await log_of(store, 2)
    repeated = change_with(scene.state, made_up_event(2), made_up_event(3), made_up_event(1))
    assert [(event.slot_id, event.id) for event in await scene.commit(repeated)] == [(f"{3:032x}", 3)]


async def test_a_repeated_event_uses_up_no_id(store: Store) -> None:
    scene = await log_of(store, 2)
    await scene.commit(change_with(scene.state, made_up_event(2)))
    await scene.commit(change_with(scene.state, made_up_event(3)))
    assert [event.id for event in await store.after(0, 50, wanted=EVERY, types=DROPS)] == [1, 2, 3]


async def test_a_slot_whose_opening_event_is_not_the_first_gets_its_own_id(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    await scene.keep(call(2, {"v": [TEN]}))
    loaded = (await StoredScene.begin(store)).state
    assert [slot.event_id for slot in loaded.open.values()] == [4]


async def test_an_update_of_an_open_slot_is_kept(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    await scene.keep(call(2, {"v": [EIGHT, NINE]}, size=4))
    loaded = (await StoredScene.begin(store)).state
    assert {slot.sizes for slot in loaded.open.values()} == {(2, 4)}


async def test_a_held_closing_survives_a_restart(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT], "w": [EIGHT], "x": [EIGHT]}))
    await scene.keep(call(1, {"v": [], "w": [], "x": []}))
    assert len(scene.state.held) == 3
    assert facts((await StoredScene.begin(store)).state) == facts(scene.state)


async def test_a_baseline_table_that_closed_stays_baseline_after_a_restart(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT]}))
    await scene.keep(call(1, {"v": []}))
    again = await StoredScene.begin(store)
    events = await again.keep(call(2, {"v": [EIGHT]}))
    assert [event.event_type for event in events] == [EventType.REOPENED]


async def test_a_bucket_whose_slots_came_and_went_many_times_loads_as_memory_has_it(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT], "w": [TEN]}))
    for poll in range(1, 150):
        await scene.keep(
            call(poll, {"v": [EIGHT, NINE] if poll % 2 else [EIGHT], "w": [TEN] if poll % 2 else []})
        )
    assert len(scene.log) > 256
    assert facts((await StoredScene.begin(store)).state) == facts(scene.state)


async def test_the_venue_of_an_open_slot_is_stored_with_it(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT]}))
    (slot,) = scene.state.open.values()
    moved = msgspec.structs.replace(LE_CAFE, venue_id="v", neighborhood="Nolita")
    at_cafe = msgspec.structs.replace(slot, venue=moved, book_page=moved.url, book_query="?seats=2")
    await scene.commit(msgspec.structs.replace(quiet_poll(scene.state), updated=(at_cafe,)))
    (loaded,) = (await StoredScene.begin(store)).state.open.values()
    assert loaded == at_cafe


async def test_withdrawn_sizes_are_kept(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    await scene.keep(call(2, {"v": [EIGHT, NINE]}, size=4))
    change = withdraw(scene.state, after(3), scene.rules, sizes=frozenset({4}))
    assert change is not None
    await scene.commit(change)
    assert facts((await StoredScene.begin(store)).state) == facts(scene.state)


async def test_hostile_text_is_stored_without_what_cannot_be_stored(store: Store) -> None:
    scene = await StoredScene.begin(store)
    hostile = made_up_event(1, venue_name="Chez\x00 \ud800Nu\u0308ll", book_url="\x00", seatings=("\udfff",))
    await scene.commit(change_with(scene.state, hostile))
    assert (await store.bounds()).newest == 1


# --- pairs


async def test_first_observations_are_stored_with_their_poll(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT], "w": []}), call(0, {"w": []}, size=4))
    assert pairs_of((await StoredScene.begin(store)).state) == pairs_of(scene.state)


async def test_pairs_keep_their_index_over_many_chunks(store: Store) -> None:
    scene = await StoredScene.begin(store)
    for page in range(5):
        venues = {f"v{number}": [EIGHT] for number in range(page * 75, page * 75 + 75)}
        await scene.keep(call(page, venues))
    loaded = (await StoredScene.begin(store)).state
    assert list(loaded.pairs[2]) == [f"v{number}" for number in range(375)]


async def test_pairs_of_which_nothing_is_known_yet_leave_no_hole_in_the_order(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {f"doubtful{number}": [] for number in range(200)}))
    await scene.keep(call(1, {"v": [EIGHT]}))
    loaded = (await StoredScene.begin(store)).state
    assert list(loaded.pairs[2]) == list(scene.state.pairs[2])
    assert len(loaded.pairs[2]) == 201


async def test_a_doubtful_pair_loads_as_never_observed(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {f"doubtful{number}": [] for number in range(3)}))
    await scene.keep(call(1, {"v": [EIGHT]}))
    pair = (await StoredScene.begin(store)).state.pair(2, "doubtful1")
    assert pair is not None
    assert (pair.count, pair.observed_at) == (0, None)


async def test_later_observations_are_stored_when_they_are_saved(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT], "w": []}))
    await scene.keep(call(5, {"v": [EIGHT], "w": []}))
    await store.save_observations(scene.state, {2: ["v"]})
    assert pairs_of((await StoredScene.begin(store)).state) == pairs_of(scene.state)


async def test_observations_of_a_memory_that_is_behind_are_not_saved(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT]}))
    behind = await StoredScene.begin(store)
    await scene.keep(call(1, {"v": [EIGHT], "w": [EIGHT]}))
    await store.save_observations(behind.state, {2: ["v"]})
    assert pairs_of((await StoredScene.begin(store)).state)[2, "w"][1] == 1


async def test_forgotten_observations_make_every_pair_first_again(store: Store) -> None:
    await scene_with_a_drop(store)
    await store.forget_observations("nyc", "other settings")
    assert (await StoredScene.begin(store)).state.pairs == {}


async def test_only_the_pairs_of_one_market_are_forgotten(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    await store.forget_observations("sfo", "other settings")
    assert pairs_of((await StoredScene.begin(store)).state).keys() == pairs_of(scene.state).keys()


async def test_the_mark_of_the_settings_is_kept(store: Store) -> None:
    before = await store.settings_mark("nyc")
    await store.forget_observations("nyc", "one")
    await store.forget_observations("nyc", "two")
    assert (before, await store.settings_mark("nyc"), await store.settings_mark("sfo")) == (None, "two", None)


# --- the log by cursor


async def test_an_empty_log_has_its_oldest_past_its_newest(store: Store) -> None:
    assert await store.bounds() == Bounds(oldest=1, newest=0)


async def test_the_bounds_follow_the_log(store: Store) -> None:
    await log_of(store, 5)
    assert await store.bounds() == Bounds(oldest=1, newest=5)


async def test_pages_onward_meet_every_event_once(store: Store) -> None:
    await log_of(store, 7)
    seen, cursor = [], 0
    while page := await store.after(cursor, 3, wanted=EVERY, types=DROPS):
        seen += [event.id for event in page]
        cursor = seen[-1]
    assert seen == [1, 2, 3, 4, 5, 6, 7]


async def test_a_page_onward_stops_at_its_upper_end(store: Store) -> None:
    await log_of(store, 5)
    assert [event.id for event in await store.after(1, 50, wanted=EVERY, types=DROPS, upto=3)] == [2, 3]


async def test_a_page_back_has_the_newest_before_the_cursor_oldest_first(store: Store) -> None:
    await log_of(store, 5)
    assert [event.id for event in await store.before(5, 2, wanted=EVERY, types=DROPS)] == [3, 4]


async def test_a_page_back_without_cursor_begins_at_the_newest(store: Store) -> None:
    await log_of(store, 5)
    assert [event.id for event in await store.before(None, 2, wanted=EVERY, types=DROPS)] == [4, 5]


async def test_a_venues_page_is_newest_first_and_of_that_venue_only(store: Store) -> None:
    await log_of(store, 16)
    page = await store.of_venue("resy", "v1", None, 50, types=ALL_TYPES)
    older = await store.of_venue("resy", "v1", 15, 1, types=ALL_TYPES)
    assert ([event.id for event in page], [event.id for event in older]) == ([15, 8, 1], [8])


async def test_only_the_asked_types_are_read(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    await scene.keep(call(2, {"v": []}))
    types = [
        event.event_type for event in await store.after(0, 50, wanted=EVERY, types=frozenset({"closed"}))
    ]
    assert types == [EventType.CLOSED, EventType.CLOSED]


async def test_words_that_name_no_event_type_match_nothing(store: Store) -> None:
    await log_of(store, 2)
    assert await store.after(0, 50, wanted=EVERY, types=frozenset({"scan"})) == []


async def test_a_filter_narrows_a_page(store: Store) -> None:
    await log_of(store, 8)
    wanted = parse_filter({"venue": ["CHEZ 1"], "weekday": ["wed"], "party_size": ["4", "6"]})
    assert [event.id for event in await store.after(0, 50, wanted=wanted, types=DROPS)] == [1, 8]


# --- buckets that come and go


async def test_all_buckets_of_a_provider_are_listed(store: Store) -> None:
    other = BucketKey("nyc", DAY + timedelta(days=1), "15:00")
    await store.load([other, KEY], "resy")
    await store.load([KEY], "opentable")
    assert await store.stored_buckets("nyc", "resy") == [
        StoredBucket(KEY, "resy"),
        StoredBucket(other, "resy"),
    ]


async def test_buckets_are_kept_apart_by_provider(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    other = (await store.load([KEY], "opentable"))[KEY]
    assert scene.state.open
    assert (other.open, other.pairs, other.row.poll_seq) == ({}, {}, 0)


async def test_a_bucket_that_left_is_gone(store: Store) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT]}))
    await scene.keep(call(1, {"v": []}))
    await store.leave(KEY, "resy", after(2))
    assert await store.stored_buckets("nyc", "resy") == []
    again = (await StoredScene.begin(store)).state
    assert (again.baseline, again.pairs, again.row.poll_seq) == (set(), {}, 0)


async def test_a_bucket_with_an_open_slot_cannot_leave(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    with pytest.raises(StoreError):
        await store.leave(KEY, "resy", after(2))
    assert facts((await StoredScene.begin(store)).state) == facts(scene.state)


async def test_a_bucket_that_was_never_stored_leaves_without_a_word(store: Store) -> None:
    await store.leave(KEY, "resy", after(0))


async def test_the_last_drop_of_a_slot_is_loaded_where_it_is_asked_for(store: Store) -> None:
    scene = await scene_with_a_drop(store)
    await scene.keep(call(2, {"v": [EIGHT]}))
    nine = slot_id("resy", "v", NINE)
    dropped_at = scene.log[0].opened_at
    asked = (await store.load([KEY], "resy", drops_since=after(0)))[KEY]
    too_late = (await store.load([KEY], "resy", drops_since=after(30)))[KEY]
    assert (asked.last_drops, too_late.last_drops) == ({nine: dropped_at}, {})


async def test_days_and_heartbeats_can_be_stored_twice(store: Store) -> None:
    day = BucketDay(key=KEY, provider="resy", lead_days=3, baseline_slots=2, open_slots=1, observed_venues=5)
    for _ in range(2):
        await store.save_days(date(2026, 2, 15), [day, day])
        await store.beat("one", "discovery_bucket", after(0))
    await store.save_days(date(2026, 2, 15), [])


# --- venues

LE_CAFE = Venue(
    provider="resy", venue_id="1", name="Le Café", neighborhood="SoHo", price_range=2, cuisine="Thaï", latitude=1.5,
    longitude=-2.5, url="https://example.test", image_url="https://example.test/i",
)  # fmt: skip
BAR = Venue(provider="opentable", venue_id="9", name="Bar 100%", neighborhood="East Village", price_range=4)


async def find(
    store: Store,
    *,
    name: str | None = None,
    neighborhoods: tuple[str, ...] = (),
    providers: tuple[str, ...] = (),
    cuisines: tuple[str, ...] = (),
    price_max: int | None = None,
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> list[str]:
    found = await store.find(
        name=name,
        neighborhoods=neighborhoods,
        providers=providers,
        cuisines=cuisines,
        price_max=price_max,
        after=after,
        limit=limit,
    )
    return [known.venue.name for known in found]


async def test_openings_are_counted_by_venue_distance_and_release(store: Store) -> None:
    zone, releases = "America/New_York", (time(0), time(9), time(10))
    scene = await StoredScene.begin(store)
    for number in range(1, 15):
        await scene.commit(change_with(scene.state, made_up_event(number)))
    night = datetime(2026, 3, 1, 4, 55, tzinfo=UTC)
    released = made_up_event(20, opened_after=night, opened_at=night + timedelta(minutes=5))
    before = made_up_event(21, opened_after=night, opened_at=night + timedelta(minutes=4))
    await scene.commit(change_with(scene.state, released, before))
    await scene.commit(change_with(scene.state, made_up_event(22, kind=EventType.CLOSED)))
    counts = await store.opening_counts("nyc", "resy", zone, after(8), releases)
    at_noon = (DAY - after(8).date()).days
    assert set(counts) == {
        *(OpeningCount(f"v{venue}", at_noon, None, 1) for venue in range(7)),
        OpeningCount("v6", (DAY - date(2026, 3, 1)).days, time(0), 1),
        OpeningCount("v0", (DAY - date(2026, 2, 28)).days, None, 1),
    }
    assert await store.opening_counts("nyc", "opentable", zone, after(0), releases) == []


async def test_a_venue_is_known_as_it_was_learnt(store: Store) -> None:
    await store.learn([LE_CAFE], after(0))
    assert await store.get("resy", "1") == KnownVenue(LE_CAFE, after(0), after(0))


async def test_an_unknown_venue_is_none(store: Store) -> None:
    assert await store.get("resy", "1") is None


async def test_a_venue_seen_again_keeps_what_is_not_said_this_time(store: Store) -> None:
    await store.learn([LE_CAFE], after(0))
    await store.learn([Venue(provider="resy", venue_id="1", name="Le Café 2")], after(9))
    renamed = msgspec.structs.replace(LE_CAFE, name="Le Café 2")
    assert await store.get("resy", "1") == KnownVenue(renamed, after(0), after(9))


async def test_venues_are_found_by_each_filter(store: Store) -> None:
    await store.learn([LE_CAFE, BAR], after(0))
    assert await find(store) == ["Bar 100%", "Le Café"]
    assert await find(store, name="cafe") == ["Le Café"]
    assert await find(store, neighborhoods=("soho", "x")) == ["Le Café"]
    assert await find(store, providers=("opentable",)) == ["Bar 100%"]
    assert await find(store, cuisines=("thai",)) == ["Le Café"]
    assert await find(store, price_max=3) == ["Le Café"]
    assert await find(store, name="%") == []


async def test_venues_come_in_pages_in_the_order_of_name_and_identity(store: Store) -> None:
    twins = [Venue(provider=provider, venue_id="7", name="Twin") for provider in ("resy", "opentable")]
    await store.learn([LE_CAFE, BAR, *twins], after(0))
    assert await find(store, limit=2) == ["Bar 100%", "Le Café"]
    assert await find(store, after=("le cafe", "resy:1"), limit=1) == ["Twin"]
    assert await find(store, after=("twin", "opentable:7")) == ["Twin"]
    assert await find(store, after=("twin", "resy:7")) == []


async def test_learning_nothing_is_nothing(store: Store) -> None:
    await store.learn([], after(0))
    assert await find(store) == []


async def test_a_store_that_is_there_answers(store: Store) -> None:
    await store.ping()
    assert "slot_changes" in await store.table_sizes()
