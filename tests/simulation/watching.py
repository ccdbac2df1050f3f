"""What is put in the place of a part of the product while a scenario is played: constants of time, and an owner that is watched."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from typing import Any
from unittest import mock

import structlog
from anyio._backends import _asyncio as anyio_asyncio

from tablewire.domain.snapshots import Snapshot
from tablewire.engine import discovery, portions
from tablewire.engine.merging import PollSoFar
from tablewire.engine.owner import DayOwner, Stored
from tablewire.providers.opentable import batches
from tablewire.providers.resy import search
from tablewire.telemetry import LogEvent
from tests.simulation.records import Story
from tests.simulation.scenario import Scenario

_SHORTEST_TURN = 2.0
_EXPECTED = frozenset({LogEvent.STORE_AWAY})
"""Errors in the log that are the answer to what was done on purpose."""

TakePoll = Callable[[DayOwner, Snapshot, Sequence[timedelta], PollSoFar], None]


@contextmanager
def watched(scenario: Scenario, story: Story, take_poll: TakePoll) -> Iterator[None]:
    """Within it every portion of a poll that is worked in is handed to `take_poll` first, and every error that is logged is wrong."""

    class WatchedOwner(DayOwner):
        async def take(self, snapshot: Snapshot, gaps: Sequence[timedelta], poll: PollSoFar) -> list[Stored]:
            take_poll(self, snapshot, gaps, poll)
            return await super().take(snapshot, gaps, poll)

    class NumberedScope(anyio_asyncio.CancelScope):
        """A cancel scope whose place among its siblings does not depend on where it lies in memory."""

        __slots__ = ("_number",)

        def __init__(self, *args: Any, **named: Any) -> None:
            self._number = next(numbers)
            super().__init__(*args, **named)

        def __hash__(self) -> int:
            return self._number

    numbers = count()
    reading = -1.0 if scenario.reading_in_turns else math.inf
    with ExitStack() as stack, _log_to(story):
        for module, name, value in (
            (anyio_asyncio, "CancelScope", NumberedScope),
            (discovery, "DayOwner", WatchedOwner),
            (discovery, "WINDOW_TURN", max(_SHORTEST_TURN, scenario.interval / 3)),
            (portions, "AT_ONCE", scenario.calls_a_portion),
            (search, "PER_PAGE", scenario.per_page),
            (search, "_TURN", reading),
            (batches, "_TURN", reading),
        ):
            stack.enter_context(mock.patch.object(module, name, value))
        yield


@contextmanager
def _log_to(story: Story) -> Iterator[None]:
    def keep(_: Any, __: str, entry: Any) -> Any:
        if entry["event"] not in _EXPECTED:
            error = entry.get("exc_info")
            said = f": {error!r}" if isinstance(error, BaseException) else ""
            story.wrong.append(f"the log says {entry['event']}: {entry.get('message')}{said}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.dev.set_exc_info, _with_error, keep],
        wrapper_class=structlog.make_filtering_bound_logger(40),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _with_error(_: Any, __: str, entry: Any) -> Any:
    if entry.get("exc_info") is True:
        entry["exc_info"] = sys.exc_info()[1]
    return entry
