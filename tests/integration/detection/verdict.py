"""The verdict: what a run came to, in numbers, and everything that is wrong with it in sentences."""

from collections import Counter
from statistics import quantiles

import msgspec


class Found(msgspec.Struct, frozen=True):
    """An opening that was told truly."""

    page: int
    """The page of the sweep that brought it."""
    seconds: float
    """From the true opening to clients."""
    interval: float
    """Seconds between two looks at the page, as planned."""


class Verdict(msgspec.Struct, kw_only=True):
    """What a run came to."""

    faults_found: list[str] = msgspec.field(default_factory=list)
    """Each thing that is wrong, in a sentence."""
    openings: int = 0
    false_openings: int = 0
    repeats: int = 0
    closings: int = 0
    false_closings: int = 0
    missed_closings: int = 0
    unseen_closings: int = 0
    """False closings by a soft block that emptied fewer venues than the guard takes for one: it reads like tables taken."""
    unseen_openings: int = 0
    """What was told when such a block was over."""
    held: int = 0
    """Closings that had been held, and were confirmed."""
    served: int = 0
    """Openings that were served, once or more, to a pair looked at without them shortly before."""
    served_twice: int = 0
    served_twice_strictly: int = 0
    """Those of them whose answer was faultless in every hit."""
    missed: int = 0
    missed_twice: int = 0
    excused: int = 0
    """Not told, since the pair had only been met on an empty first page (decision 0003)."""
    found: list[Found] = msgspec.field(default_factory=list)
    """Every opening that was told truly, and how late."""
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    faults: Counter[str] = msgspec.field(default_factory=Counter)
    """Calls that were struck, by fault."""
    calls: int = 0
    cycles: int = 0

    @property
    def precision(self) -> float:
        """Share of openings told that were true and new."""
        wrong = self.false_openings + self.repeats + self.unseen_openings
        return 1 - wrong / self.openings if self.openings else 1.0

    @property
    def recall(self) -> float:
        """Share of the openings served twice that were told, those of decision 0003 not counted."""
        return 1 - self.missed_twice / self.served_twice if self.served_twice else 1.0

    def delay(self, percent: int) -> float:
        """A percentile of the delays from the true opening to clients, in planned intervals."""
        delays = [one.seconds / one.interval for one in self.found]
        return quantiles(delays, n=100)[percent - 1] if len(delays) > 1 else 0.0
