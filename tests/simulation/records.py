"""What is written down while a scenario is played, for the auditors to hold against each other."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event
from tablewire.domain.slots import OpenSlot
from tablewire.domain.state import Change
from tests.simulation.scenario import Settings

_MORNING = 5
"""A start before this hour belongs to the evening before."""


def service_date(start: str) -> date:
    """The evening that a start belongs to."""
    at = datetime.fromisoformat(start)
    return at.date() - timedelta(days=1) if at.hour < _MORNING else at.date()


def part_of(start: str, edge: time) -> str:
    """The part of the day that a start belongs to."""
    at = datetime.fromisoformat(start)
    return "19:00" if at.hour < _MORNING or at.time() >= edge else "15:00"


class Look(msgspec.Struct, kw_only=True):
    """One answered call that shows what is free. Times are true seconds, except `sent`."""

    process: int
    provider: str
    day: str
    size: int
    sent: datetime
    """By the clock of the process that asked."""
    sent_at: float
    made_at: float
    """When the city made the answer: what it shows was so then."""
    came_at: float
    window: tuple[str, str] | None
    """The first and last start that it is about; None: the whole day."""
    edge: time
    """Between the parts of the day, as its process has it."""
    fault: str | None
    whole: bool
    """Whether what it does not show for a listed venue was not there."""
    lie: bool
    """Whether it is a soft block."""
    shown: Mapping[str, frozenset[str]]

    def covers(self, start: str) -> bool:
        """Whether it would show such a start: one that is on an edge is asked for with the later part."""
        if self.window is None:
            return True
        first, last = self.window
        middle = (
            datetime.fromisoformat(first) + (datetime.fromisoformat(last) - datetime.fromisoformat(first)) / 2
        )
        return first <= start <= last and part_of(start, self.edge) == part_of(str(middle), self.edge)


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A portion of one poll of one date, as it was handed over to be worked in."""

    number: int
    """The poll that it is of."""
    process: int
    provider: str
    day: date
    at: datetime
    """When it had finished, by the clock of its process."""
    looks: tuple[tuple[Look, timedelta], ...]
    """Each with how long ago a pair may have been observed to count as fresh."""


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One change as the store took it."""

    process: int
    epoch: int
    """How often the memory of its date had been read by then, over all processes."""
    made_at: float
    """True seconds."""
    change: Change
    events: tuple[Event, ...]
    before: Mapping[bytes, OpenSlot]
    """What was open in the bucket and is not any more."""

    @property
    def key(self) -> BucketKey:
        """Its bucket."""
        return self.change.key


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One process that was started."""

    number: int
    at: float
    settings: Settings
    opted_out: frozenset[tuple[str, str]]


class Story(msgspec.Struct, kw_only=True):
    """All that was written down."""

    looks: list[Look] = msgspec.field(default_factory=list)
    polls: list[Poll] = msgspec.field(default_factory=list)
    commits: list[Commit] = msgspec.field(default_factory=list)
    serving: list[int] = msgspec.field(default_factory=list)
    """The processes that came to serve, in order."""
    starts: list[Start] = msgspec.field(default_factory=list)
    deaths: list[tuple[float, int]] = msgspec.field(default_factory=list)
    """When, in true seconds, which process was gone."""
    wrong: list[str] = msgspec.field(default_factory=list)
    """What was seen to be wrong at once, in sentences."""
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    """How often what went wrong on purpose."""

    def count(self, what: str) -> None:
        """Something went wrong on purpose."""
        self.counts[what] = self.counts.get(what, 0) + 1
