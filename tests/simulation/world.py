"""One scenario from its start to its end: a city, a store, processes that come and go, and clients that follow them."""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tablewire.domain.snapshots import Snapshot
from tablewire.engine.merging import PollSoFar
from tablewire.engine.owner import DayOwner
from tablewire.simulator.server import Simulator, SimulatorOptions
from tablewire.simulator.truth import OpenSlot
from tests.simulation.client import Client
from tests.simulation.clocks import Machine
from tests.simulation.keeper import Keeper
from tests.simulation.loop import SimLoop, context_of
from tests.simulation.process import Process
from tests.simulation.records import Look, Poll, Story
from tests.simulation.scenario import FaultSpell, Scenario
from tests.simulation.store import Database
from tests.simulation.watching import watched
from tests.simulation.wire import Wire

_LONGEST_REST = 1300.0
"""Seconds after the last trouble within which every date is polled again: the breaker's longest rest, twice, and some."""
_QUIET_CYCLES = 4
_BACK_WITHIN = 30.0
"""Seconds within which a client that was away is back, and has heard what it missed."""
_MOMENT = 0.1


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """All that one scenario left behind."""

    scenario: Scenario
    story: Story
    simulator: Simulator
    found: Sequence[OpenSlot]
    """What was open when the city began."""
    database: Database
    clients: Sequence[Client]
    last: Process
    """The process that was at work at the end."""
    quiet_since: float
    """True seconds from which on nothing went wrong any more."""
    ended: float
    turns: int


def play(scenario: Scenario) -> Played:
    """Play a scenario: the same one always goes the same way."""
    loop = SimLoop(random.Random(f"order {scenario.seed}") if scenario.overtaking else None)
    troubles: list[str] = []
    loop.set_exception_handler(
        lambda _, about: troubles.append(str(about.get("exception") or about["message"]))
    )
    asyncio.set_event_loop(None)
    try:
        world = World(scenario, loop)
        with watched(scenario, world.story, world.take_poll):
            played = loop.run_until_complete(world.play())
            loop.run_until_complete(world.bury())
        world.story.wrong.extend(f"the loop says: {trouble}" for trouble in troubles)
        return played
    finally:
        loop.close()


class World:
    """Everything there is, and the course it takes."""

    def __init__(self, scenario: Scenario, loop: SimLoop) -> None:
        self.story = Story()
        self._scenario = scenario
        self._loop = loop
        self._dice = random.Random(f"world {scenario.seed}")
        self._machine = Machine(loop, scenario.start)
        self._simulator = Simulator(
            SimulatorOptions(
                seed=scenario.seed,
                venues=scenario.venues,
                opentable_venues=scenario.opentable_venues,
                neighbourhoods=4,
                days=scenario.days + 2,
                speed=scenario.speed,
                clock=self._machine.now,
                extras=0,
                keep_served=True,
                requests_limit=1,
                truth_limit=10**7,
            )
        )
        self._found = self._simulator.city.open_slots()
        self._database = Database(
            self._machine, scenario, self.story, random.Random(f"store {scenario.seed}")
        )
        self._wire = Wire(
            self._simulator,
            self._machine,
            scenario.calls,
            self.story,
            random.Random(f"wire {scenario.seed}"),
        )
        self._keeper = Keeper(
            scenario,
            loop=loop,
            machine=self._machine,
            database=self._database,
            wire=self._wire,
            story=self.story,
            dice=self._dice,
        )
        self._clients = [self._client(number) for number in range(1, scenario.clients + 1)]
        self._background: list[asyncio.Task[None]] = []
        self._looks_of: dict[tuple[int, datetime], Look] = {}
        self._looks_known = 0
        self._polls: dict[PollSoFar, int] = {}

    async def play(self) -> Played:
        """Let it all happen, then let it be quiet, and see what is left."""
        scenario = self._scenario
        for client in self._clients:
            self._start_beside(client.follow(), f"client {client.number}")
        self._start_beside(self._keeper.keep(0.0, None, scenario.crashes), "first process")
        if scenario.second is not None:
            self._start_beside(
                self._keeper.keep(scenario.second.since, scenario.second.until, ()), "second process"
            )
        self._start_beside(self._set_clock(), "clock")
        self._start_beside(self._misbehave(), "faults")
        await asyncio.sleep(scenario.seconds)
        quiet_since = await self._rest()
        return Played(
            scenario=scenario,
            story=self.story,
            simulator=self._simulator,
            found=self._found,
            database=self._database,
            clients=self._clients,
            last=self._keeper.alive[-1] if self._keeper.alive else self._keeper.all[-1],
            quiet_since=quiet_since,
            ended=self._machine.seconds(),
            turns=self._loop.turns,
        )

    def take_poll(
        self, owner: DayOwner, snapshot: Snapshot, gaps: Sequence[timedelta], poll: PollSoFar
    ) -> None:
        """Note a portion of a poll that is about to be worked in."""
        process = self._process_of(owner)
        if process.life.ghost:
            return
        for look in self.story.looks[self._looks_known :]:
            self._looks_of[look.process, look.sent] = look
        self._looks_known = len(self.story.looks)
        found = [
            (self._looks_of.get((process.number, answer.sent_at)), gap)
            for answer, gap in zip(snapshot.answers, gaps, strict=True)
        ]
        looks = [(look, gap) for look, gap in found if look is not None]
        self.story.polls.append(
            Poll(
                number=self._polls.setdefault(poll, len(self._polls)),
                process=process.number,
                provider=snapshot.provider,
                day=snapshot.service_date,
                at=snapshot.finished_at,
                looks=tuple(looks),
            )
        )

    def _process_of(self, owner: DayOwner) -> Process:
        return next(process for process in self._keeper.all if process.clock is owner._clock)

    async def bury(self) -> None:
        """Put away all that is left of processes and clients, so that nothing of it outlives the scenario."""
        self._loop.in_order()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        for process in self._keeper.all:
            process.life.dead = True
            while unfinished := self._loop.bury(process.life):
                await asyncio.wait(unfinished, timeout=_MOMENT)

    # --- clients

    def _client(self, number: int) -> Client:
        return Client(
            number,
            lambda: self._keeper.ready,
            self.story,
            random.Random(f"client {self._scenario.seed} {number}"),
            lines=number % 2 == 0,
            stays=self._scenario.seconds / self._dice.choice((1, 5, 20)),
        )

    # --- what goes wrong

    async def _set_clock(self) -> None:
        for jump in self._scenario.jumps:
            await asyncio.sleep(max(0.0, jump.at - self._machine.seconds()))
            self._machine.wrong += timedelta(seconds=jump.by)
            self.story.count("clock set")

    async def _misbehave(self) -> None:
        """Set the faults that hold, whenever they change."""
        spells = self._scenario.faults
        for at in sorted({edge for spell in spells for edge in (spell.when.since, spell.when.until)}):
            await asyncio.sleep(max(0.0, at - self._machine.seconds()))
            if not self._database.healthy:
                self._simulator.faults.set(_rules([spell for spell in spells if spell.when.has(at)]))

    async def _rest(self) -> float:
        """Everything behaves from now on; answers since when, once every date has been polled again."""
        self._keeper.at_once = self._database.healthy = True
        self._simulator.faults.clear()
        self._wire.behave()
        since = self._machine.seconds()
        step = self._scenario.interval
        while not (self._is_polling(since) or self._machine.seconds() - since > _LONGEST_REST + 6 * step):
            await asyncio.sleep(step)
        if not self._is_polling(since):
            self.story.wrong.append(
                f"{self._machine.seconds() - since:.0f} s of quiet, and not all is polled"
            )
        settled = self._machine.seconds()
        await asyncio.sleep(_QUIET_CYCLES * step + 0.4 * step)
        until = self._machine.seconds() + _BACK_WITHIN + step
        while not self._is_settled() and self._machine.seconds() < until:
            await asyncio.sleep(_MOMENT)
        return settled

    def _is_settled(self) -> bool:
        """Whether nothing is under way, and everybody has heard everything."""
        newest = len(self._database.store.events)
        owners = [owner for process in self._keeper.alive for owner in process.discovery.owners.values()]
        return not any(owner.polling for owner in owners) and all(
            client.cursor == newest for client in self._clients
        )

    def _is_polling(self, since: float) -> bool:
        """Whether every date that should be watched has been scanned in the quiet."""
        if not self._keeper.alive or not self._keeper.alive[-1].ready:
            return False
        process = self._keeper.alive[-1]
        scanned = {
            (commit.change.provider, commit.key.service_date)
            for commit in self.story.commits
            if commit.made_at >= since and commit.change.scanned and commit.process == process.number
        }
        return all((provider, day) in scanned for _, provider, day in process.discovery.owners) and bool(
            process.discovery.owners
        )

    def _start_beside(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = self._loop.create_task(work, name=name, context=context_of(None))
        self._background.append(task)


def _rules(spells: Sequence[FaultSpell]) -> list[dict[str, object]]:
    """The rules of the spells that last: of the calls that one leaves alone, the next takes its share."""
    rules: list[dict[str, object]] = []
    for spell in spells:
        each, left = spell.share / len(spell.kinds), 1.0
        for kind in spell.kinds:
            rules.append({"route": "*", "kind": kind, "share": min(1.0, each / left)})
            left = max(each, left - each)
    return rules
