"""A day of simulated time with faults all along, the log in PostgreSQL: nothing false, memory flat, every loop alive."""

from typing import cast

import pytest

from tablewire.storage.protocol import Store
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import configure_logging
from tests.database import TestServer
from tests.integration.detection.long_run import Course, LongRun, live_through, shown
from tests.integration.detection.outside_time import OutsideTime
from tests.integration.detection.virtual_time import VirtualLoop, run_virtual

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]

GROWTH = 1.05
"""So much more than halfway may be the service's own at the end. What the make-believe city holds is not counted: it fills all day."""
BELIEVED_BLOCKS = 0.0005
"""Share of closings that a soft block may bring about on pages with a table or two, by being said twice (decision 0002)."""
EARLY_CLOSINGS = 0.005
"""Share of closings whose `closed_at`, being when the table was first missed, may lie before it really went: it was held, and went meanwhile."""


async def _lived(loop: VirtualLoop, server: TestServer, course: Course) -> LongRun:
    with loop.held():
        dsn = await server.create()
        store = await PostgresStore.open(dsn)
    try:
        return await live_through(loop, course, cast("Store", OutsideTime(store, loop)))
    finally:
        with loop.held():
            await store.close()
            await server.drop(dsn)


def test_24_hours_with_faults_tell_nothing_false_and_leave_memory_flat(
    test_server: TestServer, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("console", "error")
    course = Course(seed=42, hours=24, venues=240, opentable_venues=160, days=14, rate=2.5)
    found = run_virtual(lambda loop: _lived(loop, test_server, course))
    with capsys.disabled():
        print(f"\n{shown(found)}\n{found.false_closings[:20]}")  # noqa: T201 - the figures are the point
    assert (found.false_openings, found.repeats) == ([], [])
    assert len(found.false_closings) <= BELIEVED_BLOCKS * found.closings
    assert found.early_closings <= EARLY_CLOSINGS * found.closings
    assert found.behind_a_block <= BELIEVED_BLOCKS * found.openings
    assert (found.dead_loops, found.restarts, found.ids_out_of_order) == ([], 0, False)
    assert found.openings >= 5_000
    assert found.hours[-1].own <= GROWTH * found.hours[len(found.hours) // 2].own
