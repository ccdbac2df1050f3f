"""Rolls up as the service does, in a process that takes orders from a benchmark."""

import gc
import os
import resource
import sys
import time
from datetime import datetime
from typing import Any

import uvloop

from tablewire.app import GC_THRESHOLDS
from tablewire.domain.markets import NYC
from tablewire.engine.clock import SystemClock
from tablewire.figures import make_rollups
from tablewire.live.board import Board
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import configure_logging
from tests.bench.children import obey, options, resident


class ToldClock(SystemClock):
    """The instant that the log has come to."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        """As told."""
        return self.at


class Orders:
    """What a benchmark can have done."""

    def __init__(self, store: PostgresStore, at: datetime, board: Board) -> None:
        self._clock = ToldClock(at)
        self._rollups = make_rollups(store, (NYC,), "19:00", self._clock, board.state)

    async def refresh(self, order: dict[str, Any]) -> Any:
        """Refresh as of an instant: `everything`, what is due of all venues (`whole`), or what the hourly loop does."""
        self._clock.at = datetime.fromisoformat(order["at"])
        everything, whole = order.get("everything", False), order.get("whole", False)
        began, cpu = time.perf_counter(), time.process_time()
        (done,) = await self._rollups.refresh(everything=everything, whole=whole)
        return {
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time() - cpu,
            "venues": done.venues,
            "days": done.days,
            "resident": resident(os.getpid()),
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


async def _board(store: PostgresStore) -> Board:
    """What is open, in memory as after a start."""
    keys = [stored.key for stored in await store.stored_buckets("nyc", "resy")]
    board = Board()
    for state in (await store.load(keys, "resy")).values():
        board.put(state)
    return board


async def main() -> None:
    """Open the store, and obey."""
    given = options()
    configure_logging("console", "error", stream=sys.stderr)
    store = await PostgresStore.open(given["dsn"])
    try:
        orders = Orders(store, datetime.fromisoformat(given["at"]), await _board(store))
        gc.collect()
        gc.freeze()  # as the service does at its start
        gc.set_threshold(*GC_THRESHOLDS)
        await obey({"refresh": orders.refresh})
    finally:
        await store.close()


if __name__ == "__main__":
    uvloop.run(main())
