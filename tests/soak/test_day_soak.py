"""A day of simulated time with faults all along, the log in PostgreSQL: nothing false, memory flat, every loop alive."""

from typing import cast

import pytest

from tablewire.storage.protocol import Store
from tablewire.storage.store import PostgresStore
from tests.database import TestServer
from tests.integration.detection.long_run import Course, LongRun, live_through, shown
from tests.integration.detection.outside_time import OutsideTime
from tests.integration.detection.virtual_time import VirtualLoop, run_virtual

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]

SETTLED = 6
"""Hours after which memory is what it stays: every page has been looked at, and every cache has met its size."""
GROWTH = 1.03


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
    course = Course(seed=42, hours=24, venues=300, opentable_venues=200, days=14, rate=3.0)
    found = run_virtual(lambda loop: _lived(loop, test_server, course))
    with capsys.disabled():
        print(f"\n{shown(found)}")  # noqa: T201 - the figures are the point
    assert (found.false_openings, found.false_closings, found.repeats) == ([], [], [])
    assert found.behind_a_block <= 0.005 * found.openings
    assert (found.dead_loops, found.restarts, found.ids_out_of_order) == ([], 0, False)
    assert found.openings >= 5_000
    settled = [hour.resident for hour in found.hours if hour.number > SETTLED]
    half = len(settled) // 2
    assert max(settled[half:]) <= GROWTH * max(settled[:half])
