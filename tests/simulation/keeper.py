"""The keeper of processes: starts them, lets them crash when their time has come, and starts the next."""

import asyncio
import random
from collections.abc import Sequence

from tests.simulation.clocks import Machine
from tests.simulation.loop import SimLoop
from tests.simulation.process import Process
from tests.simulation.records import Start, Story
from tests.simulation.scenario import Crash, Scenario, Settings
from tests.simulation.store import Database
from tests.simulation.wire import Wire

_START_AGAIN = (1.0, 5.0)
"""Seconds after which a process that could not start, or ended by itself, is started again; doubled each time in a row."""
_MOST_DOUBLINGS = 6


class Keeper:
    """All processes of a scenario, those that live and those that are gone."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        loop: SimLoop,
        machine: Machine,
        database: Database,
        wire: Wire,
        story: Story,
        dice: random.Random,
    ) -> None:
        self.alive: list[Process] = []
        self.all: list[Process] = []
        self.at_once = False
        """Whether the next process is started as soon as one has crashed, and soon where it could not start."""
        self._scenario = scenario
        self._loop = loop
        self._machine = machine
        self._database = database
        self._wire = wire
        self._story = story
        self._dice = dice
        self._settings = scenario.settings

    @property
    def ready(self) -> list[Process]:
        """Those that serve clients."""
        return [process for process in self.alive if process.ready]

    async def keep(self, since: float, until: float | None, crashes: Sequence[Crash]) -> None:
        """Keep a process running from one moment to another, through its crashes."""
        await asyncio.sleep(since)
        left, failures = list(crashes), 0
        while until is None or self._machine.seconds() < until:
            process = self._start()
            crash = await self._watch(process, left, until)
            self.alive.remove(process)
            if crash is None:
                await asyncio.sleep(self._dice.uniform(*_START_AGAIN) * (1 if self.at_once else 2**failures))
                failures = min(failures + 1, _MOST_DOUBLINGS)
            else:
                failures = 0
                self._settings = crash.settings or self._settings
                await asyncio.sleep(0.0 if self.at_once else crash.downtime)

    async def _watch(self, process: Process, left: list[Crash], until: float | None) -> Crash | None:
        """Wait for the end of a process; the crash that ended it, where one did."""
        due = left[0].at if left else until
        seconds = None if due is None else max(0.0, due - self._machine.seconds())
        await asyncio.wait({process.ended}, timeout=seconds)
        if process.ended.done():
            return None
        crash = left.pop(0) if left else None
        self._story.count("crash" if crash is not None and crash.how == "killed" else "stop")
        if crash is not None and crash.how == "killed":
            process.life.kill_after(crash.steps)
            await process.ended
        else:
            await process.stop()
        return crash

    def _start(self) -> Process:
        settings = self._settings
        start = Start(
            number=len(self._story.starts) + 1,
            at=self._machine.seconds(),
            settings=settings,
            opted_out=self._opted_out(settings),
        )
        self._story.starts.append(start)
        process = Process(
            start,
            loop=self._loop,
            scenario=self._scenario,
            machine=self._machine,
            database=self._database,
            wire=self._wire,
            story=self._story,
            dice=random.Random(f"process {self._scenario.seed} {start.number}"),
        )
        self.alive.append(process)
        self.all.append(process)
        process.run()
        return process

    def _opted_out(self, settings: Settings) -> frozenset[tuple[str, str]]:
        venues = self._wire.venues
        return frozenset(("resy", venues[place]) for place in settings.opted_out)
