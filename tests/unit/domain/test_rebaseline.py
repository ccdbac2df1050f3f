"""Rebaselining: what opened while nobody looked counts as having been there all along, and nothing else changes."""

from tablewire.domain.rebaseline import rebaseline
from tablewire.domain.state import Change
from tests.unit.domain.scenes import EIGHT, NINE, RULES, TEN, Scene, after, call

GAP = 60
"""Minutes that nobody looked: longer than the gap after which an opening is told to nobody."""


def scene_with_one_of_each() -> Scene:
    """Eight is baseline, nine dropped, ten opened after a gap."""
    scene = Scene()
    scene.poll(call(0, {"v": [EIGHT]}))
    scene.poll(call(1, {"v": [EIGHT, NINE]}))
    scene.poll(call(GAP, {"v": [EIGHT, NINE, TEN]}))
    assert [slot.origin for slot in scene.state.open.values()] == ["baseline", "drop", "after_gap"]
    return scene


def rebaselined(scene: Scene) -> Change:
    change = rebaseline(scene.state, after(GAP + 1), RULES)
    assert change is not None
    return scene.store(change)


def test_what_opened_after_a_gap_becomes_baseline_and_the_rest_stays() -> None:
    scene = scene_with_one_of_each()
    before = {time: scene.open("v", time) for time in (EIGHT, NINE)}
    change = rebaselined(scene)
    assert len(change.updated) == 1
    slot = scene.open("v", TEN)
    assert slot is not None
    assert (slot.origin, slot.in_baseline) == ("baseline", True)
    assert {time: scene.open("v", time) for time in (EIGHT, NINE)} == before


def test_nothing_is_told_of_it_and_it_is_no_scan() -> None:
    scene = scene_with_one_of_each()
    told, scanned = scene.told(), scene.state.row.scanned_at
    rebaselined(scene)
    assert (scene.told(), scene.state.row.scanned_at) == (told, scanned)


def test_where_everything_has_its_place_there_is_nothing_to_change() -> None:
    scene = scene_with_one_of_each()
    rebaselined(scene)
    assert rebaseline(scene.state, after(GAP + 2), RULES) is None


def test_a_table_of_the_new_baseline_that_comes_back_is_reopened_and_no_drop() -> None:
    scene = scene_with_one_of_each()
    rebaselined(scene)
    scene.poll(call(GAP + 2, {"v": [EIGHT, NINE]}))
    scene.poll(call(GAP + 3, {"v": [EIGHT, NINE, TEN]}))
    assert scene.told()[-1] == "REOPENED"
