"""Our side of a poll without the wire: bytes of pages to decoded answers, slot ids, and the diff applied to memory."""

import asyncio
import gc
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar, cast

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.diff import Seen, compare
from tablewire.domain.guard import Judged, is_suspect
from tablewire.domain.markets import NYC
from tablewire.domain.rules import Rules
from tablewire.domain.state import BucketState
from tablewire.providers.calls import Fetched, Request
from tablewire.providers.http import Caller
from tablewire.providers.resy.client import ResyProvider
from tablewire.providers.turns import ReadingTurns
from tests.bench.children import obey, options
from tests.bench.city import page

T = TypeVar("T")
RULES = Rules(zone=NYC.zone)


class Pages:
    """Stands where calls are sent: hands out the bytes that the provider would have answered with."""

    def __init__(self, bodies: dict[tuple[str, int], bytes]) -> None:
        self.bodies = bodies
        self.clock = datetime.now(UTC)
        self.reading = ReadingTurns()

    def now(self) -> datetime:
        """The moment of this poll."""
        return self.clock

    async def call(self, request: Request, decode: Callable[[bytes], T], **_when: object) -> Fetched[T]:
        """Answer at once."""
        asked = msgspec.json.decode(request.body or b"")
        body = self.bodies[asked["slot_filter"]["day"], asked["page"]]
        return Fetched(
            status=200, body=decode(body), size=len(body), sent_at=self.clock, arrived_at=self.clock
        )


class Cycles:
    """Cycles over dates, two party sizes each, with the memory that they leave behind."""

    def __init__(self, days: list[date], pages: int) -> None:
        self._days = days
        self._pages = pages
        self._caller = Pages({})
        self._events = 0
        self.blocks: list[float] = []
        self._forget()

    def _forget(self) -> None:
        self._provider = ResyProvider(
            base_url="http://127.0.0.1", api_key="k", auth_token=None, caller=cast("Caller", self._caller)
        )
        self._states = {
            day: [BucketState(BucketKey("nyc", day, slot), "resy") for slot in RULES.parts.time_slots]
            for day in self._days
        }

    async def cycle(self, order: dict[str, Any]) -> Any:
        """One cycle over a generation of the pages; answers the processor time and what changed."""
        made = order["generation"]
        self._caller.bodies = {
            (day.isoformat(), number): page(day, number, self._pages, made, noise=order.get("noise", False))
            for day in self._days
            for number in range(1, self._pages + 1)
        }
        self._caller.clock += timedelta(seconds=30)
        if order.get("cold"):
            self._forget()
        gc.collect()
        await asyncio.sleep(0)  # what was done by here is no part of the poll
        self.blocks.clear()
        cpu, before = time.process_time(), self._events
        for day, states in self._states.items():
            await self._poll(day, states)
        cpu = time.process_time() - cpu
        calls = 2 * self._pages * len(self._days)
        return {
            "cpu": cpu,
            "calls": calls,
            "events": self._events - before,
            "blocks": sorted(self.blocks)[-calls:],
        }

    async def _poll(self, day: date, states: list[BucketState]) -> None:
        wanted = dict.fromkeys((2, 4), tuple(range(1, self._pages + 1)))
        snapshot = await self._provider.search_availability(NYC, day, None, (2, 4), pages=wanted)
        at = snapshot.finished_at
        await asyncio.sleep(
            0
        )  # as in the service: what is stored bucket by bucket is not one turn of the loop
        judged = [
            Judged(one, is_suspect(one, states, at, RULES), RULES.resume_gap) for one in snapshot.answers
        ]
        seen = Seen(at=at, answers=judged, venues=snapshot.venues, outcome=snapshot.outcome)
        for state in states:
            await asyncio.sleep(0)
            change = compare(state, seen, RULES)
            self._events += len(change.events)
            stored = [
                msgspec.structs.replace(event, id=number) for number, event in enumerate(change.events, 1)
            ]
            state.apply(change, stored)


def watch_blocks(blocks: list[float]) -> None:
    """Note how long each callback holds the loop: in processor time, so that other processes' turns do not count."""
    run = asyncio.events.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        blocks.append(time.thread_time() - began)

    setattr(asyncio.events.Handle, "_run", timed)  # noqa: B010 - there is no door for it, and types refuse the plain way


async def main() -> None:
    """Obey."""
    given = options()
    cycles = Cycles([date.fromisoformat(day) for day in given["days"]], given["pages"])
    gc.collect()
    gc.freeze()  # as the service does at its start
    if given.get("watch"):
        watch_blocks(cycles.blocks)
    await obey({"cycle": cycles.cycle}, port=0)


if __name__ == "__main__":
    asyncio.run(main())
