"""A seed determines all: the same world again goes the same way, here and in another process."""

import os
import subprocess
import sys
from pathlib import Path

from tests.simulation.scenario import draw
from tests.simulation.trace import lines, mark_of
from tests.simulation.world import play

ROOT = Path(__file__).parents[2]
SEED = 38
"""One with crashes, an unreliable store, a clock that is set, and callbacks that overtake each other."""


def test_the_same_seed_in_a_process_with_another_hash_seed_goes_the_same_way() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--seed", str(SEED)]
    marks = {
        subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.rpartition("mark ")[2]
        for hash_seed in ("1", "2")
    }
    assert marks == {f"{mark_of(play(draw(SEED)))}\n"}


def test_another_seed_goes_another_way() -> None:
    assert mark_of(play(draw(1))) != mark_of(play(draw(5)))


def test_a_trace_tells_of_every_process_and_every_event() -> None:
    played = play(draw(SEED))
    told = "\n".join(lines(played))
    assert told.count(" starts: sizes") == len(played.story.starts)
    assert told.count("    event ") == len(played.database.store.events)
