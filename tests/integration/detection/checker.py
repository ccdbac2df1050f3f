"""The checker: holds every event against the truth and the provider's log, and counts what was right, late, invented or left out."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from hashlib import blake2b

from tablewire.domain.events import Event
from tests.integration.detection.reference import Due, Reference
from tests.integration.detection.served import Poll, polls_of
from tests.integration.detection.starts import key_of, part_of, seconds_of, service_date
from tests.integration.detection.truth_lines import SOON, Slot, Truth
from tests.integration.detection.verdict import Found, Verdict
from tests.integration.detection.world import Run, Told

_MILLISECOND = 0.001


class Checker:
    """Holds one run against its truth."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._truth = Truth(run)
        self._polls = list(polls_of(run))
        self._reference = Reference().take(self._polls)
        self._by_end: dict[tuple[str, float], Poll] = {
            (poll.key, poll.finished): poll for poll in self._polls
        }
        self._ends = _ends(self._polls)
        self._open: dict[str, Event] = {}
        self._hidden: set[Slot] = set()
        self._was_told: dict[Slot, list[tuple[float, float]]] = defaultdict(list)
        self.verdict = Verdict(cycles=run.schedule.cycles, calls=len(run.requests))

    def check(self) -> Verdict:
        """Everything there is to check."""
        self.verdict.faults.update(record.fault for record in self._run.requests if record.fault is not None)
        self._check_log()
        self._check_what_was_served()
        for told in self._run.told:
            self.verdict.kinds[told.event.event_type.value] += 1
            if told.event.close_reason is not None:
                self.verdict.kinds[told.event.close_reason.value] += 1
                self._check_closing(told)
            else:
                self._check_opening(told)
        self._check_recall()
        self._check_memory()
        return self.verdict

    def _wrong(self, event: Event, what: str) -> None:
        self.verdict.faults_found.append(
            f"{event.event_type} {event.id} of {_slot(event)} {event.party_sizes}: {what}"
        )

    # --- the log as such

    def _check_log(self) -> None:
        if self._run.stored != [told.event for told in self._run.told]:
            self.verdict.faults_found.append("what is stored is not what was told")

    def _check_what_was_served(self) -> None:
        """The truth and the provider's log agree: what was listed was open while the answer was made."""
        for poll in self._polls:
            for page in poll.pages:
                for venue_id, starts in page.shown.items():
                    for start in starts:
                        if not self._truth.was_open((venue_id, start), page.size, page.at, page.finished):
                            self.verdict.faults_found.append(f"served, but never open: {venue_id} {start}")

    # --- openings

    def _check_opening(self, told: Told) -> None:
        event, verdict = told.event, self.verdict
        verdict.openings += 1
        self._check_names(event)
        if event.slot_id in self._open:
            verdict.repeats += 1
            self._wrong(event, "told again without a closing between")
        self._open[event.slot_id] = event
        poll = self._poll_of(event)
        if poll is None or event.opened_at is None or event.opened_after is None:
            self._wrong(event, "opened_at is not the end of a poll, or a bound is missing")
            return
        opened_at, after = event.opened_at.timestamp(), event.opened_after.timestamp()
        self._check_sizes(event, poll)
        self._check_kind(event, opened_at)
        slot = _slot(event)
        if not any(self._truth.was_open(slot, size, poll.began, opened_at) for size in event.party_sizes):
            verdict.false_openings += 1
            self._wrong(event, "it was not open during the poll")
            return
        openings = self._truth.openings(slot, event.party_sizes, after, opened_at)
        if not openings and (slot in self._hidden or self._bound_is_a_block(event, after, opened_at)):
            verdict.unseen_openings += 1
            return
        if not openings:
            verdict.false_openings += 1
            self._wrong(event, "it did not open between its bounds")
            return
        page, interval = self._planned(event, poll)
        verdict.found.append(Found(page, told.at - openings[-1], interval))

    def _bound_is_a_block(self, event: Event, after: float, opened_at: float) -> bool:
        """Whether its lower bound was set by a soft block over a page that had nothing to lose: nobody can tell that one.

        It has to have opened since the last honest look, all the same.
        """
        slot = _slot(event)
        looks = [
            page
            for poll in self._ends.get(self._key(event), ())
            for page in poll.pages
            if page.size in event.party_sizes and page.counts_for(slot[0]) and page.at <= after + SOON
        ]
        honest = max((page.at for page in looks if page.whole and not page.lie), default=0.0)
        return any(page.lie and abs(page.at - after) < SOON for page in looks) and bool(
            self._truth.openings(slot, event.party_sizes, honest, opened_at)
        )

    def _check_names(self, event: Event) -> None:
        venue_id, actual = _slot(event)
        named = f"{self._run.provider}|{venue_id}|{actual}"
        wanted = blake2b(named.encode(), digest_size=16).hexdigest()
        day, part = service_date(actual), part_of(actual)
        found = (event.slot_id, event.venue_name, event.service_date, event.bucket_id, event.time_bucket)
        time_bucket = "prime" if part == "19:00" else "off_peak"
        name = " ".join(self._run.names[self._run.provider, venue_id].split())
        if found != (wanted, name, day, f"{day}_{part}", time_bucket):
            self._wrong(event, f"it does not say what it is: {found}")

    def _check_sizes(self, event: Event, poll: Poll) -> None:
        """Its party sizes are those that were served with it, no more; and no fewer than the last whole answers showed."""
        venue_id, start = _slot(event)
        ever: set[int] = set()
        last: dict[int, bool] = {}
        for page in poll.pages:
            if page.counts_for(venue_id):
                if start in page.shown[venue_id]:
                    ever.add(page.size)
                if page.whole:
                    last[page.size] = start in page.shown[venue_id]
        sizes = set(event.party_sizes)
        if not sizes <= ever or not {size for size, shown in last.items() if shown} <= sizes:
            self._wrong(event, f"served for {sorted(ever)}, last for {last}")

    def _check_kind(self, event: Event, opened_at: float) -> None:
        """A drop was not there when its venue was first looked at; what came back was."""
        if _slot(event) in self._reference.perhaps_baseline:
            return
        since = self._reference.baseline.get(_slot(event))
        in_baseline = since is not None and since < opened_at
        if in_baseline != (event.event_type == "REOPENED"):
            self._wrong(event, f"in baseline: {in_baseline}")

    # --- closings

    def _check_closing(self, told: Told) -> None:
        event, verdict = told.event, self.verdict
        verdict.closings += 1
        opening = self._open.pop(event.slot_id, None)
        if (opening is None) != (event.opened_at is None):
            self._wrong(event, "its opening is not the one that was told")
        if opening is not None and opening.opened_at is not None:
            self._was_told[_slot(event)].append((opening.opened_at.timestamp(), told.at))
        if event.closed_at is None or event.last_seen_at is None or event.last_seen_at > event.closed_at:
            self._wrong(event, "its bounds make no sense")
            return
        closed_at, last_seen = event.closed_at.timestamp(), event.last_seen_at.timestamp()
        known_at = self._known_at(event, told.at)
        verdict.held += closed_at < known_at - SOON and event.close_reason == "taken"
        until = max(closed_at, known_at)
        did_close = self._did_close(event, last_seen, until)
        self._hidden.discard(_slot(event))
        if not did_close and self._was_hidden(event, until):
            self._hidden.add(_slot(event))
            verdict.unseen_closings += 1
        elif not did_close:
            verdict.false_closings += 1
            self._wrong(event, f"it did not close between {event.last_seen_at} and {event.closed_at}")
        self._check_duration(event, opening)

    def _did_close(self, event: Event, last_seen: float, until: float) -> bool:
        """For each party size that it had, it was gone at some moment after it was last seen, or at its own last look."""
        slot = _slot(event)
        return all(
            self._truth.was_closed(slot, size, min(last_seen, self._looked(slot, size, until)[0]), until)
            for size in event.party_sizes
        ) and bool(
            self._truth.closings(slot, event.party_sizes, last_seen, until) or self._apart(event, until)
        )

    def _was_hidden(self, event: Event, until: float) -> bool:
        """Whether an unseen soft block ended in the poll that closed it, or in the one before (for another party size)."""
        assert event.last_seen_at is not None
        blocks = self._reference.unseen_blocks.get(_slot(event), ())
        return any(event.last_seen_at.timestamp() < block <= until + SOON for block in blocks)

    def _apart(self, event: Event, until: float) -> bool:
        """Whether its party sizes were seen to go in different polls: then no single moment is the closing."""
        looks = [self._looked(_slot(event), size, until) for size in event.party_sizes]
        return len({ended for _, ended in looks}) > 1

    def _looked(self, slot: Slot, size: int, until: float) -> tuple[float, float]:
        """When the last whole answer for a pair by a moment was asked for, and when its poll ended."""
        polls = self._ends.get(key_of(self._run.provider, slot[1]), [])
        for poll in reversed(polls[: bisect_right(polls, until + SOON, key=_finished)]):
            for page in reversed(poll.pages):
                if page.size == size and page.whole and page.counts_for(slot[0]):
                    return page.at, poll.finished
        return until, until

    def _check_duration(self, event: Event, opening: Event | None) -> None:
        seconds = event.drop_duration_seconds
        known = opening is not None and event.close_reason == "taken"
        if not known:
            if seconds is not None:
                self._wrong(event, "a duration that nobody can know")
            return
        assert opening is not None
        assert event.closed_at is not None
        assert event.last_seen_at is not None
        assert opening.opened_at is not None
        assert opening.opened_after is not None
        if seconds is None:
            if event.closed_at - event.last_seen_at <= timedelta(minutes=10):
                self._wrong(event, "no duration, though its bounds are close")
            return
        if abs(seconds - (event.closed_at - opening.opened_at).total_seconds()) > _MILLISECOND:
            self._wrong(event, f"a duration of {seconds} s")
        least = max(0.0, (event.last_seen_at - opening.opened_at).total_seconds())
        most = (event.closed_at - opening.opened_after).total_seconds()
        if not least - _MILLISECOND <= seconds <= most + _MILLISECOND:
            self._wrong(event, f"a duration of {seconds} s is not within {least} to {most}")

    # --- what should have been told

    def _check_recall(self) -> None:
        for event in self._open.values():
            if event.opened_at is not None:
                self._was_told[_slot(event)].append((event.opened_at.timestamp(), float("inf")))
        for due in self._reference.due:
            self.verdict.served += 1
            self.verdict.served_twice += due.twice
            self.verdict.served_twice_strictly += due.twice and due.strict
            if not self._has_told(due):
                self._count_miss(due)

    def _has_told(self, due: Due) -> bool:
        return any(
            opened <= due.by + SOON and due.by < closed for opened, closed in self._was_told.get(due.slot, ())
        )

    def _count_miss(self, due: Due) -> None:
        if due.after_doubt:
            self.verdict.excused += 1
            self.verdict.served_twice -= due.twice
            return
        self.verdict.missed += 1
        self.verdict.missed_twice += due.twice
        self.verdict.faults_found.append(f"served by {due.by} and not told: {due}")

    def _check_memory(self) -> None:
        """When the provider has behaved for a while, memory is what was served last, to the party size.

        What the last look at its page missed may be held still: pages that show nothing at all are believed when they say it
        twice (decision 0002).
        """
        now = self._run.ended
        held = {(one.venue_id, one.actual_time): set(one.missed_sizes) for one in self._run.memory}
        wanted = {
            slot: tuple(sorted(sizes))
            for slot, sizes in self._reference.sizes.items()
            if sizes and service_date(slot[1]) in self._run.dates and seconds_of(slot[1]) > now
        }
        found = {
            (held.venue_id, held.actual_time): held.sizes
            for held in self._run.memory
            if seconds_of(held.actual_time) > now
        }
        for slot in sorted({*wanted, *found}):
            too_many = {*found.get(slot, ())} - {*wanted.get(slot, ())}
            if too_many and too_many <= held.get(slot, set()) and {*wanted.get(slot, ())} <= {*found[slot]}:
                continue
            if wanted.get(slot) != found.get(slot):
                self.verdict.missed_closings += slot not in wanted
                self.verdict.faults_found.append(
                    f"memory has {slot} open for {found.get(slot)}, served was {wanted.get(slot)}"
                )

    # --- finding things

    def _poll_of(self, event: Event) -> Poll | None:
        assert event.opened_at is not None
        return self._by_end.get((self._key(event), event.opened_at.timestamp()))

    def _key(self, event: Event) -> str:
        return key_of(self._run.provider, _slot(event)[1])

    def _known_at(self, event: Event, told_at: float) -> float:
        """The end of the last poll of its date before clients heard of it."""
        polls = self._ends.get(self._key(event), [])
        before = bisect_right(polls, told_at, key=_finished)
        return polls[before - 1].finished if before else 0.0

    def _planned(self, event: Event, poll: Poll) -> tuple[int, float]:
        """The page that brought an opening, and the planned seconds between two looks at it; of several the most frequent."""
        start = _slot(event)[1]
        planned = [
            (poll.revisits.get((page.size, page.number), self._run.schedule.interval), page.number)
            for page in poll.pages
            if start in page.shown.get(event.venue_id, ())
        ]
        interval, page = min(planned, default=(self._run.schedule.interval, 0))
        return page, interval


def check(run: Run, provider: str = "resy") -> Verdict:
    """Hold one provider's part of a run against its truth."""
    verdict = Checker(run.of(provider)).check()
    ids = [told.event.id for told in run.told]
    if ids != list(range(1, len(ids) + 1)):
        verdict.faults_found.append("the ids that clients heard of do not count from 1")
    return verdict


def _ends(polls: Iterable[Poll]) -> dict[str, list[Poll]]:
    found: dict[str, list[Poll]] = defaultdict(list)
    for poll in polls:
        found[poll.key].append(poll)
    return found


def _finished(poll: Poll) -> float:
    return poll.finished


def _slot(event: Event) -> Slot:
    return event.venue_id, f"{event.slot_date} {event.slot_time}"
