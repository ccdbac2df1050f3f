"""What has to hold after every poll of a generated history: the truth of the city, the plain model, and the rows agree."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tablewire.domain.events import CloseReason, Event, EventType
from tablewire.domain.rules import Rules
from tablewire.domain.slots import OpenSlot
from tablewire.domain.state import BucketState, Change
from tests.property import model as plain
from tests.property.model import Call, Model, Told, Watched
from tests.property.rules_world import SLOT_OF, STARTS, Store, Truth


@dataclass(frozen=True)
class LastWord:
    """What a pair was last believed to say, kept apart from the rules for the property of recall."""

    count: int
    sent: datetime
    shown: frozenset[str]
    doubts: int = 0


@dataclass
class Bucket:
    """One bucket: the memory under test, and the model."""

    state: BucketState
    model: Model
    words: dict[tuple[str, int], LastWord] = field(default_factory=dict)


class Witness:
    """Knows the truth, and checks what is told against it."""

    def __init__(self, truth: Truth, store: Store, rules: Rules, reached: Counter[str]) -> None:
        self._truth = truth
        self._store = store
        self._rules = rules
        self._reached = reached
        self.narrowed: set[bytes] = set()
        """Open slots that lost a party size to changed settings: what they have left is not all that was seen of them."""

    def note(self, what: str) -> None:
        """Count that a history came to something."""
        self._reached[what] += 1

    def check_told(self, change: Change, told: list[Told]) -> None:
        """The change tells just what the model tells."""
        got = sorted((_told(event) for event in change.events), key=_order)
        wanted = sorted(told, key=_order)
        assert got == wanted, f"told {got}, but the specification says {wanted}"
        kinds = [event.event_type is not EventType.CLOSED for event in change.events]
        assert kinds == sorted(kinds), "an opening came before a closing"
        for slot in change.opened:
            self.note(f"{slot.origin} opens{'' if slot.opened_at else ' silently'}")
        for event in change.events:
            if event.close_reason is not None:
                self.note(f"{event.origin} {event.close_reason}")
            self._check_shape(event)

    def _check_shape(self, event: Event) -> None:
        """What is true of every event."""
        if event.event_type is not EventType.CLOSED:
            assert event.opened_at == event.first_seen_at
            assert event.opened_after is not None
            assert event.opened_at is not None
            assert event.opened_after < event.opened_at
            return
        assert event.closed_at is not None
        assert event.last_seen_at is not None
        assert event.last_seen_at <= event.closed_at
        assert event.closed_at >= event.first_seen_at
        known = event.origin in ("drop", "reopened") and event.close_reason == CloseReason.TAKEN
        assert event.drop_duration_seconds is None or known
        if event.drop_duration_seconds is not None:
            assert event.opened_at is not None
            assert event.opened_after is not None
            low = max(0.0, (event.last_seen_at - event.opened_at).total_seconds())
            high = (event.closed_at - event.opened_after).total_seconds()
            assert low <= event.drop_duration_seconds <= high

    def check_truth(self, bucket: Bucket, change: Change, calls: list[Call], at: datetime) -> None:
        """What is told is true in the city, within the bounds that it states."""
        for event in change.events:
            venue, time = SLOT_OF[bytes.fromhex(event.slot_id)]
            if event.event_type is not EventType.CLOSED:
                assert event.opened_at is not None
                assert event.opened_after is not None
                opened = any(
                    self._truth.opened_within(venue, time, size, event.opened_after, event.opened_at)
                    for size in event.party_sizes
                )
                assert opened or self._was_fooled(bucket, venue, event.party_sizes, calls), (
                    f"{venue} {time} did not open in ({event.opened_after}, {event.opened_at}]"
                )
            elif (
                event.close_reason is CloseReason.TAKEN and bytes.fromhex(event.slot_id) not in self.narrowed
            ):
                self._check_taken(bucket, event, venue, time, at)

    def _check_taken(self, bucket: Bucket, event: Event, venue: str, time: str, at: datetime) -> None:
        assert event.last_seen_at is not None
        assert event.closed_at is not None
        was_held = bucket.state.open[bytes.fromhex(event.slot_id)].missed_at is not None
        by = at if was_held else event.closed_at
        assert any(
            self._truth.closed_within(venue, time, size, event.last_seen_at, by) for size in event.party_sizes
        ), f"{venue} {time} was not taken in ({event.last_seen_at}, {by}]"
        if was_held:
            self.note("held, then confirmed")
        elif event.drop_duration_seconds is not None:
            self._check_duration(event, venue, time)

    def _check_duration(self, event: Event, venue: str, time: str) -> None:
        """Where the slot had one party size, and opened and closed but once, its true life is known: it is within the bounds."""
        assert event.opened_after is not None
        assert event.opened_at is not None
        assert event.last_seen_at is not None
        assert event.closed_at is not None
        if len(event.party_sizes) > 1:
            return
        turns = self._truth.flips_within(
            venue, time, event.party_sizes[0], event.opened_after, event.closed_at
        )
        if len(turns) == 2:
            low = max(timedelta(0), event.last_seen_at - event.opened_at)
            assert low <= turns[1] - turns[0] <= event.closed_at - event.opened_after
            self.note("duration within its bounds")

    def _was_fooled(self, bucket: Bucket, venue: str, sizes: tuple[int, ...], calls: list[Call]) -> bool:
        """The one stated exception of precision: an empty first page that lied, and of whose venues but one or two came back."""
        for size in sizes:
            word = bucket.words.get((venue, size))
            if word is not None and word.doubts:
                backs = [_came_back(bucket, call) for call in calls if call.size == size]
                if any(0 < back < self._rules.suspect_venues for back in backs):
                    self.note("fooled by a first empty page")
                    return True
        return False

    def check_recall(
        self, bucket: Bucket, change: Change, calls: list[Call], at: datetime, gap: timedelta
    ) -> None:
        """What a whole, believable answer shows to a pair that was served without it not long ago is told at once.

        The exceptions: what was open already by another party size; a pair in its baseline; and a pair whose only answers
        were empty pages of unknown venues, of which three or more have something now (that looks like a soft block's end), or
        that were empty but once while other tables were open;
        and a pair that was not seen since something of it was closed as vanished.
        """
        told = {event.slot_id for event in change.events if event.event_type is not EventType.CLOSED}
        for (venue, size), call in _latest(bucket, calls).items():
            word = bucket.words.get((venue, size))
            if word is None or call.sent - word.sent > gap:
                continue
            if word.doubts:
                said_enough = word.doubts > 1 or not bucket.model.rows
                few_back = _came_back(bucket, call) < self._rules.suspect_venues
                if self._rules.baseline_polls > 1 or not (said_enough and few_back):
                    continue
            elif word.count < self._rules.baseline_polls:
                continue
            shown = next(hit.shown for hit in call.hits if hit.venue == venue)
            for time in shown - word.shown:
                is_new = time in bucket.model.facts and (venue, time) not in bucket.model.rows
                if is_new and STARTS[time].at > at:
                    assert _id(venue, time) in told, f"{venue} {time} opened, and nobody was told"
                    self.note("recalled")

    def check_rows(self, bucket: Bucket) -> None:
        """Memory, rows, log and model agree."""
        state, rows = bucket.state, self._store.buckets[bucket.state.key.time_slot]
        assert state.open == rows.open, "memory and rows differ"
        assert state.baseline == rows.baseline
        assert {SLOT_OF[known] for known in rows.baseline} == bucket.model.baseline
        assert {SLOT_OF[known]: _row(slot) for known, slot in rows.open.items()} == bucket.model.rows
        by_venue = [slot.slot_id for slots in state.by_venue.values() for slot in slots]
        assert sorted(by_venue) == sorted(state.open), "prev holds a slot twice, or not at all"
        assert set(state.held) == {known for known, slot in state.open.items() if slot.missed_at}
        told = {known: slot.event_id for known, slot in state.open.items() if slot.opened_at is not None}
        replayed = self._replay(bucket)
        assert replayed == told, "replaying the log does not give what is open"

    def _replay(self, bucket: Bucket) -> dict[bytes, int]:
        open_now: dict[bytes, int] = {}
        for event in self._store.log:
            if event.bucket_id == bucket.state.key.bucket_id:
                known = bytes.fromhex(event.slot_id)
                if event.event_type is EventType.CLOSED:
                    open_now.pop(known, None)
                else:
                    assert known not in open_now, "opened twice without a closing"
                    open_now[known] = event.id
        return open_now


def remember_words(bucket: Bucket, calls: list[Call], after: Model) -> None:
    """Keep what each pair was last believed to say; what showed a table that has vanished is no word any more."""
    for (venue, size), call in _latest(bucket, calls).items():
        known = after.pairs[venue, size]
        shown = next(hit.shown for hit in call.hits if hit.venue == venue)
        bucket.words[venue, size] = LastWord(known.count, call.sent, shown, known.doubts)
    for pair in list(bucket.words):
        if after.pairs.get(pair, Watched()).sent is None:
            del bucket.words[pair]


def _latest(bucket: Bucket, calls: list[Call]) -> dict[tuple[str, int], Call]:
    """By pair, the latest call that answered whole and believably, and not too late."""
    latest: dict[tuple[str, int], Call] = {}
    for call in sorted(calls, key=lambda call: (call.sent, call.arrived)):
        for hit in call.hits:
            known = bucket.model.pairs.get((hit.venue, call.size), Watched())
            is_late = known.arrived is not None and call.sent < known.arrived
            if hit.whole and not call.suspect and not is_late:
                latest[hit.venue, call.size] = call
    return latest


def _came_back(bucket: Bucket, call: Call) -> int:
    """Of how many of its venues all that was known is that they were empty, and they have something now."""
    return sum(
        1
        for hit in call.hits
        if hit.shown and (word := bucket.words.get((hit.venue, call.size))) is not None and word.doubts
    )


def _id(venue: str, time: str) -> str:
    return next(known.hex() for known, slot in SLOT_OF.items() if slot == (venue, time))


def _order(told: Told) -> tuple[str, tuple[str, str]]:
    return told.kind, told.slot


def _told(event: Event) -> Told:
    return Told(
        str(event.event_type),
        SLOT_OF[bytes.fromhex(event.slot_id)],
        str(event.origin),
        frozenset(event.party_sizes),
        event.opened_at,
        event.opened_after,
        event.first_seen_at,
        event.closed_at,
        event.last_seen_at,
        str(event.close_reason) if event.close_reason else None,
        event.drop_duration_seconds,
    )


def _row(slot: OpenSlot) -> plain.Row:
    return plain.Row(
        starts=slot.starts_at,
        off_market=slot.off_market_at,
        sizes=frozenset(slot.sizes),
        ever=frozenset(slot.ever_sizes),
        missed=frozenset(slot.missed_sizes),
        missed_at=slot.missed_at,
        origin=str(slot.origin),
        first_seen=slot.first_seen_at,
        opened_at=slot.opened_at,
        opened_after=slot.opened_after,
        seen=slot.seen_at,
    )
