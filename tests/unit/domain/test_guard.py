"""The soft-block guard, at its borders."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest

from tablewire.domain.guard import is_suspect, own_time
from tablewire.domain.snapshots import Answer
from tests.unit.domain.scenes import AT_EIGHT, EIGHT, NINE, TEN, Scene, after, call, said

Shown = Mapping[str, Iterable[str]]
QUARTERS = [
    f"2026-02-18 {hour}:{minute:02}:00" for hour in (18, 19, 20, 21, 22) for minute in range(0, 60, 2)
]
"""150 starts of one evening."""


def evening(shown: Shown) -> Scene:
    scene = Scene()
    scene.poll(call(0, shown))
    return scene


def suspect(scene: Scene, answer: Answer, minute: float = 2) -> bool:
    return is_suspect(answer, [scene.state], after(minute), scene.rules)


@pytest.mark.parametrize(("venues", "found"), [("a", False), ("ab", False), ("abc", True), ("abcd", True)])
def test_an_answer_without_any_slot_is_suspect_each_time_from_three_cleared_venues_on(
    venues: str, found: bool
) -> None:
    scene = evening({venue: [EIGHT] for venue in venues} | {"y": [], "z": []})
    gone: Shown = {venue: [] for venue in (*venues, "y", "z")}
    scene.poll(call(1, gone))
    assert suspect(scene, call(2, gone), 3) is found


@pytest.mark.parametrize(("others", "found"), [("y", False), ("yz", True), ("wxyz", True)])
def test_one_cleared_venue_among_several_empty_ones_is_believed_when_it_is_said_twice(
    others: str, found: bool
) -> None:
    scene = evening({"a": [EIGHT]} | {venue: [] for venue in others})
    gone: Shown = {venue: [] for venue in ("a", *others)}
    assert suspect(scene, call(1, gone)) is found
    scene.poll(call(1, gone))
    assert not suspect(scene, call(2, gone), 3)


def test_what_is_said_twice_of_one_slot_is_not_yet_said_of_another() -> None:
    scene = evening({"a": [EIGHT, TEN], "y": [], "z": []})
    scene.poll(call(1, {"a": [TEN], "y": [], "z": []}))
    scene.poll(call(2, {"a": [], "y": [], "z": []}))
    scene.poll(call(3, {"a": [EIGHT], "y": [], "z": []}))
    assert suspect(scene, call(4, {"a": [], "y": [], "z": []}), 5)


def test_an_answer_that_shows_something_may_clear_three_venues() -> None:
    scene = evening({"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]})
    assert not suspect(scene, call(1, {"a": [], "b": [], "c": [], "d": [NINE]}))


def test_venues_that_do_not_come_up_are_not_cleared() -> None:
    scene = evening({"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]})
    assert not suspect(scene, call(1, {"a": [], "b": []}))


@pytest.mark.parametrize(
    ("were_open", "cleared", "found"),
    [(39, 20, True), (40, 20, False), (40, 21, True), (30, 19, False), (20, 20, True)],
)
def test_an_answer_that_clears_twenty_and_more_than_half_is_suspect(
    were_open: int, cleared: int, found: bool
) -> None:
    scene = evening({"a": QUARTERS[:were_open], "b": []})
    assert suspect(scene, call(1, {"a": QUARTERS[cleared:were_open], "b": [NINE]})) is found


@pytest.mark.parametrize(("had", "found"), [([EIGHT], False), ([EIGHT, NINE], True)])
def test_one_venue_asked_for_by_itself_is_suspect_if_all_of_several_slots_are_gone(
    had: list[str], found: bool
) -> None:
    scene = evening({"a": had})
    assert suspect(scene, call(1, {"a": []}, one_venue=True)) is found


def test_one_venue_that_keeps_a_slot_is_not_suspect() -> None:
    scene = evening({"a": [EIGHT, NINE, TEN]})
    assert not suspect(scene, call(1, {"a": [TEN]}, one_venue=True))


def test_one_venue_is_suspect_too_if_it_loses_twenty_and_more_than_half() -> None:
    scene = evening({"a": QUARTERS[:30]})
    assert suspect(scene, call(1, {"a": QUARTERS[25:30]}, one_venue=True))


def test_half_understood_answers_clear_nothing() -> None:
    scene = evening({"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]})
    assert not suspect(scene, call(1, [said(venue, whole=False) for venue in "abc"]))


def test_another_party_size_is_not_cleared() -> None:
    scene = evening({"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]})
    assert not suspect(scene, call(1, {"a": [], "b": [], "c": []}, size=4))


@pytest.mark.parametrize(("minutes_before", "found"), [(15, False), (15.1, True)])
def test_slots_whose_own_time_has_come_do_not_count(minutes_before: float, found: bool) -> None:
    scene = evening({"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]})
    at = AT_EIGHT - timedelta(minutes=minutes_before)
    assert is_suspect(call(400, {"a": [], "b": [], "c": []}), [scene.state], at, scene.rules) is found


def test_all_buckets_of_the_date_are_judged_together() -> None:
    scene, other = evening({"a": [EIGHT], "b": [EIGHT]}), evening({"c": [EIGHT]})
    answer = call(1, {"a": [], "b": [], "c": []})
    assert is_suspect(answer, [scene.state, other.state], after(2), scene.rules)


def test_slots_that_are_held_already_still_count() -> None:
    scene = evening({"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]})
    gone: Shown = {"a": [], "b": [], "c": []}
    scene.poll(call(1, gone))
    assert suspect(scene, call(2, gone), 3)


def test_own_time_is_the_earlier_of_the_lead_and_the_platforms_own() -> None:
    scene = Scene()
    scene.poll(call(0, [said("v", EIGHT, off_market_at=after(60)), said("w", EIGHT, off_market_at=AT_EIGHT)]))
    v, w = scene.open("v"), scene.open("w")
    assert v is not None
    assert w is not None
    assert own_time(v, scene.rules) == after(60)
    assert own_time(w, scene.rules) == AT_EIGHT - timedelta(minutes=15)


def test_an_answer_is_judged_by_the_part_of_the_day_that_it_answers_for() -> None:
    scene = evening({"a": [EIGHT], "b": [EIGHT], "c": [EIGHT]})
    assert not suspect(scene, call(1, {"a": [], "b": [], "c": []}, time_slots=("15:00",)))
