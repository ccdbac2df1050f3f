"""The store as processes have it: one in memory behind connections that are slow, break, and leave commits unanswered."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event
from tablewire.domain.state import BucketState, Change
from tablewire.errors import CommitUnknown, PollConflict, StoreError, StoreUnavailable
from tablewire.storage.memory import MemoryStore
from tests.simulation.clocks import Machine
from tests.simulation.loop import Life, context_of
from tests.simulation.records import Commit, Story
from tests.simulation.scenario import Scenario

_WHILE_AWAY = (0.0, 0.0, 5.0, 31.0)
"""Seconds until a connection notices that the store is away."""
_AT_BEST = 0.001
"""Seconds that a statement takes where nothing is wrong."""
_LATE_COMMIT = 2.0
"""Seconds for which a commit may still be on its way when its connection has broken."""


class Database:
    """What outlives processes, and the record of what was stored in it."""

    def __init__(self, machine: Machine, scenario: Scenario, story: Story, dice: random.Random) -> None:
        self.store = MemoryStore()
        self.machine = machine
        self.story = story
        self.dice = dice
        self.healthy = False
        """Whether it behaves, whatever the scenario says."""
        self._scenario = scenario
        self._readings: dict[tuple[str, BucketKey], int] = {}

    @property
    def away(self) -> bool:
        """Whether nobody can reach it now."""
        at = self.machine.seconds()
        return not self.healthy and any(spell.has(at) for spell in self._scenario.store_away)

    def strikes(self, share: float, what: str) -> bool:
        """Whether something that happens so often happens now."""
        if self.healthy or not share or self.dice.random() >= share:
            return False
        self.story.count(what)
        return True

    def read(self, keys: list[BucketKey], provider: str) -> None:
        """Somebody's memory of buckets is what the store has, from now on."""
        for key in keys:
            self._readings[provider, key] = self._readings.get((provider, key), 0) + 1

    async def apply(self, process: int, change: Change, state: BucketState) -> tuple[Event, ...]:
        """One commit."""
        bucket = self.store._buckets.get((change.key, change.provider))
        before = {} if bucket is None else {id: bucket.open[id] for id in change.closed if id in bucket.open}
        events = await self.store.record(change, state)
        self.story.commits.append(
            Commit(
                process=process,
                epoch=self._readings.get((change.provider, change.key), 0),
                made_at=self.machine.seconds(),
                change=change,
                events=events,
                before=before,
            )
        )
        return events

    async def be_overtaken(self, change: Change) -> None:
        """Another process stores a poll of a bucket: one that changes nothing."""
        states = await self.store.load([change.key], change.provider)
        state = states[change.key]
        empty = Change(
            key=change.key,
            provider=change.provider,
            expected_seq=state.row.poll_seq,
            at=change.at - timedelta(seconds=1),
            outcome=None,
            scanned=False,
        )
        await self.store.record(empty, state)


class Connection:
    """One process's way to the database: `storage.protocol.Store`, as far as the engine uses it."""

    def __init__(self, process: int, database: Database, scenario: Scenario, life: Life) -> None:
        self._process = process
        self._database = database
        self._wanted = scenario.commits
        self._life = life

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._database.store, name)

        async def call(*args: Any, **named: Any) -> Any:
            await self._reach()
            if name == "load":
                self._database.read(list(args[0]), args[1])
            result = await method(*args, **named)
            await self._travel()
            if self._database.strikes(self._wanted.broken, "broken connection"):
                raise StoreUnavailable("the connection broke before the answer")
            return result

        return call

    async def record(self, change: Change, state: BucketState) -> tuple[Event, ...]:
        """Store one poll, or not."""
        database = self._database
        await self._reach()
        if database.strikes(self._wanted.raced, "race"):
            await database.be_overtaken(change)
        if database.strikes(self._wanted.unknown, "commit unknown"):
            await self._lose(change, state)
        events = await database.apply(self._process, change, state)
        await self._travel()
        if self._life.ghost:
            raise CommitUnknown("the process is gone")
        return events

    async def _reach(self) -> None:
        if self._life.ghost:
            raise StoreUnavailable("the process is gone")
        await self._travel()
        if self._database.away:
            self._database.story.count("store away")
            await asyncio.sleep(self._database.dice.choice(_WHILE_AWAY))
            raise StoreUnavailable("the store is away")
        if self._database.strikes(self._wanted.refused, "statement refused"):
            raise StoreUnavailable("the store cannot do it now")

    async def _travel(self) -> None:
        usual = _AT_BEST if self._database.healthy else self._wanted.usual
        await asyncio.sleep(self._database.dice.expovariate(2 / usual))

    async def _lose(self, change: Change, state: BucketState) -> None:
        """The connection breaks while a commit is on its way: made, never made, or made a little later."""
        dice = self._database.dice
        match dice.randrange(3):
            case 0:
                await self._database.apply(self._process, change, state)
            case 1:
                asyncio.get_running_loop().create_task(
                    self._apply_late(change, state, dice.uniform(0.0, _LATE_COMMIT)),
                    name="late commit",
                    context=context_of(None),
                )
        await self._travel()
        raise CommitUnknown("the connection broke during a commit")

    async def _apply_late(self, change: Change, state: BucketState, seconds: float) -> None:
        await asyncio.sleep(seconds)
        try:
            await self._database.apply(self._process, change, state)
        except (PollConflict, StoreError):
            """Another poll was stored meanwhile: then this one never is."""
