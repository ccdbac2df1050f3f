"""One run of a sweep over simulated hours: the engine's own cycles before a make-believe city."""

import asyncio
import selectors
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tablewire.domain.buckets import BucketKey, DayParts
from tablewire.domain.events import Event
from tablewire.domain.markets import NYC
from tablewire.domain.rules import Rules
from tablewire.domain.state import BucketState
from tablewire.engine.discovery import Discovery
from tablewire.engine.pages import Page
from tablewire.engine.polling import PollSettings
from tablewire.engine.supervisor import Loop
from tablewire.engine.sweep import SweepPlan
from tablewire.engine.worth import Gauge
from tablewire.simulator.city import City
from tablewire.storage.memory import MemoryStore
from tablewire.telemetry import Metrics
from tests.bench.sweep_city import CityProvider
from tests.bench.sweep_delays import CAP, Course, Found, measure
from tests.integration.detection.virtual_time import VirtualClock

SIZES = (2, 4)


class RoundRobin(SweepPlan):
    """All pages in turn, the longest unseen first, and nothing else."""

    def _must(self, pages: Sequence[Page], now: float) -> dict[Page, None]:
        del pages, now
        return {}

    def _best(self, pages: Sequence[Page], calls: int, gauge: Gauge) -> list[Page]:
        del gauge
        return sorted(pages, key=lambda page: (page.asked_at or 0.0, page.day, page.number))[:calls]


class SizesApart(RoundRobin):
    """The same, but all pages for one party size before those for the next."""

    def _best(self, pages: Sequence[Page], calls: int, gauge: Gauge) -> list[Page]:
        del gauge
        return sorted(pages, key=lambda page: (page.asked_at or 0.0, page.size, page.day, page.number))[
            :calls
        ]


class _NoWaiting(selectors.DefaultSelector):
    """Nothing ever comes from outside: where the loop would wait, time jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing is due any more"
        self.seconds += max(0.0, timeout) + 1e-7
        return []


class _InstantLoop(asyncio.SelectorEventLoop):
    """A loop of simulated time without sockets."""

    def __init__(self) -> None:
        self._selector_of_time = _NoWaiting()
        super().__init__(self._selector_of_time)

    def time(self) -> float:
        return self._selector_of_time.seconds


class _Listener:
    """A client that hears everything."""

    def __init__(self, clock: VirtualClock) -> None:
        self.told: list[tuple[float, Event]] = []
        self._clock = clock

    async def publish(self, events: Sequence[Event]) -> None:
        at = self._clock.now().timestamp()
        self.told.extend((at, event) for event in events if event.closed_at is None)

    def remembered(self, state: BucketState) -> None:
        """Nothing is shown here."""

    def forgotten(self, key: BucketKey, provider: str) -> None:
        """Nothing is shown here."""


def run_course(course: Course) -> Found:
    """Run one course to its end."""
    with asyncio.Runner(loop_factory=_InstantLoop) as runner:
        return runner.run(_run(course))


async def _run(course: Course) -> Found:
    clock = VirtualClock(course.start, asyncio.get_running_loop())
    city = City.build(
        course.seed, course.start, venues=course.venues, days=course.days + 1, speed=course.speed,
        truth_limit=10_000_000, clock=clock.now,
    )  # fmt: skip
    open_before = {(slot.venue_id, slot.actual_time, slot.party_size) for slot in city.open_slots()}
    provider, listener = CityProvider(city, course.rate, clock.now), _Listener(clock)
    discovery = _discovery(course, provider, clock, listener)
    await discovery.load()
    [polling] = discovery.pollings
    if course.mode == "round-robin":
        polling.plan = RoundRobin(SIZES, 3, timedelta(seconds=30), NYC.zone)
    if course.mode == "sizes-apart":
        polling.plan = SizesApart(SIZES, 3, timedelta(seconds=30), NYC.zone)
    end = course.warm_up + course.measured + timedelta(seconds=CAP)
    loops = [
        asyncio.create_task(run(Loop(run.__name__, run, clock)), name=run.__name__)
        for run in (discovery.run_cycles, discovery.run_window)
    ]
    await clock.sleep(end.total_seconds())
    city.advance(clock.now())
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    return measure(course, city, open_before, provider, listener.told)


def _discovery(course: Course, provider: Any, clock: VirtualClock, listener: _Listener) -> Discovery:
    return Discovery(
        markets=[NYC],
        providers={"resy": provider},
        rules={"nyc": Rules(zone=NYC.zone, parts=DayParts(("15:00",), ()))},
        window_days=course.days,
        settings=PollSettings(
            interval=timedelta(seconds=30),
            bucket_timeout=timedelta(seconds=25),
            pages_per_cycle=3,
            party_sizes=SIZES,
            resume_gap=timedelta(minutes=10),
            sweep="turns" if course.mode == "turns" else "adaptive",
        ),
        store=MemoryStore(),
        audience=listener,
        clock=clock,
        metrics=Metrics(version="0", demo=False),
        on_stored=lambda _: None,
        on_progress=lambda _: None,
    )
