"""What a change says for the store and for clients."""

from tests.unit.domain.scenes import EIGHT, NINE, TEN, Scene, after, call


def scene_with_a_drop() -> Scene:
    scene = Scene()
    scene.poll(call(0, {"v": [TEN], "w": [TEN]}))
    scene.poll(call(1, {"v": [EIGHT, TEN], "w": [TEN]}))
    return scene


def test_an_event_carries_all_times_open_at_the_venue_after_the_poll() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": [EIGHT, NINE], "w": [TEN]}))
    assert [event.availability_times for event in scene.log[1:]] == [("20:00", "21:00")] * 2


def test_an_event_says_what_a_client_needs_to_show_it() -> None:
    event = scene_with_a_drop().log[0]
    shown = (
        event.market,
        event.provider,
        event.bucket_id,
        event.venue_name,
        f"{event.slot_date} {event.slot_time}",
    )
    assert shown == ("nyc", "resy", "2026-02-18_19:00", "Chez v", EIGHT)
    assert (event.time_bucket, event.origin, event.party_sizes) == ("prime", "drop", (2,))


def test_a_closing_says_how_its_opening_began() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": [], "w": [TEN]}))
    assert {event.slot_time.hour: event.origin for event in scene.log[1:]} == {20: "drop", 22: "baseline"}


def test_a_closing_repeats_the_bounds_of_its_opening() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": [TEN], "w": [TEN]}))
    drop, closing = scene.log
    assert (closing.opened_at, closing.opened_after, closing.first_seen_at) == (
        drop.opened_at,
        drop.opened_after,
        drop.first_seen_at,
    )


def test_the_closing_of_a_baseline_table_has_no_opening() -> None:
    scene = Scene()
    scene.poll(call(0, {"v": [EIGHT]}))
    scene.poll(call(1, {"v": []}))
    assert (scene.log[0].opened_at, scene.log[0].opened_after) == (None, None)


def test_a_poll_in_which_nothing_changed_has_nothing_to_store_but_its_row() -> None:
    scene = scene_with_a_drop()
    change = scene.poll(call(2, {"v": [EIGHT, TEN], "w": [TEN]}))
    assert (change.events, change.opened, change.updated, change.closed, change.first_pairs) == ((),) * 5


def test_first_pairs_are_those_still_in_their_baseline_booked_out_or_not() -> None:
    scene = scene_with_a_drop()
    change = scene.poll(call(2, {"v": [EIGHT, TEN], "booked out": []}))
    assert change.first_pairs == ((2, "booked out"),)


def test_baseline_members_that_close_are_named() -> None:
    scene = scene_with_a_drop()
    change = scene.poll(call(2, {"v": [], "w": [TEN]}))
    assert change.baseline_closed == tuple(scene.state.baseline & set(change.closed))
    assert len(change.closed) == 2


def test_a_change_expects_the_count_of_polls_that_memory_has() -> None:
    scene = scene_with_a_drop()
    assert scene.look(at=after(3)).expected_seq == 2
