"""The rules of discovery once more, slow and plain, written from the specification to check the fast ones by."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

Slot = tuple[str, str]
"""(venue id, actual time)."""
Standing = Literal["first", "stale", "fresh"]


@dataclass(frozen=True)
class Numbers:
    """The numbers that the rules turn on."""

    baseline_polls: int
    cooldown: timedelta
    expiry_lead: timedelta
    hold_limit: timedelta
    vanish_passes: int
    vanish_after: timedelta
    suspect_venues: int
    suspect_slots: int
    empty_proofs: int


@dataclass(frozen=True)
class Hit:
    """What a call says of one venue."""

    venue: str
    shown: frozenset[str]
    whole: bool = True


@dataclass(frozen=True)
class Call:
    """One answered call for one party size."""

    size: int
    sent: datetime
    arrived: datetime
    hits: tuple[Hit, ...]
    one_venue: bool = False
    suspect: bool = False

    @property
    def empty(self) -> bool:
        """Whether it shows no slot at all."""
        return not any(hit.shown for hit in self.hits)


@dataclass(frozen=True)
class Watched:
    """What is remembered of one (venue, party size)."""

    count: int = 0
    sent: datetime | None = None
    arrived: datetime | None = None
    doubts: int = 0
    misses: int = 0


@dataclass(frozen=True)
class Row:
    """One open slot."""

    starts: datetime
    off_market: datetime | None
    sizes: frozenset[int]
    ever: frozenset[int]
    missed: frozenset[int]
    missed_at: datetime | None
    origin: str
    first_seen: datetime
    opened_at: datetime | None
    opened_after: datetime | None
    seen: datetime


@dataclass(frozen=True)
class Told:
    """One event, as far as the rules decide it."""

    kind: str
    slot: Slot
    origin: str
    sizes: frozenset[int]
    opened_at: datetime | None
    opened_after: datetime | None
    first_seen: datetime
    closed_at: datetime | None = None
    last_seen: datetime | None = None
    reason: str | None = None
    duration: float | None = None


@dataclass(frozen=True)
class SlotFacts:
    """What is fixed about a slot."""

    starts: datetime
    off_market: datetime | None


@dataclass
class Model:
    """One bucket at one provider. Every verb answers the bucket afterwards, and what is told; the old one is left as it is."""

    numbers: Numbers
    facts: Mapping[str, SlotFacts]
    """The starts of this bucket, by actual time."""
    rows: dict[Slot, Row] = field(default_factory=dict)
    baseline: frozenset[Slot] = frozenset()
    pairs: dict[tuple[str, int], Watched] = field(default_factory=dict)
    drops: dict[Slot, datetime] = field(default_factory=dict)

    def copy(self) -> "Model":
        """The same bucket, to be changed."""
        return replace(self, rows=dict(self.rows), pairs=dict(self.pairs), drops=dict(self.drops))

    def own_time(self, row: Row) -> datetime:
        """From when on a slot goes by itself."""
        lead = row.starts - self.numbers.expiry_lead
        return min(lead, row.off_market) if row.off_market else lead

    def last_seen(self, slot: Slot) -> datetime:
        """When the last call that showed a slot was sent, as far as it is remembered."""
        row = self.rows[slot]
        pairs = [self.pairs[slot[0], size] for size in row.sizes if (slot[0], size) in self.pairs]
        return max([row.seen, *(pair.sent for pair in pairs if pair.count and pair.sent)])

    def is_doubtful(self, call: Call, pair: Watched, *, alive: bool) -> bool:
        """Whether an empty page is no proof yet: nothing is known of its venues, and all of them are empty."""
        is_short = len(call.hits) < self.numbers.suspect_venues and not call.one_venue
        if pair.count or not call.empty or is_short:
            return False
        return not alive or pair.doubts + 1 < self.numbers.empty_proofs

    def doubts_were_unfounded(self, call: Call) -> bool:
        """Whether only few of the venues whose emptiness was doubted have anything now."""
        back = 0
        for hit in call.hits:
            pair = self.pairs.get((hit.venue, call.size), Watched())
            back += bool(hit.shown and pair.doubts and not pair.count)
        return back < self.numbers.suspect_venues

    def standing(self, call: Call, pair: Watched, gap: timedelta) -> Standing:
        """What this answer can prove for the pair."""
        said = pair.doubts >= (2 if self.rows else 1)
        believed = self.numbers.baseline_polls == 1 and said and self.doubts_were_unfounded(call)
        if pair.count < self.numbers.baseline_polls and not believed:
            return "first"
        return "stale" if pair.sent is None or call.sent - pair.sent > gap else "fresh"

    def expire(self, at: datetime) -> tuple["Model", list[Told]]:
        """The clock passes starts."""
        after, told = self.copy(), []
        for slot, row in self.rows.items():
            if row.starts <= at:
                told.append(self._closed(slot, row, row.starts, self.last_seen(slot), "expired"))
                del after.rows[slot]
        return after, told

    def withdraw(
        self, at: datetime, sizes: Iterable[int], opted_out: Iterable[str]
    ) -> tuple["Model", list[Told]]:
        """Settings change."""
        after, told = self.expire(at)
        for slot, row in list(after.rows.items()):
            left = frozenset() if slot[0] in opted_out else row.sizes & frozenset(sizes)
            seen = self.last_seen(slot)
            if not left:
                told.append(self._closed(slot, row, at, seen, "withdrawn"))
                del after.rows[slot]
            elif left != row.sizes:
                missed = row.missed & left
                held = (row.missed_at or at) if missed == left else None
                after.rows[slot] = replace(row, sizes=left, missed=missed, missed_at=held, seen=seen)
        after.pairs = {
            (venue, size): pair
            for (venue, size), pair in self.pairs.items()
            if size in sizes and venue not in opted_out
        }
        return after, told

    def poll(
        self, at: datetime, calls: Iterable[Call], gap: timedelta, passes: Mapping[int, frozenset[str]]
    ) -> tuple["Model", list[Told]]:
        """A snapshot is compared."""
        return _Poll(self, at, gap).run(list(calls), passes)

    def _closed(self, slot: Slot, row: Row, at: datetime, seen: datetime, reason: str) -> Told:
        return Told(
            "CLOSED",
            slot,
            row.origin,
            row.ever,
            row.opened_at,
            row.opened_after,
            row.first_seen,
            at,
            seen,
            reason,
        )


def is_suspect(call: Call, buckets: Iterable[Model], at: datetime) -> bool:
    """Whether an answer is too bad to be believed, judged over all buckets of its date."""
    would_clear: list[Slot] = []
    answered_for = said_before = 0
    numbers = None
    for bucket in buckets:
        numbers = bucket.numbers
        for slot, row in bucket.rows.items():
            if call.size not in row.sizes or at >= bucket.own_time(row):
                continue
            for hit in call.hits:
                if hit.venue == slot[0]:
                    answered_for += 1
                    if hit.whole and slot[1] not in hit.shown:
                        would_clear.append(slot)
                        said_before += call.size in row.missed
    if not would_clear or numbers is None:
        return False
    emptied = len({venue for venue, _ in would_clear}) if call.empty else 0
    news = len(call.hits) >= numbers.suspect_venues and said_before < len(would_clear)
    if emptied >= numbers.suspect_venues or (emptied and news):
        return True
    if call.one_venue and len(would_clear) == answered_for > 1:
        return True
    return len(would_clear) >= numbers.suspect_slots and len(would_clear) > answered_for / 2


class _Poll:
    """One snapshot at work in one bucket."""

    def __init__(self, model: Model, at: datetime, gap: timedelta) -> None:
        self.before = model
        self.after = model.copy()
        self.at = at
        self.gap = gap
        self.sizes = {slot: set(row.sizes) for slot, row in model.rows.items()}
        self.missed = {slot: set(row.missed) for slot, row in model.rows.items()}
        self.seen = {slot: row.seen for slot, row in model.rows.items()}
        self.proofs: defaultdict[Slot, list[tuple[Standing, datetime | None]]] = defaultdict(list)
        self.shown_at: defaultdict[Slot, list[datetime]] = defaultdict(list)
        self.observed: set[tuple[str, int]] = set()
        self.vanished: dict[Slot, datetime] = {}

    def run(self, calls: list[Call], passes: Mapping[int, frozenset[str]]) -> tuple[Model, list[Told]]:
        alive = any(not call.empty for call in calls)
        for (venue, size), said in self._evidence(calls).items():
            self._pair(venue, size, said, alive=alive)
        for size, met in passes.items():
            self._miss_in_pass(size, met)
        told = self._close()
        return self.after, told + self._open()

    def _evidence(self, calls: list[Call]) -> dict[tuple[str, int], list[tuple[Hit, Call]]]:
        """What counts of each pair: its latest believable answer, and what was readable after it."""
        all_said: dict[tuple[str, int], list[tuple[Hit, Call]]] = {}
        for call in sorted(calls, key=lambda call: (call.sent, call.arrived)):
            for hit in call.hits:
                pair = self.before.pairs.get((hit.venue, call.size), Watched())
                if pair.arrived is not None and call.sent < pair.arrived:
                    continue
                said = all_said.setdefault((hit.venue, call.size), [])
                if hit.whole and not call.suspect:
                    said.clear()
                said.append((hit, call))
        return all_said

    def _pair(self, venue: str, size: int, said: list[tuple[Hit, Call]], *, alive: bool) -> None:
        pair = self.before.pairs.get((venue, size), Watched())
        believed = said[0][0].whole and not said[0][1].suspect
        known = pair
        for number, (hit, call) in enumerate(said):
            observes = believed and number == 0
            doubt = observes and self.before.is_doubtful(call, pair, alive=alive)
            self._show(venue, size, hit, call, pair)
            if hit.whole and (observes or not believed):
                self._not_shown(venue, size, hit, pair, clears=observes and not doubt)
            if observes:
                self.observed.add((venue, size))
                count, doubts = (pair.count, pair.doubts + 1) if doubt else (pair.count + 1, 0)
                known = Watched(count, call.sent, call.arrived, doubts)
            else:
                known = replace(known, arrived=max(call.arrived, known.arrived or call.arrived))
        self.after.pairs[venue, size] = known

    def _show(self, venue: str, size: int, hit: Hit, call: Call, pair: Watched) -> None:
        standing = self.before.standing(call, pair, self.gap)
        for time in hit.shown:
            slot = (venue, time)
            if time not in self.before.facts or self.before.facts[time].starts <= self.at:
                continue
            sizes, missed = self.sizes.setdefault(slot, set()), self.missed.setdefault(slot, set())
            if slot not in self.before.rows:
                self.proofs[slot].append((standing, pair.sent))
                self.shown_at[slot].append(call.sent)
            elif size not in sizes or size in missed:
                self.shown_at[slot].append(call.sent)
            sizes.add(size)
            missed.discard(size)

    def _not_shown(self, venue: str, size: int, hit: Hit, pair: Watched, *, clears: bool) -> None:
        for slot, row in self.before.rows.items():
            if slot[0] != venue or size not in row.sizes or slot[1] in hit.shown:
                continue
            if not clears:
                self.missed[slot].add(size)
                continue
            self.sizes[slot].discard(size)
            self.missed[slot].discard(size)
            if pair.count and pair.sent:
                self.seen[slot] = max(self.seen[slot], pair.sent)

    def _miss_in_pass(self, size: int, met: frozenset[str]) -> None:
        with_size = [slot for slot, row in self.before.rows.items() if size in row.sizes]
        for venue in sorted({slot[0] for slot in with_size} - met):
            if (venue, size) in self.observed:
                continue
            misses = self.before.pairs.get((venue, size), Watched()).misses + 1
            now = self.after.pairs.get((venue, size), Watched())
            self.after.pairs[venue, size] = replace(now, misses=misses)
            if misses < self.before.numbers.vanish_passes:
                continue
            for slot in with_size:
                last = self.before.last_seen(slot)
                if slot[0] == venue and self.at - last >= self.before.numbers.vanish_after:
                    self.sizes[slot].discard(size)
                    self.missed[slot].discard(size)
                    self.seen[slot] = last
                    self.vanished[slot] = max(last, self.before.rows[slot].first_seen)
                    self._lapse(venue, size)

    def _lapse(self, venue: str, size: int) -> None:
        """What the pair said last no longer stands: it showed what has vanished."""
        pair = self.after.pairs.get((venue, size))
        if pair is not None:
            self.after.pairs[venue, size] = replace(pair, sent=None)

    def _close(self) -> list[Told]:
        told = []
        for slot, row in self.before.rows.items():
            closing = self._closing(slot, row)
            if closing is not None:
                told.append(closing)
                del self.after.rows[slot]
        return told

    def _closing(self, slot: Slot, row: Row) -> Told | None:
        before, sizes, missed = self.before, frozenset(self.sizes[slot]), frozenset(self.missed[slot])
        if row.starts <= self.at:
            return before._closed(slot, row, row.starts, before.last_seen(slot), "expired")
        seen = max(self.seen[slot], before.last_seen(slot))
        if not sizes and slot in self.vanished:
            return before._closed(slot, row, self.vanished[slot], seen, "vanished")
        if not sizes:
            at = row.missed_at or self.at
            reason = "expired" if at >= before.own_time(row) else "taken"
            told = before._closed(slot, row, at, seen, reason)
            if reason == "taken" and row.opened_at is not None and at - seen <= self.gap:
                told = replace(told, duration=round((at - row.opened_at).total_seconds(), 3))
            return told
        held = (row.missed_at or self.at) if sizes == missed else None
        if held is not None and self.at - held >= before.numbers.hold_limit:
            for size in sizes:
                self._lapse(slot[0], size)
            return before._closed(slot, row, held, before.last_seen(slot), "vanished")
        kept_seen = self.seen[slot]
        if sizes - row.sizes:
            kept_seen = max([kept_seen, *self.shown_at[slot]])
        self.after.rows[slot] = replace(
            row, sizes=sizes, ever=row.ever | sizes, missed=missed, missed_at=held, seen=kept_seen
        )
        return None

    def _open(self) -> list[Told]:
        told = []
        for slot, proofs in self.proofs.items():
            standings = {standing for standing, _ in proofs}
            in_baseline = slot in self.before.baseline
            last = self.before.drops.get(slot)
            cooling = last is not None and self.at - last < self.before.numbers.cooldown
            if "fresh" in standings:
                origin = "reopened" if in_baseline or cooling else "drop"
            elif "first" in standings:
                origin = "baseline"
                self.after.baseline |= {slot}
            else:
                origin = "after_gap"
            is_told = origin in ("drop", "reopened")
            fresh = [sent for standing, sent in proofs if standing == "fresh" and sent is not None]
            facts = self.before.facts[slot[1]]
            row = Row(
                starts=facts.starts,
                off_market=facts.off_market,
                sizes=frozenset(self.sizes[slot]),
                ever=frozenset(self.sizes[slot]),
                missed=frozenset(),
                missed_at=None,
                origin=origin,
                first_seen=self.at,
                opened_at=self.at if is_told else None,
                opened_after=max(fresh) if is_told else None,
                seen=max(self.shown_at[slot]),
            )
            self.after.rows[slot] = row
            if origin == "drop":
                self.after.drops[slot] = self.at
            if is_told:
                kind = "NEW_DROP" if origin == "drop" else "REOPENED"
                told.append(Told(kind, slot, origin, row.sizes, self.at, row.opened_after, self.at))
        return told
