"""The diff, case by case."""

from datetime import timedelta

import pytest

from tablewire.domain.diff import Seen, compare, compare_in_steps
from tablewire.domain.events import CloseReason, Event, EventType
from tablewire.domain.guard import Judged
from tablewire.domain.rules import Rules
from tablewire.domain.snapshots import Outcome
from tests.unit.domain.scenes import (
    AT_EIGHT,
    EIGHT,
    LATENCY,
    NINE,
    TEN,
    ZONE,
    AnyVenues,
    Scene,
    after,
    after_restart,
    call,
    said,
    scene_with_a_drop,
    scene_with_a_fresh_pair,
)


def last(scene: Scene) -> Event:
    return scene.log[-1]


# --- openings


def test_a_first_observation_is_baseline_and_tells_nothing() -> None:
    scene = Scene()
    change = scene.poll(call(0, {"v": [EIGHT]}))
    slot = scene.open()
    assert slot is not None
    assert (slot.origin, slot.in_baseline, slot.opened_at) == ("baseline", True, None)
    assert change.events == ()


def test_a_venue_first_seen_late_announces_nothing_of_what_it_has() -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(1, {"v": [], "w": [TEN], "late": [EIGHT, NINE]}))
    assert scene.told() == []


def test_what_opens_at_a_fresh_pair_is_a_drop() -> None:
    assert scene_with_a_drop().told() == ["NEW_DROP"]


def test_a_drop_opened_after_the_call_that_did_not_show_it_and_by_the_end_of_the_fetch() -> None:
    event = last(scene_with_a_drop())
    assert (event.opened_after, event.opened_at) == (after(0), after(1) + 2 * LATENCY)


def test_of_several_fresh_pairs_the_one_looked_at_last_bounds_the_opening() -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(0.5, {"v": [], "w": [TEN]}, size=4))
    scene.poll(call(1, {"v": [EIGHT], "w": [TEN]}), call(1, {"v": [EIGHT], "w": [TEN]}, size=4))
    assert last(scene).opened_after == after(0.5)


def test_a_baseline_table_that_comes_back_is_reopened() -> None:
    scene = Scene()
    for minute, times in enumerate(([EIGHT], [], [EIGHT])):
        scene.poll(call(minute, {"v": times}))
    assert scene.told() == ["taken", "REOPENED"]


def test_a_drop_that_comes_back_is_a_drop_again() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": [], "w": [TEN]}))
    scene.poll(call(3, {"v": [EIGHT], "w": [TEN]}))
    assert scene.told() == ["NEW_DROP", "taken", "NEW_DROP"]


@pytest.mark.parametrize(("minutes", "origin"), [(10, "drop"), (10.001, "after_gap")])
def test_a_pair_is_stale_when_it_was_seen_longer_than_the_gap_ago(minutes: float, origin: str) -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(minutes, {"v": [EIGHT]}))
    slot = scene.open()
    assert slot is not None
    assert slot.origin == origin


def test_the_gap_follows_the_planned_revisit() -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(29, {"v": [EIGHT]}), gap=timedelta(minutes=30))
    assert scene.told() == ["NEW_DROP"]


def test_what_opened_in_a_gap_is_no_baseline_and_drops_when_it_comes_back() -> None:
    scene = scene_with_a_fresh_pair()
    for minute, times in ((20, [EIGHT]), (21, []), (22, [EIGHT])):
        scene.poll(call(minute, {"v": times}))
    assert scene.told() == ["taken", "NEW_DROP"]


def test_a_fresh_party_size_outweighs_a_stale_one() -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(15, {"v": []}, size=4))
    scene.poll(call(16, {"v": [EIGHT]}), call(16, {"v": [EIGHT]}, size=4))
    assert (scene.told(), last(scene).opened_after) == (["NEW_DROP"], after(15))


def test_a_first_party_size_beside_a_stale_one_makes_it_baseline() -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(16, {"v": [EIGHT]}), call(16, {"v": [EIGHT]}, size=4))
    slot = scene.open()
    assert slot is not None
    assert slot.in_baseline


def test_another_party_size_of_an_open_slot_is_no_transition() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(1.5, {"v": []}, size=4))
    change = scene.poll(call(2, {"v": [EIGHT]}, size=4))
    assert change.events == ()
    assert [slot.sizes for slot in change.updated] == [(2, 4)]


@pytest.mark.parametrize(("looks", "told"), [(1, []), (2, ["NEW_DROP"])])
def test_with_two_baseline_polls_the_second_look_is_baseline_too(looks: int, told: list[str]) -> None:
    scene = Scene(Rules(zone=ZONE, baseline_polls=2))
    for minute in range(looks):
        scene.poll(call(minute, {"v": []}))
    scene.poll(call(looks, {"v": [EIGHT]}))
    assert scene.told() == told


def test_a_second_drop_within_the_cool_down_is_told_as_reopened() -> None:
    scene = scene_with_a_fresh_pair(Rules(zone=ZONE, drop_cooldown=timedelta(minutes=30)))
    for minute, times in ((1, [EIGHT]), (2, []), (3, [EIGHT]), (4, []), (32, []), (33, [EIGHT])):
        scene.poll(call(minute, {"v": times}))
    assert scene.told() == ["NEW_DROP", "taken", "REOPENED", "taken", "NEW_DROP"]


def test_a_past_start_does_not_open() -> None:
    scene = scene_with_a_fresh_pair()
    change = scene.poll(call(8 * 60 - 0.01, {"v": [EIGHT]}), gap=timedelta(hours=9))
    assert change.opened == ()


def test_a_start_of_the_other_part_of_the_day_is_not_this_buckets() -> None:
    scene = scene_with_a_fresh_pair()
    assert scene.poll(call(1, {"v": ["2026-02-18 16:59:00"]})).opened == ()


# --- closings


def test_a_table_that_a_whole_answer_does_not_show_is_taken() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": [], "w": [TEN]}))
    event = last(scene)
    assert (event.close_reason, event.last_seen_at, event.closed_at) == (
        CloseReason.TAKEN,
        after(1),
        after(2) + 2 * LATENCY,
    )


def test_a_duration_runs_from_the_opening_to_the_closing_to_the_millisecond() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": []}), at=after(2) + timedelta(seconds=3, microseconds=123_456))
    assert last(scene).drop_duration_seconds == 61.123


def test_a_baseline_table_has_no_duration() -> None:
    scene = Scene()
    scene.poll(call(0, {"v": [EIGHT]}))
    scene.poll(call(1, {"v": []}))
    assert last(scene).drop_duration_seconds is None


@pytest.mark.parametrize(("seconds", "known"), [(600, True), (600.001, False)])
def test_a_table_last_seen_longer_than_the_gap_before_its_closing_has_no_duration(
    seconds: float, known: bool
) -> None:
    scene = scene_with_a_drop()
    scene.poll(call(10, {"v": []}), at=after(1) + timedelta(seconds=seconds))
    assert (last(scene).drop_duration_seconds is not None) == known


def test_no_answer_proves_nothing() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"w": [TEN]}))
    assert scene.open() is not None


def test_a_snapshot_without_any_answer_is_no_scan_and_changes_nothing() -> None:
    scene = scene_with_a_drop()
    change = scene.poll(at=after(2))
    assert (change.scanned, change.events, change.updated, change.closed) == (False, (), (), ())


def test_a_half_understood_answer_never_closes() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, [said("v", whole=False)]))
    assert scene.open() is not None


def test_what_is_readable_of_a_half_understood_answer_opens() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, [said("v", NINE, whole=False)]))
    assert scene.told() == ["NEW_DROP", "NEW_DROP"]


def test_a_half_understood_answer_is_no_observation() -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(6, [said("v", whole=False)]))
    scene.poll(call(12, {"v": [EIGHT]}))
    assert scene.told() == []


def test_the_snapshot_that_clears_the_last_size_closes() -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(0.5, {"v": []}, size=4))
    scene.poll(call(1, {"v": [EIGHT]}), call(1, {"v": [EIGHT]}, size=4))
    scene.poll(call(2, {"v": []}))
    still_open = scene.open()
    scene.poll(call(3, {"v": []}, size=4))
    assert still_open is not None
    assert still_open.sizes == (4,)
    assert (scene.open(), last(scene).party_sizes) == (None, (2, 4))


def test_a_pair_answered_twice_counts_by_its_later_answer() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": []}), call(2.1, {"v": [EIGHT]}))
    assert scene.open() is not None


def test_what_a_half_understood_answer_shows_after_a_whole_one_stays_open() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": []}), call(2.1, [said("v", EIGHT, whole=False)]))
    assert scene.told() == ["NEW_DROP"]


def test_an_answer_sent_before_the_last_one_arrived_is_ignored() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": [EIGHT]}, latency=timedelta(minutes=2)))
    scene.poll(call(3.9, {"v": []}, latency=timedelta(minutes=2)))
    assert scene.open() is not None


def test_an_answer_sent_when_the_last_one_had_arrived_counts() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(2, {"v": [EIGHT]}, latency=timedelta(minutes=2)))
    scene.poll(call(4, {"v": []}, latency=timedelta(minutes=2)))
    assert scene.open() is None


def test_an_answer_sent_before_a_half_understood_one_arrived_is_ignored_too() -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(2, [said("v", EIGHT, whole=False)]))
    scene.poll(call(1.9, {"v": []}, latency=timedelta(minutes=1)))
    assert scene.open() is not None


# --- the clock


def test_a_poll_after_the_start_closes_it_as_expired_whatever_it_shows() -> None:
    scene = scene_with_a_drop()
    scene.poll(call(8 * 60, {"v": [EIGHT], "w": [TEN]}))
    assert (last(scene).close_reason, last(scene).closed_at) == (CloseReason.EXPIRED, AT_EIGHT)


@pytest.mark.parametrize(
    ("before_start", "reason"),
    [
        (timedelta(minutes=15), CloseReason.EXPIRED),
        (timedelta(minutes=15, microseconds=1), CloseReason.TAKEN),
    ],
)
def test_gone_within_the_lead_before_its_start_is_expired(
    before_start: timedelta, reason: CloseReason
) -> None:
    scene = scene_with_a_drop()
    scene.poll(call(7 * 60, {"v": []}), at=AT_EIGHT - before_start)
    assert last(scene).close_reason is reason


@pytest.mark.parametrize(("minute", "reason"), [(29, CloseReason.TAKEN), (30, CloseReason.EXPIRED)])
def test_gone_when_the_platform_takes_it_off_is_expired(minute: float, reason: CloseReason) -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(1, [said("v", EIGHT, off_market_at=after(30))]))
    scene.poll(call(2, {"v": []}), at=after(minute))
    assert last(scene).close_reason is reason


# --- suspect answers


def scene_with_three_full_venues() -> Scene:
    scene = Scene()
    scene.poll(call(0, {"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]}))
    return scene


EMPTY: dict[str, list[str]] = {"a": [], "b": [], "c": []}


def test_a_suspect_answer_holds_its_closings() -> None:
    scene = scene_with_three_full_venues()
    scene.poll(call(1, EMPTY))
    slot = scene.open("a")
    assert slot is not None
    assert slot.missed_at == after(1) + 2 * LATENCY
    assert scene.told() == []


def test_a_held_closing_is_confirmed_as_of_when_it_was_missed() -> None:
    scene = scene_with_three_full_venues()
    scene.poll(call(1, EMPTY))
    scene.poll(call(2, {"a": [], "b": [EIGHT], "c": [EIGHT]}))
    assert (scene.told(), last(scene).closed_at) == (["taken"], after(1) + 2 * LATENCY)


def test_what_is_back_after_a_suspect_answer_never_left() -> None:
    scene = scene_with_three_full_venues()
    scene.poll(call(1, EMPTY))
    scene.poll(call(2, {"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]}))
    slot = scene.open("a")
    assert slot is not None
    assert (slot.missed_at, slot.missed_sizes) == (None, ())
    assert scene.told() == []


def test_a_held_closing_survives_a_restart() -> None:
    scene = scene_with_three_full_venues()
    scene.poll(call(1, EMPTY))
    scene = after_restart(scene)
    scene.poll(call(2, {"a": [], "b": [EIGHT], "c": [EIGHT]}))
    assert last(scene).closed_at == after(1) + 2 * LATENCY


def test_a_suspect_answer_is_no_observation() -> None:
    scene = scene_with_three_full_venues()
    scene.poll(call(9, EMPTY))
    scene.poll(call(11, {"a": [EIGHT, NINE], "b": [EIGHT], "c": [EIGHT]}))
    assert scene.told() == []


def test_what_a_suspect_answer_shows_opens_at_once() -> None:
    scene = Scene(Rules(zone=ZONE, suspect_slots=2))
    scene.poll(call(0, {"a": [EIGHT], "b": [EIGHT], "c": [EIGHT], "d": []}))
    scene.poll(call(1, {"a": [], "b": [], "c": [], "d": [NINE]}))
    assert scene.told() == ["NEW_DROP"]
    assert scene.open("a") is not None


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_hold_ends_after_an_hour_as_vanished_whether_suspect_answers_go_on_or_not(goes_on: bool) -> None:
    scene = scene_with_three_full_venues()
    scene.poll(call(1, EMPTY))
    held_since = after(1) + 2 * LATENCY
    now = held_since + timedelta(hours=1)
    if goes_on:
        scene.poll(call(60, EMPTY), at=now)
    else:
        scene.poll(at=now)
    assert scene.told() == ["vanished"] * 3
    assert last(scene).closed_at == held_since


def test_a_hold_lasts_until_its_hour_is_over() -> None:
    scene = scene_with_three_full_venues()
    scene.poll(call(1, EMPTY))
    scene.poll(call(60, EMPTY), at=after(61))
    assert scene.told() == []


# --- first pages that are empty


def test_an_empty_first_page_followed_by_a_full_one_announces_nothing() -> None:
    scene = Scene()
    scene.poll(call(0, EMPTY))
    scene.poll(call(1, {"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]}))
    assert scene.told() == []


def test_an_empty_first_page_of_which_little_changes_was_true() -> None:
    scene = Scene()
    scene.poll(call(0, EMPTY))
    scene.poll(call(1, {"a": [EIGHT], "b": [], "c": []}))
    assert scene.told() == ["NEW_DROP"]


def test_an_empty_page_is_proven_by_three_polls_in_which_others_had_something() -> None:
    scene = Scene()
    for minute in range(3):
        scene.poll(call(minute, EMPTY), call(minute, {"w": [TEN]}))
    scene.poll(call(3, {"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]}))
    assert scene.told() == ["NEW_DROP"] * 3


# --- venues that do not come up


def scene_missed_by_passes(passes: int, until: float) -> Scene:
    scene = scene_with_a_drop()
    for number in range(passes):
        minute = until - (passes - 1 - number)
        scene.poll(call(minute, {"w": [TEN]}), at=after(minute), passes={2: frozenset({"w"})})
    return scene


def test_a_pair_missing_from_three_passes_and_for_an_hour_has_vanished() -> None:
    scene = scene_missed_by_passes(3, 61)
    event = last(scene)
    assert (event.close_reason, event.drop_duration_seconds) == (CloseReason.VANISHED, None)
    assert event.closed_at == after(1) + 2 * LATENCY, (
        "it was first seen after the call that showed it was sent"
    )


@pytest.mark.parametrize(("passes", "until"), [(2, 61), (3, 60.9)])
def test_fewer_passes_or_less_than_an_hour_close_nothing(passes: int, until: float) -> None:
    assert scene_missed_by_passes(passes, until).told() == ["NEW_DROP"]


def test_a_pair_that_was_never_wholly_understood_vanishes_too() -> None:
    scene = Scene()
    scene.poll(call(0, [said("v", EIGHT, whole=False)]))
    for minute in (58, 59, 60):
        scene.poll(call(minute, {"w": [TEN]}), at=after(minute), passes={2: frozenset({"w"})})
    assert scene.told() == ["vanished"]


@pytest.mark.parametrize("gap", [timedelta(minutes=10), timedelta(hours=3)])
def test_what_vanished_and_comes_back_is_not_announced(gap: timedelta) -> None:
    scene = scene_missed_by_passes(3, 61)
    scene.poll(call(62, {"v": [EIGHT], "w": [TEN]}), gap=gap)
    assert scene.told() == ["NEW_DROP", "vanished"]


def test_what_opens_after_a_vanished_pair_was_seen_again_is_announced() -> None:
    scene = scene_missed_by_passes(3, 61)
    scene.poll(call(62, {"v": [EIGHT], "w": [TEN]}))
    scene.poll(call(63, {"v": [EIGHT, NINE], "w": [TEN]}))
    assert scene.told() == ["NEW_DROP", "vanished", "NEW_DROP"]


def test_what_a_held_closing_lost_is_not_announced_when_it_is_back_whatever_the_gap() -> None:
    scene = scene_with_three_full_venues()
    long = timedelta(hours=3)
    for minute in (30, 60, 91):
        scene.poll(call(minute, EMPTY), gap=long)
    scene.poll(call(92, {"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]}), gap=long)
    assert scene.told() == ["vanished"] * 3


# --- settings


# --- purity, restarts, commits


def test_a_comparison_leaves_the_state_as_it_was() -> None:
    scene = scene_with_a_drop()
    first, second = scene.look(call(2, {"v": []})), scene.look(call(2, {"v": []}))
    assert first == second
    assert scene.open() is not None


def test_a_change_that_was_not_stored_is_found_again_by_the_next_poll() -> None:
    scene = scene_with_a_fresh_pair()
    scene.look(call(1, {"v": [EIGHT]}))
    scene.poll(call(2, {"v": [EIGHT]}))
    assert (scene.told(), last(scene).opened_after) == (["NEW_DROP"], after(0))


def test_a_restart_announces_only_what_opened_meanwhile() -> None:
    scene = after_restart(scene_with_a_drop())
    scene.poll(call(2, {"v": [EIGHT, NINE], "w": [TEN]}))
    assert scene.told() == ["NEW_DROP", "NEW_DROP"]
    assert last(scene).slot_time.hour == 21


def test_closings_come_before_openings() -> None:
    scene = scene_with_a_drop()
    change = scene.poll(call(2, {"v": [NINE], "w": []}))
    kinds = [event.event_type for event in change.events]
    assert kinds == [EventType.CLOSED, EventType.CLOSED, EventType.NEW_DROP]


def test_the_same_answer_again_changes_nothing() -> None:
    scene = Scene()
    same = said("v", EIGHT)
    scene.poll(call(0, [same]))
    change = scene.poll(call(1, [same]))
    assert (change.opened, change.updated, change.closed) == ((), (), ())
    assert scene.state.pairs[2]["v"].observed_at == after(1)


# --- empty first answers


def test_an_empty_first_page_said_once_proves_nothing_while_other_tables_are_open() -> None:
    scene = Scene()
    scene.poll(call(0, {"else": [TEN]}), call(0, {"a": [], "b": [], "c": []}))
    scene.poll(call(1, {"a": [EIGHT], "b": [], "c": []}))
    assert scene.told() == []


def test_an_empty_first_page_said_twice_is_believed_when_few_of_its_venues_come_back() -> None:
    scene = Scene()
    scene.poll(call(0, {"else": [TEN]}), call(0, {"a": [], "b": [], "c": []}))
    scene.poll(call(1, {"a": [], "b": [], "c": []}))
    scene.poll(call(2, {"a": [EIGHT], "b": [], "c": []}))
    assert scene.told() == ["NEW_DROP"]


def test_where_nothing_at_all_is_open_an_empty_first_page_is_believed_at_once() -> None:
    scene = Scene()
    scene.poll(call(0, {"a": [], "b": [], "c": []}))
    scene.poll(call(1, {"a": [EIGHT], "b": [], "c": []}))
    assert scene.told() == ["NEW_DROP"]


def test_a_venue_asked_for_by_itself_that_shows_nothing_the_first_time_announces_nothing_the_second() -> None:
    scene = Scene()
    scene.poll(call(0, {"else": [TEN]}), call(0, {"a": []}, one_venue=True))
    scene.poll(call(1, {"a": [EIGHT, NINE]}, one_venue=True))
    assert scene.told() == []


# --- answers for a part of the day


def test_an_answer_for_another_part_of_the_day_closes_nothing_here() -> None:
    scene = scene_with_a_drop()
    change = scene.poll(call(2, {"v": [], "w": []}, time_slots=("15:00",)))
    assert (change.events, change.observed, scene.told()) == ((), (), ["NEW_DROP"])


def test_an_answer_for_another_part_of_the_day_is_no_first_observation_here() -> None:
    scene = Scene()
    scene.poll(call(0, {"v": [], "w": []}, time_slots=("15:00",)))
    scene.poll(call(1, {"v": [EIGHT], "w": [TEN]}, time_slots=("19:00",)))
    assert scene.told() == []


def test_an_answer_for_this_part_of_the_day_opens_and_closes() -> None:
    scene = scene_with_a_fresh_pair()
    scene.poll(call(1, {"v": [EIGHT], "w": [TEN]}, time_slots=("19:00",)))
    scene.poll(call(2, {"v": [], "w": [TEN]}, time_slots=("19:00",)))
    assert scene.told() == ["NEW_DROP", "taken"]


def test_a_comparison_in_steps_comes_to_the_same_and_leaves_memory_alone_until_its_end() -> None:
    scene = scene_with_a_fresh_pair()
    many = {f"v{number}": [EIGHT, NINE, TEN] for number in range(200)}
    answer = call(1, many)
    seen = Seen(
        at=answer.arrived_at,
        answers=[Judged(answer, False, scene.rules.resume_gap)],
        venues=AnyVenues(),
        outcome=Outcome.OK,
    )
    steps = compare_in_steps(scene.state, seen, scene.rules)
    before = dict(scene.state.open)
    turns, change = 0, None
    while change is None:
        try:
            next(steps)
            turns += 1
            assert scene.state.open == before
        except StopIteration as end:
            change = end.value
    assert turns >= 3
    assert change == compare(scene.state, seen, scene.rules)
