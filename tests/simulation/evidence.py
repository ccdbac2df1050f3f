"""The evidence: what was written down, sorted so that the auditors find what speaks for an event and what against it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event
from tablewire.domain.slots import OpenSlot
from tests.simulation.records import Commit, Look, Poll, Start, service_date
from tests.simulation.world import Played


class Slot(NamedTuple):
    """A start at a venue."""

    provider: str
    venue_id: str
    start: str

    @property
    def day(self) -> date:
        """The evening that it belongs to."""
        return service_date(self.start)


def slot_of_event(event: Event) -> Slot:
    """The slot of an event."""
    return Slot(event.provider, event.venue_id, f"{event.slot_date} {event.slot_time}")


def slot_of_open(open_slot: OpenSlot) -> Slot:
    """The slot of a row of what is open."""
    return Slot(open_slot.venue.provider, open_slot.venue.venue_id, open_slot.actual_time)


class Evidence:
    """What one scenario left behind, by what it is about."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self.story = played.story
        self.commits = played.story.commits
        self._looks: dict[tuple[str, str, str, int], list[Look]] = defaultdict(list)
        self._sent: dict[tuple[str, datetime], list[Look]] = defaultdict(list)
        for look in played.story.looks:
            self._sent[look.provider, look.sent].append(look)
            for venue_id in look.shown:
                self._looks[look.provider, look.day, venue_id, look.size].append(look)
        for looks in self._looks.values():
            looks.sort(key=lambda look: look.sent_at)
        self._polls = {(poll.process, poll.provider, poll.day, poll.at): poll for poll in played.story.polls}
        self._portions: dict[int, list[Poll]] = defaultdict(list)
        for poll in played.story.polls:
            self._portions[poll.number].append(poll)
        self._begun = _openings(self.commits)

    def poll_of(self, commit: Commit) -> Poll | None:
        """The poll, or the portion of one, that a commit stores."""
        change = commit.change
        return self._polls.get((commit.process, change.provider, commit.key.service_date, change.at))

    def start_of(self, commit: Commit) -> Start:
        """The start of the process that a commit is of."""
        return self.story.starts[commit.process - 1]

    def looks_at(self, slot: Slot, size: int) -> Sequence[Look]:
        """All looks at a slot's venue for a party size and its day, in the order in which they were asked for."""
        return self._looks.get((slot.provider, slot.day.isoformat(), slot.venue_id, size), ())

    def sent_at(self, provider: str, sent: datetime) -> Sequence[Look]:
        """The looks that were asked for at a moment of a process's clock."""
        return self._sent.get((provider, sent), ())

    def settings_hold_since(self, commit: Commit) -> float:
        """Since when, in true seconds, the settings that a commit was made under hold."""
        served = [self.story.starts[number - 1] for number in self.story.serving if number <= commit.process]
        anew = [start.at for before, start in pairwise(served) if before.settings != start.settings]
        return max(anew, default=0.0)

    def was_given_up(self, size: int, opened: float, closed: float) -> bool:
        """Whether a party size was not asked for by a process that was started between two moments."""
        return any(
            opened <= start.at <= closed and size not in start.settings.sizes for start in self.story.starts
        )

    def shown_since(self, closing: Commit, event: Event) -> float:
        """When the first call was sent, of the poll that opened it, that showed what a closing closes, in true seconds."""
        opened_by = self._begun.get((closing.made_at, event.slot_id))
        poll = self.poll_of(opened_by) if opened_by is not None else None
        slot = slot_of_event(event)
        looks = [look for portion in self._portions[poll.number] for look, _ in portion.looks] if poll else []
        return min((look.sent_at for look in looks if shows(look, slot)), default=0.0)

    def events(self) -> Iterator[tuple[Commit, Event]]:
        """Every event with its commit, in the order of the log."""
        for commit in self.commits:
            for event in commit.events:
                yield commit, event


def _openings(commits: Sequence[Commit]) -> dict[tuple[float, str], Commit]:
    """For each closing, by its moment and slot, the commit that opened what it closes."""
    opened: dict[tuple[BucketKey, bytes], Commit] = {}
    found: dict[tuple[float, str], Commit] = {}
    for commit in commits:
        for gone in commit.before:
            found[commit.made_at, gone.hex()] = opened.pop((commit.key, gone))
        opened.update({(commit.key, slot.slot_id): commit for slot in commit.change.opened})
    return found


def shows(look: Look, slot: Slot) -> bool:
    """Whether a look shows a slot."""
    return slot.start in look.shown.get(slot.venue_id, ())


def denies(look: Look, slot: Slot) -> bool:
    """Whether a look says, as far as it can be believed, that a slot is not free.

    Where one slot of it could not be read it is not known whose that was: whether it is true then is for the truth to say.
    """
    listed = look.shown.get(slot.venue_id)
    return listed is not None and look.covers(slot.start) and slot.start not in listed
