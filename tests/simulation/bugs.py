"""Bugs that are planted on purpose: each a wrong way of doing what the product does, which the seeds have to find."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import msgspec

from tablewire.domain import diff, endings
from tablewire.domain.diff import Standing
from tablewire.domain.snapshots import Answer, Snapshot, VenueAnswer
from tablewire.domain.state import BucketState, Change
from tablewire.engine import owner, polling
from tablewire.engine.discovery import Discovery
from tablewire.engine.merging import PollSoFar
from tablewire.engine.owner import DayOwner, Stored
from tablewire.errors import CommitUnknown, StoreError
from tablewire.live.hub import Hub
from tablewire.providers.breaker import Breaker
from tablewire.storage.memory import MemoryStore

Plant = Callable[[], Any]


def _announced_before_commit() -> Any:
    commit = DayOwner._commit

    async def early(self: DayOwner, state: BucketState, change: Change) -> Stored:
        await self._audience.publish(change.events)
        return await commit(self, state, change)

    return mock.patch.object(DayOwner, "_commit", early)


def _failed_poll_closes() -> Any:
    take = DayOwner.take

    async def taken(
        self: DayOwner, snapshot: Snapshot, gaps: Sequence[timedelta], poll: PollSoFar
    ) -> list[Stored]:
        if not snapshot.answers:
            venues = {venue for state in self.states.values() for venue in state.by_venue}
            empty = tuple(VenueAnswer(venue, ()) for venue in sorted(venues)[:2])
            sizes = sorted({size for state in self.states.values() for size in state.pairs})
            at = snapshot.finished_at
            answers = tuple(
                Answer(party_size=size, sent_at=at, arrived_at=at, venues=empty, page=0) for size in sizes
            )
            snapshot = msgspec.structs.replace(snapshot, answers=answers)
            gaps = [timedelta(minutes=10)] * len(answers)
        return await take(self, snapshot, gaps, poll)

    return mock.patch.object(DayOwner, "take", taken)


def _half_read_hits_close() -> Any:
    take = DayOwner.take

    async def taken(
        self: DayOwner, snapshot: Snapshot, gaps: Sequence[timedelta], poll: PollSoFar
    ) -> list[Stored]:
        answers = tuple(
            msgspec.structs.replace(
                answer, venues=tuple(msgspec.structs.replace(said, whole=True) for said in answer.venues)
            )
            for answer in snapshot.answers
        )
        return await take(self, msgspec.structs.replace(snapshot, answers=answers), gaps, poll)

    return mock.patch.object(DayOwner, "take", taken)


def _soft_blocks_close() -> Any:
    return mock.patch.object(owner, "is_suspect", return_value=False)


def _baseline_is_forgotten() -> Any:
    restored = MemoryStore._restored

    def without(self: MemoryStore, *named: Any) -> BucketState:
        state = restored(self, *named)
        state.baseline &= set(state.open)
        return state

    return mock.patch.object(MemoryStore, "_restored", without)


def _open_slots_are_forgotten() -> Any:
    restored = MemoryStore._restored

    def without(self: MemoryStore, *named: Any) -> BucketState:
        state = restored(self, *named)
        for slot_id in list(state.open):
            state._remove(slot_id)
        return state

    return mock.patch.object(MemoryStore, "_restored", without)


def _stale_pairs_announce() -> Any:
    standing = diff._Comparison._standing

    def eager(self: Any, *named: Any) -> Standing:
        found: Standing = standing(self, *named)
        return Standing.FRESH if found is Standing.STALE else found

    return mock.patch.object(diff._Comparison, "_standing", eager)


def _fresh_pairs_are_silent() -> Any:
    standing = diff._Comparison._standing

    def shy(self: Any, pair: Any, judged: Any) -> Standing:
        found: Standing = standing(self, pair, judged)
        return Standing.STALE if found is Standing.FRESH and pair.count == 2 else found

    return mock.patch.object(diff._Comparison, "_standing", shy)


def _unknown_commits_are_taken_for_made() -> Any:
    async def trusting(self: DayOwner, state: BucketState, change: Change) -> Stored:
        try:
            events = await self._store.record(change, state)
        except CommitUnknown:
            events = change.events
        except StoreError:
            self.doubt()
            raise
        state.apply(change, events)
        self._note_unsaved(change)
        self._audience.remembered(state)
        await self._audience.publish(events)
        return owner._summary(change, events, len(state.open))

    return mock.patch.object(DayOwner, "_commit", trusting)


@contextmanager
def _polls_are_stored_over_others() -> Iterator[None]:
    """Whoever comes last wins, and an unknown commit is simply made again."""
    record, commit = MemoryStore.record, DayOwner._commit

    async def careless(self: MemoryStore, change: Change, state: BucketState) -> Any:
        bucket = self._buckets.get((change.key, change.provider))
        if bucket is not None:
            change = msgspec.structs.replace(change, expected_seq=bucket.row.poll_seq)
        return await record(self, change, state)

    async def again(self: DayOwner, state: BucketState, change: Change) -> Stored:
        try:
            return await commit(self, state, change)
        except CommitUnknown:
            return await commit(self, state, change)

    with mock.patch.object(MemoryStore, "record", careless), mock.patch.object(DayOwner, "_commit", again):
        yield


def _conflicts_are_not_read_again() -> Any:
    return mock.patch.object(DayOwner, "doubt", return_value=None)


def _events_of_others_are_skipped() -> Any:
    async def nothing(self: Hub, newest: int) -> None:
        self.ring.newest = max(self.ring.newest, newest)

    return mock.patch.object(Hub, "_read_upto", nothing)


def _changed_settings_announce() -> Any:
    async def careless(self: Discovery, market: Any) -> None:
        del self, market

    return mock.patch.object(Discovery, "_start_over_if_changed", careless)


def _a_failed_poll_blocks_its_date() -> Any:
    later = polling.ProviderPolling._poll_later

    async def stuck(self: Any, of_day: DayOwner, *named: Any) -> None:
        await later(self, of_day, *named)
        of_day.polling = self._hooks.holding()

    return mock.patch.object(polling.ProviderPolling, "_poll_later", stuck)


def _a_rested_provider_is_never_tried_again() -> Any:
    return mock.patch.object(Breaker, "refuses", lambda self, _: self._open_until is not None)


def _the_clock_closes_nothing() -> Any:
    return mock.patch.object(endings, "due", return_value=[])


def _bounds_are_those_of_arrival() -> Any:
    observe = BucketState._observe

    def late(self: BucketState, observed: Any) -> None:
        observe(self, msgspec.structs.replace(observed, sent_at=observed.arrived_at))

    return mock.patch.object(BucketState, "_observe", late)


BUGS: dict[str, Plant] = {
    "events are announced before they are stored": _announced_before_commit,
    "a poll that failed closes": _failed_poll_closes,
    "hits that are read in part close": _half_read_hits_close,
    "soft blocks close": _soft_blocks_close,
    "the baseline is forgotten on restart": _baseline_is_forgotten,
    "open slots are forgotten on restart": _open_slots_are_forgotten,
    "what opened during a gap is announced": _stale_pairs_announce,
    "a pair's third look announces nothing": _fresh_pairs_are_silent,
    "an unknown commit is taken for made": _unknown_commits_are_taken_for_made,
    "polls are stored over those of others": _polls_are_stored_over_others,
    "memory is not read again after a conflict": _conflicts_are_not_read_again,
    "events of other processes are skipped": _events_of_others_are_skipped,
    "changed settings announce": _changed_settings_announce,
    "a poll that the store refused blocks its date": _a_failed_poll_blocks_its_date,
    "a rested provider is never tried again": _a_rested_provider_is_never_tried_again,
    "the clock closes nothing": _the_clock_closes_nothing,
    "bounds are those of the arrival": _bounds_are_those_of_arrival,
}
"""By what is wrong with them."""
