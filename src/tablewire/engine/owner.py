"""The owner of one (market, date, provider): applies answers one after the other, and stores what they change."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

import anyio
import anyio.lowlevel
import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.diff import Seen, compare_in_steps
from tablewire.domain.endings import expire, withdraw
from tablewire.domain.events import Event, EventType, Origin
from tablewire.domain.guard import Judged, is_suspect
from tablewire.domain.markets import Market
from tablewire.domain.passes import Passes
from tablewire.domain.rebaseline import rebaseline
from tablewire.domain.rules import Rules
from tablewire.domain.slots import OpenSlot
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.domain.state import BucketState, Change
from tablewire.engine.clock import Clock
from tablewire.engine.merging import PollSoFar
from tablewire.errors import CommitUnknown, PollConflict
from tablewire.storage.protocol import Store
from tablewire.telemetry import Metrics

_ANSWERS_A_TURN = 8
"""Answers that are judged before others have their turn."""

_UNTOLD = frozenset({Origin.BASELINE, Origin.AFTER_GAP})


class Audience(Protocol):
    """Who hears of what has been stored: the live room."""

    def forgotten(self, key: BucketKey, provider: str) -> None:
        """A bucket is not watched any more."""
        ...

    async def publish(self, events: Sequence[Event]) -> None:
        """Events that were stored just now."""
        ...

    def remembered(self, state: BucketState) -> None:
        """Memory of a bucket has changed."""
        ...


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What storing a poll, or a portion of one, did to one bucket."""

    key: BucketKey
    provider: str
    outcome: Outcome | None
    scanned_at: datetime
    drops: int
    reopened: int
    closed: Mapping[str, int]
    """Closings by reason."""
    open_slots: int
    events: tuple[Event, ...] = ()
    untold: tuple[OpenSlot, ...] = ()
    """Slots that came, or changed their party sizes, without an event."""

    def and_then(self, later: "Stored") -> "Stored":
        """What it and a later portion of the same poll did together."""
        return msgspec.structs.replace(
            later,
            drops=self.drops + later.drops,
            reopened=self.reopened + later.reopened,
            closed=Counter(self.closed) + Counter(later.closed),
            events=(*self.events, *later.events),
            untold=(*self.untold, *later.untold),
        )


class DayOwner:
    """One date of one market at one provider: its buckets' memory, and the only one who changes it."""

    def __init__(
        self,
        market: Market,
        day: date,
        provider: str,
        *,
        rules: Rules,
        store: Store,
        audience: Audience,
        clock: Clock,
        metrics: Metrics,
        one_writer: anyio.Lock,
        on_observed: Callable[[Change], None] = lambda _: None,
    ) -> None:
        self.market = market
        self.day = day
        self.provider = provider
        self.states: dict[str, BucketState] = {}
        self.polling = False
        """Whether a poll of this date is under way."""
        self.closed = False
        """Whether the date has left the window."""
        self.unsaved: dict[int, datetime] = {}
        """By party size: when the oldest call was sent whose observations are not stored yet."""
        self._rules = rules
        self._store = store
        self._audience = audience
        self._clock = clock
        self._metrics = metrics
        self._passes = Passes()
        self._one_writer = one_writer
        self._on_observed = on_observed
        self._one_change = anyio.Lock()
        self._doubtful = True

    @property
    def keys(self) -> list[BucketKey]:
        """The date's buckets."""
        return [BucketKey(self.market.id, self.day, slot) for slot in self._rules.parts.time_slots]

    async def load(self) -> None:
        """Read memory from the store where it may differ from it. Raises `StoreError`."""
        if not self._doubtful:
            return
        since = self._cool_since()
        states = await self._store.load(self.keys, self.provider, drops_since=since)
        self.adopt({key: states[key] for key in self.keys})

    def adopt(self, states: Mapping[BucketKey, BucketState]) -> None:
        """Take over memory that has just been read."""
        self.states = {key.time_slot: state for key, state in states.items()}
        self.unsaved = {}
        self._doubtful = False
        now = self._clock.now()
        for state in self.states.values():
            # Where the clock was set back between two processes, what is asked from now on is newer all the same.
            state.heard_until = state.row.scanned_at and min(state.row.scanned_at, now)
            self._audience.remembered(state)

    def close(self) -> None:
        """Give up the date: it has left the window, and nothing of it is open."""
        for state in self.states.values():
            self._audience.forgotten(state.key, self.provider)
        self.states = {}
        self.closed = True

    def forget(self) -> None:
        """The store has been emptied: nothing is known of the date, and its rows are made again before it is used."""
        self.states = {key.time_slot: BucketState(key, self.provider) for key in self.keys}
        self.unsaved = {}
        self._passes = Passes()
        self.doubt()
        for state in self.states.values():
            self._audience.remembered(state)

    def doubt(self) -> None:
        """Memory may differ from the store: it is read again before it is used."""
        self._doubtful = True

    async def take(self, snapshot: Snapshot, gaps: Sequence[timedelta], poll: PollSoFar) -> list[Stored]:
        """Work in a portion of what a provider answered: compare, store, remember, announce, bucket by bucket.

        `gaps` says for each answer how long ago a pair may have been observed to count as fresh; `poll` is what the portion belongs
        to, and takes note of it. Raises `StoreError`; what was stored by then stays stored, the rest is thrown away.
        """
        async with self._one_change:
            await self.load()
            judged = await self._judge(snapshot, gaps)
            poll.add(snapshot, judged)
            seen = Seen(
                at=snapshot.finished_at,
                answers=judged,
                venues=snapshot.venues,
                outcome=poll.outcome,
                cause=poll.cause,
                passes=self._passes.take([one.answer for one in judged if not one.suspect]),
                alive=poll.alive,
            )
            return [
                await self._commit(state, await self._compare(state, seen)) for state in self.states.values()
            ]

    async def let_expire(self, now: datetime) -> list[Stored]:
        """Close what the clock closes. Raises `StoreError`."""
        if not any(
            state.next_expiry is not None and state.next_expiry <= now for state in self.states.values()
        ):
            return []
        async with self._one_change:
            await self.load()
            changes = [(state, expire(state, now, self._rules)) for state in self.states.values()]
            return [await self._commit(state, change) for state, change in changes if change is not None]

    async def withdraw(
        self, now: datetime, *, sizes: frozenset[int], opted_out: frozenset[str] = frozenset()
    ) -> list[Stored]:
        """Close what is no longer watched. Raises `StoreError`."""
        async with self._one_change:
            await self.load()
            changes = [
                (state, withdraw(state, now, self._rules, sizes=sizes, opted_out=opted_out))
                for state in self.states.values()
            ]
            return [await self._commit(state, change) for state, change in changes if change is not None]

    async def rebaseline(self, time_slot: str, now: datetime) -> int:
        """Make baseline of what is open in a bucket without an opening event; answers how many slots. Raises `StoreError`."""
        async with self._one_change:
            await self.load()
            state = self.states[time_slot]
            change = rebaseline(state, now, self._rules)
            if change is None:
                return 0
            await self._commit(state, change)
            return len(change.updated)

    async def save_observations(self) -> None:
        """Store when pairs were last observed. Raises `StoreError`."""
        async with self._one_change:
            if not self.unsaved or self._doubtful:
                return
            for state in self.states.values():
                pairs = {size: _observed_since(state, size, at) for size, at in self.unsaved.items()}
                await self._store.save_observations(state, pairs)
            self.unsaved = {}

    async def _judge(self, snapshot: Snapshot, gaps: Sequence[timedelta]) -> list[Judged]:
        states = list(self.states.values())
        judged = []
        for number, (answer, gap) in enumerate(zip(snapshot.answers, gaps, strict=True), 1):
            suspect = is_suspect(answer, states, snapshot.finished_at, self._rules)
            judged.append(Judged(answer, suspect, gap))
            if not number % _ANSWERS_A_TURN:
                await anyio.lowlevel.checkpoint()
        return judged

    async def _compare(self, state: BucketState, seen: Seen) -> Change:
        """Compare in turns: streams and requests are served in between, and memory is nobody else's meanwhile."""
        steps = compare_in_steps(state, seen, self._rules)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                change: Change = end.value
                return change
            await anyio.lowlevel.checkpoint()

    async def _commit(self, state: BucketState, change: Change) -> Stored:
        """Commit, then remember, then announce: nothing in between can be cancelled."""
        with anyio.CancelScope(shield=True):
            async with self._one_writer:
                try:
                    with self._metrics.commit_seconds.time():
                        events = await self._store.record(change, state)
                except (PollConflict, CommitUnknown):
                    self.doubt()
                    raise
                state.apply(change, events)
                self._note_unsaved(change)
                self._on_observed(change)
                self._audience.remembered(state)
                await self._audience.publish(events)
        return _summary(change, events, len(state.open))

    def _note_unsaved(self, change: Change) -> None:
        for seen in change.observed:
            if not seen.doubtful:
                oldest = self.unsaved.setdefault(seen.party_size, seen.sent_at)
                if seen.sent_at < oldest:
                    self.unsaved[seen.party_size] = seen.sent_at

    def _cool_since(self) -> datetime | None:
        return self._clock.now() - self._rules.drop_cooldown if self._rules.drop_cooldown else None


def _observed_since(state: BucketState, size: int, at: datetime) -> list[str]:
    return sorted(
        venue_id
        for venue_id, pair in state.pairs.get(size, {}).items()
        if pair.observed_at is not None and pair.observed_at >= at
    )


def _summary(change: Change, events: Sequence[Event], open_slots: int) -> Stored:
    kinds = Counter(event.event_type for event in events)
    return Stored(
        key=change.key,
        provider=change.provider,
        outcome=change.outcome,
        scanned_at=change.at,
        drops=kinds[EventType.NEW_DROP],
        reopened=kinds[EventType.REOPENED],
        closed=Counter(event.close_reason.value for event in events if event.close_reason is not None),
        open_slots=open_slots,
        events=tuple(events),
        untold=(*change.updated, *(slot for slot in change.opened if slot.origin in _UNTOLD)),
    )
