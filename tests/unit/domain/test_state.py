"""What memory makes of stored changes."""

from datetime import timedelta

from tablewire.domain.endings import expire
from tablewire.domain.slots import slot_id
from tests.unit.domain.scenes import (
    AT_EIGHT,
    EIGHT,
    LATENCY,
    NINE,
    TEN,
    Scene,
    after,
    after_restart,
    call,
    said,
)


def scene_with_a_drop() -> Scene:
    scene = Scene()
    scene.poll(call(0, {"v": [TEN], "w": [TEN]}))
    scene.poll(call(1, {"v": [EIGHT, TEN], "w": [TEN]}))
    return scene


def test_an_opening_keeps_the_id_of_its_event() -> None:
    scene = scene_with_a_drop()
    slot = scene.open()
    assert slot is not None
    assert slot.event_id == scene.log[0].id == 1


def test_a_baseline_opening_has_no_event() -> None:
    slot = scene_with_a_drop().open("v", TEN)
    assert slot is not None
    assert slot.event_id is None


def test_closed_baseline_slots_stay_in_the_baseline() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": [EIGHT], "w": [TEN]}))
    assert slot_id("resy", "v", TEN) in scene.state.baseline


def test_what_is_open_is_found_by_venue() -> None:
    at_venue = scene_with_a_drop().state.by_venue["v"]
    assert sorted(slot.actual_time[11:16] for slot in at_venue) == ["20:00", "22:00"]


def test_a_venue_with_nothing_open_leaves_nothing_behind() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": []}))
    assert "v" not in scene.state.by_venue


def test_last_seen_is_the_latest_look_that_showed_it() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": [EIGHT, TEN]}))
    slot = scene.open()
    assert slot is not None
    assert scene.state.last_seen(slot) == after(2)


def test_a_half_understood_look_does_not_count_as_seeing_it() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, [said("v", EIGHT, whole=False)]))
    slot = scene.open()
    assert slot is not None
    assert scene.state.last_seen(slot) == after(1)


def test_the_next_expiry_follows_what_is_open() -> None:
    scene = scene_with_a_drop()
    first = scene.state.next_expiry
    change = expire(scene.state, AT_EIGHT, scene.rules)
    assert change is not None
    scene.store(change)
    assert (first, scene.state.next_expiry) == (AT_EIGHT, AT_EIGHT + timedelta(hours=2))


def test_only_observed_venues_count() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, [said("half", NINE, whole=False)]))
    assert scene.state.observed_venues() == 2
    scene.poll(call(3, {"new": []}))
    assert scene.state.observed_venues() == 3


def test_forgotten_party_sizes_are_first_again() -> None:
    scene = scene_with_a_drop()
    del scene.state.pairs[2]
    scene.poll(call(2, {"v": [EIGHT, NINE, TEN]}))
    slot = scene.open("v", NINE)
    assert slot is not None
    assert slot.origin == "baseline"


def test_memory_made_from_rows_has_the_same_slots() -> None:
    scene = scene_with_a_drop()
    made = after_restart(scene).state
    assert (made.open, made.by_venue, made.next_expiry) == (
        scene.state.open,
        scene.state.by_venue,
        scene.state.next_expiry,
    )


def test_a_poll_without_answers_is_no_scan() -> None:
    scene = scene_with_a_drop()
    scanned = scene.state.row.scanned_at
    scene.poll(at=after(5))
    assert (scene.state.row.scanned_at, scene.state.row.poll_seq) == (scanned, 3)


def test_the_baseline_is_built_with_the_first_observation() -> None:
    scene = Scene()
    scene.poll(call(0, [said("v", whole=False)]))
    before = scene.state.row.baseline_built_at
    scene.poll(call(1, {"v": []}))
    assert (before, scene.state.row.baseline_built_at) == (None, after(1) + 2 * LATENCY)


def test_a_date_on_which_nothing_is_free_is_built_all_the_same() -> None:
    scene = Scene()
    scene.poll(call(0, {"a": [], "b": [], "c": [], "d": []}))
    assert scene.state.row.baseline_built_at is not None
