"""Detection against the truth with the log in PostgreSQL: the same engine, the same checker, killed once in the middle."""

from typing import cast

from tablewire.storage.protocol import Store
from tablewire.storage.store import PostgresStore
from tests.database import TestServer
from tests.integration.detection.checker import check
from tests.integration.detection.outside_time import OutsideTime
from tests.integration.detection.schedules import every_fault
from tests.integration.detection.virtual_time import VirtualLoop, run_virtual
from tests.integration.detection.world import Run, Schedule, play


async def _played(loop: VirtualLoop, server: TestServer, schedule: Schedule) -> Run:
    with loop.held():
        dsn = await server.create()
        store = await PostgresStore.open(dsn)
    try:
        return await play(loop, schedule, cast("Store", OutsideTime(store, loop)))
    finally:
        with loop.held():
            await store.close()
            await server.drop(dsn)


def test_what_postgresql_holds_is_true_whole_and_in_order_after_faults_and_a_kill(
    test_server: TestServer,
) -> None:
    schedule = Schedule(seed=11, cycles=80, killed_after=37, faults=every_fault())
    verdict = check(run_virtual(lambda loop: _played(loop, test_server, schedule)))
    assert verdict.faults_found == []
    assert (verdict.precision, verdict.recall, verdict.missed) == (1.0, 1.0, 0)
    assert verdict.served_twice >= 150
