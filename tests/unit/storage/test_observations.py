from datetime import timedelta

from tablewire.domain.state import BucketState
from tablewire.storage.observations import (
    CHUNK,
    chunks_of_change,
    chunks_of_pairs,
    newly_observed,
    restore_pairs,
)
from tests.stored_scenes import pairs_of
from tests.unit.domain.scenes import EIGHT, KEY, Scene, after, call


def scene_with(pairs: int) -> Scene:
    scene = Scene()
    scene.poll(call(0, {f"v{number}": [EIGHT] for number in range(pairs)}))
    return scene


def test_a_poll_without_first_observations_has_nothing_to_store_of_pairs() -> None:
    scene = scene_with(3)
    assert chunks_of_change(scene.look(call(1, {"v0": [EIGHT]})), scene.state) == []


def test_a_first_observation_rewrites_its_own_chunk_only() -> None:
    scene = scene_with(2 * CHUNK + 5)
    chunks = chunks_of_change(scene.look(call(1, {"new": []}), at=after(2)), scene.state)
    assert [(chunk.chunk, len(chunk.venue_ids), chunk.venue_ids[-1]) for chunk in chunks] == [(2, 6, "new")]


def test_a_rewritten_chunk_has_the_polls_other_observations_too() -> None:
    scene = scene_with(2)
    [chunk] = chunks_of_change(scene.look(call(5, {"v0": [EIGHT], "new": []})), scene.state)
    assert (chunk.counts, chunk.observed_at) == ((2, 1, 1), (after(5), after(0), after(5)))


def test_chunks_are_what_memory_is_once_the_change_is_applied() -> None:
    scene = scene_with(CHUNK)
    change = scene.look(call(1, {"new": [EIGHT], "v3": []}), call(1, {"new": []}, size=4))
    expected = chunks_of_change(change, scene.state)
    scene.store(change)
    assert chunks_of_pairs(scene.state, {2: ["new"], 4: ["new"]}) == [
        chunk for chunk in expected if chunk.chunk or chunk.party_size == 4
    ]


def test_each_party_size_has_chunks_of_its_own() -> None:
    scene = scene_with(1)
    chunks = chunks_of_change(scene.look(call(1, {"v0": []}, size=4)), scene.state)
    assert [(chunk.party_size, chunk.chunk) for chunk in chunks] == [(4, 0)]


def test_restored_pairs_are_those_that_were_stored() -> None:
    scene = scene_with(CHUNK * 2)
    restored = BucketState(KEY, "resy")
    restore_pairs(restored, chunks_of_pairs(scene.state, {2: list(scene.state.pairs[2])})[::-1])
    assert pairs_of(restored) == pairs_of(scene.state)


def test_only_pairs_without_an_observation_count_as_newly_observed() -> None:
    scene = scene_with(2)
    change = scene.look(call(1, {"v0": [EIGHT], "new": []}), call(1, {"v0": []}, size=4))
    assert newly_observed(change, scene.state) == 2


def test_a_later_time_only_is_stored_for_the_pairs_that_were_named() -> None:
    scene = scene_with(CHUNK + 1)
    scene.poll(call(5, {f"v{number}": [EIGHT] for number in range(CHUNK + 1)}))
    chunks = chunks_of_pairs(scene.state, {2: [f"v{CHUNK}"]})
    assert [(chunk.chunk, chunk.observed_at[0]) for chunk in chunks] == [(1, after(0) + timedelta(minutes=5))]
