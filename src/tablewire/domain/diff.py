"""The diff: what a snapshot changes in a bucket. Positive evidence opens, positive evidence closes, no answer proves nothing."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from tablewire.domain import endings
from tablewire.domain.changes import ChangeBuilder, Closing, Opening
from tablewire.domain.events import CloseReason, Origin
from tablewire.domain.guard import Judged, own_time
from tablewire.domain.rules import Rules
from tablewire.domain.slots import OpenSlot, SeenSlot, Venue, local_start
from tablewire.domain.snapshots import Outcome, VenueAnswer
from tablewire.domain.state import BucketState, Change, Observed, Pair

_STEP = 200
"""Slots that one step works in; that takes a millisecond or two."""
_SAID_TWICE = 2
"""So often a page has to be empty before it is believed that it was, where other tables are open."""
_UNCHANGED = 0.1
"""What a pair with nothing new costs, in slots."""


class Standing(StrEnum):
    """What an observation of a pair can prove: it depends on the observations before it."""

    FIRST = "first"
    STALE = "stale"
    FRESH = "fresh"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot as one bucket's diff takes it."""

    at: datetime
    """When its fetch had finished."""
    answers: Sequence[Judged]
    venues: Mapping[str, Venue]
    outcome: Outcome
    cause: str | None = None
    passes: Mapping[int, frozenset[str]] = {}
    """By party size: all venues that came up in the pass over the date that this snapshot completed."""
    alive: bool = False
    """Whether another answer of the same poll, taken over before, showed a table."""


def compare(state: BucketState, seen: Seen, rules: Rules) -> Change:
    """What a snapshot changes in a bucket. Pure: `state` is left as it is."""
    steps = compare_in_steps(state, seen, rules)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            change: Change = end.value
            return change


def compare_in_steps(state: BucketState, seen: Seen, rules: Rules) -> Generator[None, None, Change]:
    """The same in small steps, so that whoever shares the processor has a turn in between; `state` must not change until it ends."""
    return _Comparison(state, seen, rules).run()


class _Draft:
    """One slot while a snapshot is worked in: the party sizes that have it, and what speaks for its opening."""

    __slots__ = (
        "before",
        "fresh_after",
        "gap",
        "missed",
        "seatings",
        "seen",
        "seen_at",
        "sent_at",
        "sizes",
        "standings",
    )

    def __init__(self, before: OpenSlot | None) -> None:
        self.before = before
        self.sizes = set(before.sizes) if before else set()
        self.missed = set(before.missed_sizes) if before else set()
        self.seen_at = before.seen_at if before else None
        self.seen: tuple[str, SeenSlot] | None = None
        self.seatings: set[str] = set()
        self.sent_at: datetime | None = None
        self.standings: set[Standing] = set()
        self.fresh_after: list[datetime] = []
        self.gap = timedelta(0)


class _Said(msgspec.Struct):
    """All that a snapshot says of one pair: its latest believable whole answer, and what else is readable."""

    whole: VenueAnswer | None = None
    judged: Judged | None = None
    others: list[tuple[VenueAnswer, Judged]] = msgspec.field(default_factory=list)


class _Comparison:
    def __init__(self, state: BucketState, seen: Seen, rules: Rules) -> None:
        self.state = state
        self.seen = seen
        self.rules = rules
        self.drafts: dict[bytes, _Draft] = {}
        self.observed: list[Observed] = []
        self.first_pairs: list[tuple[int, str]] = []
        self.unsettled: set[tuple[int, str]] = set()
        self.missed: list[tuple[int, str]] = []
        self.heard: list[tuple[int, str, datetime]] = []
        self.lapsed: set[tuple[int, str]] = set()
        self.returned: dict[int, bool] = {}
        self.alive = seen.alive or any(not judged.empty for judged in seen.answers)
        self.builder = ChangeBuilder(state, rules, seen.at)

    def run(self) -> Generator[None, None, Change]:
        """All of it, a step at a time."""
        over = {slot.slot_id for slot in endings.due(self.state, self.seen.at)}
        work = 0.0
        for size, venue_id, said in self._pairs():
            work += self._take_pair(size, venue_id, said)
            if work >= _STEP:
                work = 0.0
                yield
        vanished = self._vanish()
        for slot_id in over:
            self.builder.close(endings.expired(self.state, self.state.open[slot_id]))
        for number, (slot_id, draft) in enumerate(self.drafts.items(), 1):
            if slot_id not in over:
                self._settle(slot_id, draft, vanished)
            if not number % _STEP:
                yield
        for slot in self.state.held.values():
            if slot.slot_id not in over and slot.slot_id not in self.drafts:
                self._end_hold(slot)
        return self.builder.build(
            outcome=self.seen.outcome,
            cause=self.seen.cause,
            scanned=bool(self.seen.answers),
            observed=tuple(self.observed),
            first_pairs=tuple(self.first_pairs),
            unsettled=tuple(self.unsettled),
            missed=tuple(self.missed),
            heard=tuple(self.heard),
            lapsed=tuple(sorted(self.lapsed)),
        )

    # --- what was said of each pair

    def _pairs(self) -> Iterator[tuple[int, str, _Said]]:
        gathered: dict[tuple[int, str], _Said] = {}
        for judged in sorted(
            self.seen.answers, key=lambda judged: (judged.answer.sent_at, judged.answer.arrived_at)
        ):
            size = judged.answer.party_size
            for said in judged.answer.venues if judged.answer.covers(self.state.key.time_slot) else ():
                pair = self.state.pair(size, said.venue_id)
                if self._is_late(pair, judged):
                    continue
                of_pair = gathered.get((size, said.venue_id))
                if of_pair is None:
                    of_pair = gathered[size, said.venue_id] = _Said()
                if said.whole and not judged.suspect:
                    of_pair.whole, of_pair.judged, of_pair.others = said, judged, []
                else:
                    of_pair.others.append((said, judged))
        for (size, venue_id), of_pair in gathered.items():
            yield size, venue_id, of_pair

    def _is_late(self, pair: Pair | None, judged: Judged) -> bool:
        """Whether an answer may be older than what was worked in: sent before that had arrived, or had been stored by another."""
        sent_at = judged.answer.sent_at
        if self.state.heard_until is not None and sent_at < self.state.heard_until:
            return True
        return pair is not None and pair.arrived_at is not None and sent_at < pair.arrived_at

    def _take_pair(self, size: int, venue_id: str, said: _Said) -> float:
        """Work in what was said of a pair; answers how much work that was, in slots."""
        work = _UNCHANGED
        pair = self.state.pair(size, venue_id)
        if said.whole is not None and said.judged is not None:
            unchanged = (
                pair is not None and pair.last is said.whole and pair.count >= self.rules.baseline_polls
            )
            if not unchanged:
                work = 1 + len(said.whole.slots)
                self._show(size, said.whole, said.judged, pair)
                if self._is_doubtful(said.judged, pair):
                    self._miss(size, said.whole)
                else:
                    self._clear(size, said.whole, said.judged, pair)
            self._observe(size, said.whole, said.judged, pair, settled=not said.others)
        for other, judged in said.others:
            self._show(size, other, judged, pair)
            if said.whole is None and other.whole:
                self._miss(size, other)
            self.unsettled.add((size, venue_id))
            self.heard.append((size, venue_id, judged.answer.arrived_at))
            work += 1 + len(other.slots)
        return work

    def _show(self, size: int, said: VenueAnswer, judged: Judged, pair: Pair | None) -> None:
        standing = self._standing(pair, judged)
        for slot in said.slots:
            if self._has(slot.slot_id, size):
                if (draft := self.drafts.get(slot.slot_id)) is not None and draft.before is None:
                    self._offer(draft, size, said, slot, judged)
                continue
            if not self._is_here(slot):
                continue
            draft = self._draft(slot.slot_id)
            self._offer(draft, size, said, slot, judged)
            draft.sizes.add(size)
            draft.missed.discard(size)
            draft.standings.add(standing)
            if standing is Standing.FRESH and pair is not None and pair.observed_at is not None:
                draft.fresh_after.append(pair.observed_at)

    def _has(self, slot_id: bytes, size: int) -> bool:
        """Whether a size already has a slot, beyond doubt, after what has been worked in so far."""
        if (draft := self.drafts.get(slot_id)) is not None:
            return size in draft.sizes and size not in draft.missed
        before = self.state.open.get(slot_id)
        return before is not None and size in before.sizes and size not in before.missed_sizes

    @staticmethod
    def _offer(draft: _Draft, size: int, said: VenueAnswer, slot: SeenSlot, judged: Judged) -> None:
        sent_at = judged.answer.sent_at
        if draft.seen is None or size == min(draft.sizes | {size}):
            draft.seen = (said.venue_id, slot)
        draft.seatings.update(slot.seatings)
        draft.sent_at = sent_at if draft.sent_at is None else max(draft.sent_at, sent_at)

    def _clear(self, size: int, said: VenueAnswer, judged: Judged, pair: Pair | None) -> None:
        for slot in self._not_shown(size, said):
            draft = self._draft(slot.slot_id)
            draft.sizes.discard(size)
            draft.missed.discard(size)
            draft.gap = max(draft.gap, judged.gap)
            if pair is not None and pair.count and pair.observed_at is not None:
                draft.seen_at = max(slot.seen_at, draft.seen_at or slot.seen_at, pair.observed_at)

    def _miss(self, size: int, said: VenueAnswer) -> None:
        for slot in self._not_shown(size, said):
            self._draft(slot.slot_id).missed.add(size)

    def _not_shown(self, size: int, said: VenueAnswer) -> list[OpenSlot]:
        here = self.state.by_venue.get(said.venue_id)
        if here is None:
            return []
        shown = {slot.slot_id for slot in said.slots}
        return [slot for slot in here if size in slot.sizes and slot.slot_id not in shown]

    def _observe(
        self, size: int, said: VenueAnswer, judged: Judged, pair: Pair | None, *, settled: bool
    ) -> None:
        doubtful = self._is_doubtful(judged, pair)
        if not doubtful and (pair is None or pair.count < self.rules.baseline_polls):
            self.first_pairs.append((size, said.venue_id))
        self.observed.append(
            Observed(
                venue_id=said.venue_id,
                party_size=size,
                sent_at=judged.answer.sent_at,
                arrived_at=judged.answer.arrived_at,
                doubtful=doubtful,
                since=None if doubtful else _recent(pair, judged),
                answer=said if settled else None,
            )
        )

    # --- what an observation can prove

    def _standing(self, pair: Pair | None, judged: Judged) -> Standing:
        if pair is None:
            return Standing.FIRST
        if pair.count < self.rules.baseline_polls and not self._doubts_were_unfounded(pair, judged):
            return Standing.FIRST
        stale = pair.observed_at is None or judged.answer.sent_at - pair.observed_at > judged.gap
        return Standing.STALE if stale else Standing.FRESH

    def _is_doubtful(self, judged: Judged, pair: Pair | None) -> bool:
        """Whether an empty answer may be a soft block, met by venues of which nothing is known yet."""
        if (pair is not None and pair.count) or not judged.empty:
            return False
        if len(judged.answer.venues) < self.rules.suspect_venues and not judged.answer.one_venue:
            return False
        proofs = 1 + (pair.doubts if pair is not None else 0)
        return not (self.alive and proofs >= self.rules.empty_proofs)

    def _doubts_were_unfounded(self, pair: Pair, judged: Judged) -> bool:
        """Whether the empty answer before was true after all: few of the venues that it named have anything now.

        Where other tables of the bucket are open it must have been said twice: a page of venues that are nearly all booked out
        looks the same when a soft block ends.
        """
        if not pair.doubts or self.rules.baseline_polls > 1:
            return False
        if pair.doubts < _SAID_TWICE and self.state.open:
            return False
        key = id(judged)
        if key not in self.returned:
            back = [said for said in judged.answer.venues if said.slots and self._is_doubted(judged, said)]
            self.returned[key] = len(back) < self.rules.suspect_venues
        return self.returned[key]

    def _is_doubted(self, judged: Judged, said: VenueAnswer) -> bool:
        pair = self.state.pair(judged.answer.party_size, said.venue_id)
        return pair is not None and not pair.count and pair.doubts > 0

    def _is_here(self, slot: SeenSlot) -> bool:
        key = self.state.key
        if slot.service_date != key.service_date:
            return False
        start = local_start(slot.actual_time)
        if self.rules.parts.part_of(start, slot.service_date) != key.time_slot:
            return False
        return self.builder.starts_at(slot) > self.seen.at

    # --- pairs that do not come up any more

    def _vanish(self) -> dict[bytes, datetime]:
        """Clear the sizes of pairs that complete passes have not met; answers when each slot so cleared was last seen."""
        as_of: dict[bytes, datetime] = {}
        now_observed = {(seen.party_size, seen.venue_id) for seen in self.observed}
        for size, met in self.seen.passes.items():
            for venue_id, slots in self.state.by_venue.items():
                held = [slot for slot in slots if size in slot.sizes]
                if venue_id in met or not held or (size, venue_id) in now_observed:
                    continue
                self.missed.append((size, venue_id))
                pair = self.state.pair(size, venue_id)
                if (pair.misses if pair else 0) + 1 >= self.rules.vanish_passes:
                    self.unsettled.add((size, venue_id))
                    as_of.update(self._clear_vanished(size, held))
        return as_of

    def _clear_vanished(self, size: int, slots: Iterable[OpenSlot]) -> Iterator[tuple[bytes, datetime]]:
        for slot in slots:
            last_seen = self.state.last_seen(slot)
            if self.seen.at - last_seen >= self.rules.vanish_after:
                draft = self._draft(slot.slot_id)
                draft.sizes.discard(size)
                draft.missed.discard(size)
                draft.seen_at = last_seen
                self.lapsed.add((size, slot.venue.venue_id))
                yield slot.slot_id, max(last_seen, slot.first_seen_at)

    # --- from drafts to changes

    def _draft(self, slot_id: bytes) -> _Draft:
        draft = self.drafts.get(slot_id)
        if draft is None:
            draft = self.drafts[slot_id] = _Draft(self.state.open.get(slot_id))
        return draft

    def _settle(self, slot_id: bytes, draft: _Draft, vanished: Mapping[bytes, datetime]) -> None:
        before = draft.before
        if before is None:
            self._open(draft)
        elif not draft.sizes:
            self._close(before, draft, vanished.get(slot_id))
        else:
            self._update(before, draft)

    def _open(self, draft: _Draft) -> None:
        if not draft.sizes or draft.seen is None or draft.sent_at is None:
            return
        venue_id, slot = draft.seen
        in_baseline = slot.slot_id in self.state.baseline
        if Standing.FRESH in draft.standings:
            origin = Origin.REOPENED if in_baseline or self._is_cooling(slot) else Origin.DROP
        elif Standing.FIRST in draft.standings:
            origin, in_baseline = Origin.BASELINE, True
        else:
            origin = Origin.AFTER_GAP
        self.builder.open(
            Opening(
                venue=self.seen.venues[venue_id],
                slot=slot,
                origin=origin,
                in_baseline=in_baseline,
                sizes=tuple(sorted(draft.sizes)),
                seatings=tuple(sorted(draft.seatings)),
                sent_at=draft.sent_at,
                opened_after=max(draft.fresh_after, default=None),
            )
        )

    def _is_cooling(self, slot: SeenSlot) -> bool:
        if not self.rules.drop_cooldown:
            return False  # also where the clock was set back, and the last drop is yet to come
        last = self.state.last_drops.get(slot.slot_id)
        return last is not None and self.seen.at - last < self.rules.drop_cooldown

    def _close(self, before: OpenSlot, draft: _Draft, vanished_at: datetime | None) -> None:
        last_seen = max(draft.seen_at or before.seen_at, self.state.last_seen(before))
        if vanished_at is not None:
            self.builder.close(Closing(before, vanished_at, last_seen, CloseReason.VANISHED, draft.gap))
            return
        closed_at = before.missed_at or self.seen.at
        reason = CloseReason.EXPIRED if closed_at >= own_time(before, self.rules) else CloseReason.TAKEN
        self.builder.close(
            Closing(before, closed_at, last_seen, reason, max(draft.gap, self.rules.resume_gap))
        )

    def _update(self, before: OpenSlot, draft: _Draft) -> None:
        all_missed = draft.sizes <= draft.missed
        missed_at = (before.missed_at or self.seen.at) if all_missed else None
        venue = self.seen.venues.get(before.venue.venue_id, before.venue)
        seen_at = draft.seen_at or before.seen_at
        if draft.sizes - set(before.sizes) and draft.sent_at is not None:
            seen_at = max(seen_at, draft.sent_at)
        after = msgspec.structs.replace(
            before,
            sizes=tuple(sorted(draft.sizes)),
            ever_sizes=tuple(sorted({*before.ever_sizes, *draft.sizes})),
            missed_sizes=tuple(sorted(draft.missed)),
            missed_at=missed_at,
            seen_at=seen_at,
        )
        if missed_at is not None and self.seen.at - missed_at >= self.rules.hold_limit:
            self._end_hold(after)
        elif after != before:
            self.builder.update(msgspec.structs.replace(after, venue=venue))

    def _end_hold(self, slot: OpenSlot) -> None:
        if slot.missed_at is None or self.seen.at - slot.missed_at < self.rules.hold_limit:
            return
        before = self.state.open[slot.slot_id]
        last_seen = self.state.last_seen(before)
        self.lapsed.update((size, slot.venue.venue_id) for size in slot.sizes)
        self.builder.close(Closing(before, slot.missed_at, last_seen, CloseReason.VANISHED, timedelta(0)))


def _recent(pair: Pair | None, judged: Judged) -> datetime | None:
    """When a pair was last observed, where it has been in sight since."""
    if pair is None or not pair.count or pair.observed_at is None:
        return None
    return pair.observed_at if judged.answer.sent_at - pair.observed_at <= judged.gap else None
