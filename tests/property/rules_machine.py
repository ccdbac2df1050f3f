"""The rules under generated histories: every poll is checked against the truth of a tiny city, and against a plain model."""

import gc
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

import tablewire
from tablewire.domain.diff import Seen, compare
from tablewire.domain.endings import expire, withdraw
from tablewire.domain.guard import Judged, is_suspect
from tablewire.domain.passes import Passes
from tablewire.domain.rules import Rules
from tablewire.domain.snapshots import Answer, Outcome
from tablewire.domain.state import Change
from tests.property import model as plain
from tests.property.model import Call, Hit, Model, Watched
from tests.property.rules_checks import Bucket, Witness, remember_words
from tests.property.rules_world import (
    KEYS,
    NOON,
    PAGES,
    SIZES,
    STARTS,
    TIMES,
    VENUE_BOOK,
    VENUES,
    Adapter,
    Refused,
    Store,
    Truth,
    seconds,
)

ZONE = ZoneInfo("America/New_York")
USUAL_GAP = timedelta(minutes=10)
LONG_GAP = timedelta(minutes=30)
"""The gap of pairs that are planned to be revisited each ten minutes."""
HUGE_GAP = timedelta(hours=3)
"""The gap of pairs that are planned to be revisited each hour."""

KINDS = (
    "honest",
    "honest",
    "honest",
    "honest",
    "missing",
    "lie",
    "thin_lie",
    "broken",
    "slipped",
    "twice",
    "slow",
    "slower",
)
"""How one call goes; a slow one lands with the next poll, a slower one with the poll after it."""
WAITS = (0, 5, 30, 30, 30, 60, 300, 590, 601, 1_790, 1_801, 3_601)
"""Seconds between two steps."""

flips = st.lists(
    st.tuples(
        st.sampled_from(VENUES),
        st.sampled_from(TIMES),
        st.sampled_from(((2,), (4,), (2, 4))),
        st.integers(0, 12),
    ),
    max_size=4,
)
Flips = Sequence[tuple[str, str, tuple[int, ...], int]]
"""What changes in the city: a slot of some party sizes, so many seconds from now."""


@dataclass(frozen=True)
class Sent:
    """One call: what it answered, and what else the provider might have pretended."""

    call: Call
    lie: Call | None
    page: int
    lands_in: int = 0
    """Polls until it lands."""


class RulesMachine(RuleBasedStateMachine):
    """Histories of a tiny city and of all that can go wrong while it is watched."""

    reached: ClassVar[Counter[str]] = Counter()
    """How often histories came to what is worth coming to, over the whole run."""

    @initialize(
        baseline_polls=st.sampled_from((1, 1, 1, 2)),
        cooldown=st.sampled_from((0, 0, 20)),
        interns=st.booleans(),
        open_at_first=st.sets(st.tuples(st.sampled_from(VENUES), st.sampled_from(TIMES)), max_size=14),
    )
    def begin(
        self, baseline_polls: int, cooldown: int, interns: bool, open_at_first: set[tuple[str, str]]
    ) -> None:
        """A city with some tables free, which nobody has looked at yet."""
        self.numbers = Rules(
            zone=ZONE,
            baseline_polls=baseline_polls,
            drop_cooldown=timedelta(minutes=cooldown),
            suspect_slots=5,
        )
        self.now = NOON
        self.truth = Truth()
        self.adapter = Adapter(interns=interns)
        self.store = Store()
        self.sizes: tuple[int, ...] = SIZES
        self.opted_out: frozenset[str] = frozenset()
        self.passes = Passes()
        self.pending: list[Sent] = []
        self.witness = Witness(self.truth, self.store, self.numbers, self.reached)
        for venue, time in sorted(open_at_first):
            for size in SIZES:
                self.truth.flip(venue, time, size, NOON - seconds(60))
        model_numbers = plain.Numbers(
            baseline_polls=baseline_polls,
            cooldown=timedelta(minutes=cooldown),
            expiry_lead=timedelta(minutes=15),
            hold_limit=timedelta(hours=1),
            vanish_passes=3,
            vanish_after=timedelta(hours=1),
            suspect_venues=3,
            suspect_slots=5,
            empty_proofs=3,
        )
        self.buckets = {
            part: Bucket(
                self.store.load(part),
                Model(
                    model_numbers,
                    {
                        time: plain.SlotFacts(start.at, start.off_market)
                        for time, start in STARTS.items()
                        if start.time_slot == part
                    },
                ),
            )
            for part in KEYS
        }

    # --- what happens

    @rule(
        wait=st.sampled_from(WAITS),
        kinds=st.tuples(*[st.sampled_from(KINDS)] * 4),
        flips=flips,
        delays=st.tuples(*[st.integers(0, 5)] * 4),
        single=st.none() | st.tuples(st.sampled_from(VENUES), st.sampled_from(SIZES)),
        which=st.integers(0, 15),
        gap=st.sampled_from((USUAL_GAP, USUAL_GAP, LONG_GAP, HUGE_GAP)),
        commits=st.tuples(*[st.sampled_from(("ok", "ok", "ok", "ok", "fails", "twice"))] * 2),
    )
    def poll(
        self,
        wait: int,
        kinds: tuple[str, ...],
        flips: Flips,
        delays: tuple[int, ...],
        single: tuple[str, int] | None,
        which: int,
        gap: timedelta,
        commits: tuple[str, str],
    ) -> None:
        """One poll of the date: calls, some of which go wrong, while tables come and go."""
        self._poll(wait, kinds, flips, delays, single, which, gap, commits)

    @rule(
        wait=st.sampled_from((30, 30, 60)),
        flips=flips,
        rounds=st.integers(1, 4),
    )
    def quiet_polls(self, wait: int, flips: Flips, rounds: int) -> None:
        """Some polls in which all goes well."""
        for number in range(rounds):
            todo = flips if number == 0 else []
            self._poll(wait, ("honest",) * 4, todo, (1, 1, 1, 1), None, 0, USUAL_GAP, ("ok", "ok"))

    @rule(
        gap=st.sampled_from((LONG_GAP, HUGE_GAP)),
        lost=st.sampled_from(("lie", "slipped", "missing")),
        wait=st.sampled_from((601, 1_790, 1_801)),
    )
    def bad_hour(self, lost: str, wait: int, gap: timedelta) -> None:
        """The first page goes wrong for a long while: a soft block, or venues that do not come up."""
        for _ in range(4):
            self._poll(wait, (lost, "honest", lost, "honest"), [], (0, 0, 0, 0), None, 15, gap, ("ok", "ok"))

    @rule(venue=st.sampled_from(VENUES), time=st.sampled_from(TIMES), size=st.sampled_from(SIZES))
    def flicker(self, venue: str, time: str, size: int) -> None:
        """A table comes, goes and comes again as fast as it can be seen."""
        for _ in range(3):
            self._poll(
                0,
                ("honest",) * 4,
                [(venue, time, (size,), 0)],
                (0, 0, 0, 0),
                None,
                0,
                USUAL_GAP,
                ("ok", "ok"),
            )

    @rule(venue=st.sampled_from(VENUES), size=st.sampled_from(SIZES), comes_back=st.booleans())
    def sell_out(self, venue: str, size: int, comes_back: bool) -> None:
        """A venue asked for by itself has nothing left, and perhaps all of it again later."""
        gone = sorted(self.truth.shown(venue, size, self.now))
        for _ in range(2 if comes_back else 1):
            flips = [(venue, time, (size,), 0) for time in gone]
            self._poll(5, ("missing",) * 4, flips, (0, 0, 0, 0), (venue, size), 0, USUAL_GAP, ("ok", "ok"))

    @rule(wait=st.sampled_from((*WAITS, 5_400)), flips=flips)
    def pass_time(self, wait: int, flips: Flips) -> None:
        """Time passes unwatched, and the clock closes what has started."""
        self._flip(flips)
        self.now += seconds(wait + 13)
        for bucket in self.buckets.values():
            change = expire(bucket.state, self.now, self.numbers)
            after, told = bucket.model.expire(self.now)
            assert (change is None) == (not told)
            if change is not None:
                self.witness.check_told(change, told)
                self._commit(bucket, change, after, "ok")

    @rule(
        saved=st.booleans(),
        sizes=st.sampled_from((SIZES, SIZES, SIZES, (2,), (4,))),
        opted_out=st.sampled_from(
            (frozenset(), frozenset(), frozenset(), frozenset({"e"}), frozenset({"a"}))
        ),
    )
    def restart(self, saved: bool, sizes: tuple[int, ...], opted_out: frozenset[str]) -> None:
        """The service starts anew from what is stored, perhaps with other settings."""
        self.witness.note("restart")
        for part, bucket in self.buckets.items():
            if saved:
                self.store.observe(bucket.state)
            known = bucket.state.open
            bucket.state = self.store.load(part)
            assert bucket.state.open == known, "a restart changed what is open"
            bucket.model.pairs = {
                (venue, size): Watched(count, observed_at)
                for (size, venue), (count, observed_at) in self.store.buckets[part].pairs.items()
            }
            bucket.words = {
                pair: replace(word, count=watched.count, sent=watched.sent)
                for pair, word in bucket.words.items()
                if (watched := bucket.model.pairs.get(pair)) and watched.sent
            }
        self.sizes, self.opted_out = sizes, opted_out
        self.passes, self.pending = Passes(), []
        self._withdraw()

    @rule()
    def save_observations(self) -> None:
        """The lazy save of when pairs were observed."""
        for bucket in self.buckets.values():
            self.store.observe(bucket.state)

    # --- how it happens

    def _withdraw(self) -> None:
        for bucket in self.buckets.values():
            sizes = frozenset(self.sizes)
            change = withdraw(bucket.state, self.now, self.numbers, sizes=sizes, opted_out=self.opted_out)
            if not sizes.issuperset(SIZES):
                self.witness.note("settings narrowed")
            self.witness.narrowed |= {
                known for known, slot in bucket.state.open.items() if not sizes.issuperset(slot.sizes)
            }
            after, told = bucket.model.withdraw(self.now, self.sizes, self.opted_out)
            if change is None:
                assert not told
                bucket.model = after
            else:
                self.witness.check_told(change, told)
                self._commit(bucket, change, after, "ok")
            bucket.state.pairs = {size: pairs for size, pairs in bucket.state.pairs.items() if size in sizes}
            for of_size in bucket.state.pairs.values():
                for venue in self.opted_out:
                    of_size.pop(venue, None)
            bucket.words = {
                (venue, size): word
                for (venue, size), word in bucket.words.items()
                if size in self.sizes and venue not in self.opted_out
            }
        self.store.forget_pairs(sizes=self.sizes, venues=self.opted_out)

    def _flip(self, flips: Flips) -> None:
        for venue, time, sizes, after in flips:
            for size in sizes:
                self.truth.flip(venue, time, size, self.now + seconds(after))

    def _poll(
        self,
        wait: int,
        kinds: tuple[str, ...],
        flips: Flips,
        delays: tuple[int, ...],
        single: tuple[str, int] | None,
        which: int,
        gap: timedelta,
        commits: tuple[str, str],
    ) -> None:
        self.now += seconds(wait)
        self._flip(flips)
        landed = self._land()
        calls = [(size, page) for size in SIZES for page in PAGES]
        for number, ((size, page), kind, delay) in enumerate(zip(calls, kinds, delays, strict=True)):
            if size in self.sizes:
                landed += self._send(size, page, kind, self.now + seconds(number / 2), delay, which)
        if single is not None and single[1] in self.sizes and single[0] not in self.opted_out:
            landed.append(self._ask_one(single[0], single[1], self.now + seconds(2.5)))
        at = max([self.now, *(sent.call.arrived for sent in landed)]) + seconds(1)
        self._compare(at, [self._believe(sent, at) for sent in landed], gap, commits)
        self.now = at + seconds(5)

    def _land(self) -> list[Sent]:
        nearer = [replace(late, lands_in=late.lands_in - 1) for late in self.pending]
        self.pending = [late for late in nearer if late.lands_in]
        arrived = self.now + seconds(1)
        return [
            replace(late, call=replace(late.call, arrived=arrived)) for late in nearer if not late.lands_in
        ]

    def _send(self, size: int, page: int, kind: str, sent: datetime, delay: int, which: int) -> list[Sent]:
        if kind == "missing":
            return []
        venues = [venue for venue in PAGES[page] if venue not in self.opted_out]
        if page == 2 and which % 2:
            venues.insert(0, "a")
        if kind == "slipped":
            venues = [venue for number, venue in enumerate(venues) if not which >> number & 1]
        evaluated = sent + seconds(delay)
        hits = tuple(Hit(venue, self.truth.shown(venue, size, evaluated)) for venue in venues)
        if kind == "broken":
            hits = tuple(self._break(hit, which >> number & 1) for number, hit in enumerate(hits))
        call = Call(size, sent, evaluated + seconds(1), hits)
        lie = None
        if kind in ("lie", "thin_lie"):
            kept = 0 if kind == "lie" else 1
            told = tuple(replace(hit, shown=frozenset()) if n >= kept else hit for n, hit in enumerate(hits))
            lie = replace(call, hits=told)
        made = Sent(call, lie, page)
        if kind in ("slow", "slower"):
            self.pending.append(replace(made, lands_in=1 if kind == "slow" else 2))
            return []
        if kind == "twice":
            return [made, *self._send(size, page, "honest", sent + seconds(1.5), delay, which)]
        return [made]

    def _ask_one(self, venue: str, size: int, sent: datetime) -> Sent:
        hit = Hit(venue, self.truth.shown(venue, size, sent))
        return Sent(Call(size, sent, sent + seconds(1), (hit,), one_venue=True), None, 1)

    @staticmethod
    def _break(hit: Hit, is_broken: int) -> Hit:
        """A hit of which only the first slots can be understood."""
        if not is_broken:
            return hit
        readable = frozenset(sorted(hit.shown)[: len(hit.shown) // 2 + 1])
        return Hit(hit.venue, readable, whole=False)

    def _believe(self, sent: Sent, at: datetime) -> Sent:
        """Let the provider lie only where a lie can be told from the truth: where it hides enough to be noticed."""
        models = [bucket.model for bucket in self.buckets.values()]
        call = sent.call
        if sent.lie is not None and self._can_be_noticed(sent.lie, call, models, at):
            self.witness.note("lie")
            call = sent.lie
        return Sent(replace(call, suspect=plain.is_suspect(call, models, at)), sent.lie, sent.page)

    @staticmethod
    def _can_be_noticed(lie: Call, honest: Call, models: list[Model], at: datetime) -> bool:
        if plain.is_suspect(lie, models, at):
            return True
        return all(
            model.is_doubtful(lie, model.pairs.get((hit.venue, lie.size), Watched()), alive=True)
            for model in models
            for hit in honest.hits
            if any(time in model.facts for time in hit.shown)
        )

    def _compare(self, at: datetime, sent: list[Sent], gap: timedelta, commits: tuple[str, str]) -> None:
        answers = [self._answer(one) for one in sent]
        passes = self.passes.take(answers)
        states = [bucket.state for bucket in self.buckets.values()]
        judged = [Judged(answer, is_suspect(answer, states, at, self.numbers), gap) for answer in answers]
        assert [one.suspect for one in judged] == [one.call.suspect for one in sent], (
            "the guard judged otherwise"
        )
        seen = Seen(at=at, answers=judged, venues=VENUE_BOOK, outcome=Outcome.OK, passes=passes)
        calls = [one.call for one in sent]
        for bucket, how in zip(self.buckets.values(), commits, strict=True):
            change = compare(bucket.state, seen, self.numbers)
            after, told = bucket.model.poll(at, calls, gap, passes)
            self.witness.check_told(change, told)
            self.witness.check_truth(bucket, change, calls, at)
            self.witness.check_recall(bucket, change, calls, at, gap)
            if how != "fails":
                remember_words(bucket, calls, after)
            self._commit(bucket, change, after, how)

    def _answer(self, sent: Sent) -> Answer:
        call = sent.call
        return Answer(
            party_size=call.size,
            sent_at=call.sent,
            arrived_at=call.arrived,
            venues=tuple(
                self.adapter.answer(call.size, hit.venue, hit.shown, whole=hit.whole) for hit in call.hits
            ),
            page=sent.page,
            total_pages=1 if call.one_venue else len(PAGES),
            one_venue=call.one_venue,
        )

    def _commit(self, bucket: Bucket, change: Change, after: Model, how: str) -> None:
        if how == "fails":
            return
        stored = self.store.record(change)
        self.witness.narrowed.difference_update(change.closed)
        bucket.state.apply(change, stored)
        bucket.model = after
        if how == "twice":
            self._store_again(change)
        self.witness.check_rows(bucket)

    def _store_again(self, change: Change) -> None:
        assert not self.store.insert_again(change), "a repeat was taken for something new"
        try:
            self.store.record(change)
        except Refused:
            return
        raise AssertionError("the same poll was stored twice")


def run(examples: int, steps: int, *, fixed: bool, shrinks: bool = True) -> None:
    """Run so many histories; `fixed` ones are the same each time."""
    phases = (Phase.explicit, Phase.generate, *((Phase.shrink,) if shrinks else ()))
    run_state_machine_as_test(
        RulesMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=fixed,
            database=None,
            deadline=None,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


def main(examples: int, steps: int, *, shrinks: bool) -> int:
    """Run fixed histories against whatever rules are on the path; 3 says that a property does not hold."""
    say = sys.stdout.write
    say(f"rules from {Path(tablewire.__file__).parents[1]}\n")
    gc.freeze()  # the modules stay, so nothing is to be found among them
    try:
        run(examples, steps, fixed=True, shrinks=shrinks)
    except Exception:  # noqa: BLE001 - a wrong rule may break in any way once it runs
        say(f"found: {traceback.format_exc()}\n")
        return 3
    say("".join(f"came to: {what}\n" for what in RulesMachine.reached))
    return 0
