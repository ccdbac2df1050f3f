"""The reference: which openings the service has to tell, reasoned from what was served alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from tests.integration.detection.served import Page, Pair, Poll
from tests.integration.detection.starts import seconds_of
from tests.integration.detection.truth_lines import Slot

RESUME_GAP = 600.0
_EMPTY_VENUES, _MANY_SLOTS = 3, 20


class Look(msgspec.Struct, frozen=True):
    """What the last believable whole answer for a pair showed, and when it was asked for."""

    at: float
    starts: frozenset[str]
    doubtful: bool
    """The pair's first, on a page of several venues without a single table: nobody can tell it from a soft block."""


class Due(msgspec.Struct, kw_only=True):
    """An opening that was served: the service has to have told it by the end of that poll."""

    slot: Slot
    sizes: set[int]
    key: str
    page: int
    by: float
    """The end of the poll that brought it."""
    strict: bool
    """Whether the pair's answers before and with it were faultless."""
    after_doubt: bool
    """Whether every pair that proves it had only been met on an empty first page."""
    twice: bool = False
    """Whether a pair's next answer showed it again."""


class Reference:
    """Replays polls, and keeps what a careful reader of the answers knows."""

    def __init__(self) -> None:
        self.due: list[Due] = []
        self.baseline: dict[Slot, float] = {}
        """Slots that were there when their pairs were first looked at, and when that was."""
        self.perhaps_baseline: set[Slot] = set()
        """Slots that were new after a first look that was doubtful or in part: whoever does not believe that look takes them for baseline."""
        self.sizes: dict[Slot, set[int]] = defaultdict(set)
        """By slot: the party sizes whose last believable answer showed it."""
        self.suspects = 0
        """Whole answers in which so much was gone at once that they read like a soft block."""
        self.unseen_blocks: dict[Slot, set[float]] = defaultdict(set)
        """Slots hidden by a soft block over so few of them that it reads like tables taken, and the ends of those polls."""
        self._looks: dict[tuple[str, Pair], Look] = {}
        self._open: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._once: dict[tuple[str, Pair], list[Due]] = {}
        self._met_in_part: set[tuple[str, Pair]] = set()

    def take(self, polls: Iterable[Poll]) -> "Reference":
        """Replay polls in order."""
        for poll in polls:
            self._take(poll)
        return self

    # --- one poll

    def _take(self, poll: Poll) -> None:
        shown: dict[Slot, set[int]] = defaultdict(set)
        settled: dict[Pair, tuple[Page, bool]] = {}
        partly: dict[Pair, list[Page]] = defaultdict(list)
        for page in sorted(poll.pages, key=lambda one: one.at):
            if page.lie:
                self._note_lie(poll, page)
                continue
            believed = page.whole and not self._is_suspect(poll, page)
            self.suspects += page.whole and not believed
            for venue_id in filter(page.counts_for, page.shown):
                pair = (venue_id, page.size)
                if believed:
                    settled[pair] = page, self._is_doubtful(poll, page, pair)
                    partly.pop(pair, None)
                else:
                    partly[pair].append(page)
        for pair, (page, _) in settled.items():
            self._show(pair, [page], shown, poll)
        for pair, pages in partly.items():
            self._show(pair, pages, shown, poll)
        self._open_what_is_new(poll, shown, settled, partly)
        self._settle(poll, settled)
        self._met_in_part |= {(poll.key, pair) for pair in partly}

    @staticmethod
    def _show(pair: Pair, pages: Sequence[Page], shown: dict[Slot, set[int]], poll: Poll) -> None:
        for page in pages:
            for start in page.shown[pair[0]]:
                if seconds_of(start) > poll.finished:
                    shown[pair[0], start].add(pair[1])

    def _open_what_is_new(
        self,
        poll: Poll,
        shown: dict[Slot, set[int]],
        settled: dict[Pair, tuple[Page, bool]],
        partly: dict[Pair, list[Page]],
    ) -> None:
        for slot, sizes in shown.items():
            if not self.sizes[slot]:
                self._judge(poll, slot, sizes, settled, partly)
            self.sizes[slot] |= sizes
            self._open[poll.key, slot[0]].add(slot[1])

    def _judge(
        self,
        poll: Poll,
        slot: Slot,
        sizes: set[int],
        settled: dict[Pair, tuple[Page, bool]],
        partly: dict[Pair, list[Page]],
    ) -> None:
        """What the opening of a slot is: due to be told, or silent."""
        proofs: list[tuple[Pair, Page, Look]] = []
        first = after_doubt = False
        for size in sizes:
            pair = (slot[0], size)
            page = settled[pair][0] if pair in settled else partly[pair][-1]
            if slot[1] not in page.shown[slot[0]]:
                page = next(one for one in partly[pair] if slot[1] in one.shown[slot[0]])
            look = self._looks.get((poll.key, pair))
            if look is None:
                first = True
            elif page.at - look.at <= RESUME_GAP - 1.0:
                proofs.append((pair, page, look))
            else:
                after_doubt |= look.doubtful
        if not proofs:
            if first:
                self.baseline.setdefault(slot, poll.finished)
            if after_doubt or any((poll.key, (slot[0], size)) in self._met_in_part for size in sizes):
                self.perhaps_baseline.add(slot)
            return
        due = Due(
            slot=slot,
            sizes=set(sizes),
            key=poll.key,
            page=min(page.number for _, page, _ in proofs),
            by=poll.finished,
            strict=any(page.strict for _, page, _ in proofs),
            after_doubt=all(look.doubtful for _, _, look in proofs),
        )
        self.due.append(due)
        if due.after_doubt:
            self.perhaps_baseline.add(slot)
        for pair, _, _ in proofs:
            self._once.setdefault((poll.key, pair), []).append(due)

    def _settle(self, poll: Poll, settled: dict[Pair, tuple[Page, bool]]) -> None:
        for pair, (page, doubtful) in settled.items():
            venue_id, size = pair
            starts = page.shown[venue_id]
            for due in self._once.pop((poll.key, pair), []):
                due.twice = due.twice or (due.by != poll.finished and due.slot[1] in starts)
                if due.by == poll.finished:
                    self._once.setdefault((poll.key, pair), []).append(due)
            for start in list(self._open[poll.key, venue_id]):
                if start not in starts:
                    self._gone((venue_id, start), size, poll.key)
            self._looks[poll.key, pair] = Look(page.at, starts, doubtful)

    def _gone(self, slot: Slot, size: int, day: str) -> None:
        self.sizes[slot].discard(size)
        if not self.sizes[slot]:
            del self.sizes[slot]
            self._open[day, slot[0]].discard(slot[1])

    # --- what cannot be believed

    def _note_lie(self, poll: Poll, page: Page) -> None:
        if not self._is_suspect(poll, page):
            for venue_id in page.shown:
                for start in self._here(poll, page, venue_id):
                    self.unseen_blocks[venue_id, start].add(poll.finished)

    def _here(self, poll: Poll, page: Page, venue_id: str) -> set[str]:
        """What a venue was known to have for the page's party size."""
        return {
            start
            for start in self._open.get((poll.key, venue_id), ())
            if page.size in self.sizes[venue_id, start] and seconds_of(start) > poll.finished
        }

    def _is_suspect(self, poll: Poll, page: Page) -> bool:
        """Whether far too much is gone at once: such an answer is believed only when the next one says the same."""
        lost_venues = lost = were = 0
        for venue_id, starts in page.shown.items():
            here = self._here(poll, page, venue_id)
            were += len(here)
            lost += len(here - starts)
            lost_venues += bool(here - starts)
        nothing = not any(page.shown.values())
        return (nothing and lost_venues >= _EMPTY_VENUES) or (lost >= _MANY_SLOTS and 2 * lost > were)

    def _is_doubtful(self, poll: Poll, page: Page, pair: Pair) -> bool:
        before = self._looks.get((poll.key, pair))
        first = before is None or before.doubtful
        many = len(page.shown) >= _EMPTY_VENUES or not page.number
        return first and many and not any(page.shown.values())
