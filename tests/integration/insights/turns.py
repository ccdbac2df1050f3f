"""Loops that turn more seldom, so that simulated days cost little."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_TURNS = ("discovery.WINDOW_TURN", "observing.TURN", "rollups.TURN")


@contextmanager
def slow_turns() -> Iterator[None]:
    """Within it loops look at the clock twice a minute: nothing that is counted turns on it, and turns are what days cost."""
    with pytest.MonkeyPatch.context() as patched:
        for turn in _TURNS:
            patched.setattr(f"tablewire.engine.{turn}", 30.0)
        yield
