"""The engine's audience, and an eye on it: what is announced is stored, and what is remembered is what is stored."""

from collections.abc import Sequence

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event
from tablewire.domain.state import BucketState
from tablewire.watching import LiveAudience
from tests.simulation.loop import Life
from tests.simulation.records import Story
from tests.simulation.store import Database


class WatchedAudience:
    """Hands everything on, and writes down what is wrong with it."""

    def __init__(self, life: Life, database: Database, story: Story, inner: LiveAudience) -> None:
        self._life = life
        self._database = database
        self._wrong = story.wrong
        self._inner = inner

    async def publish(self, events: Sequence[Event]) -> None:
        if not self._life.ghost:
            log = self._database.store.events
            for event in events:
                if not 1 <= event.id <= len(log) or log[event.id - 1] != event:
                    self._wrong.append(f"announced, but not stored: {event}")
        await self._inner.publish(events)

    def remembered(self, state: BucketState) -> None:
        if not self._life.ghost:
            self._compare(state)
        self._inner.remembered(state)

    def forgotten(self, key: BucketKey, provider: str) -> None:
        self._inner.forgotten(key, provider)

    def _compare(self, state: BucketState) -> None:
        stored = self._database.store._buckets.get((state.key, state.provider))
        if stored is None or stored.row.poll_seq != state.row.poll_seq:
            return  # another process has been there since; its next poll finds out
        if stored.row != state.row:
            self._wrong.append(f"memory of {state.key} has {state.row}, the store {stored.row}")
        if stored.open != state.open:
            differs = {
                id.hex() for id in {*stored.open, *state.open} if stored.open.get(id) != state.open.get(id)
            }
            self._wrong.append(f"memory of {state.key} is not what is stored: {sorted(differs)}")
        if not state.baseline >= stored.baseline:
            self._wrong.append(f"memory of {state.key} lacks slots of the baseline")
