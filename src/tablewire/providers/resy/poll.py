"""One poll of one date at Resy: whether a whole sweep adds up, and whether it looks like a soft block."""

from datetime import date, datetime

import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.providers import poll
from tablewire.providers.resy.venues import PROVIDER


class Counted(msgspec.Struct):
    """What has come in for one party size."""

    hits: int = 0
    total: int | None = None
    """Venues over all pages, as the last answer said."""
    venues: set[str] = msgspec.field(default_factory=set)
    others: int = 0
    """Hits that are not ours to look at, or make no sense."""


class Poll(poll.Poll):
    """Collects what one poll brings back."""

    def __init__(self, market: Market, service_date: date, until: float | None) -> None:
        super().__init__(PROVIDER, market, service_date, until)
        self.counted: dict[int, Counted] = {}
        self.soft_blocked = False

    def check_whole_sweep(self, party_size: int) -> None:
        """All pages of a party size were asked for: see whether they add up."""
        counted = self.counted.get(party_size)
        if counted is None or counted.total is None:
            return
        different = len(counted.venues) + counted.others
        if counted.hits != different:
            self.remark(
                f"{counted.hits - different} venues for {party_size} came up twice: the result moved between pages"
            )
        elif different != counted.total:
            self.remark(f"{different} of {counted.total} venues for {party_size} came up")

    def snapshot(self, finished_at: datetime) -> Snapshot:
        """What it came to."""
        snapshot = super().snapshot(finished_at)
        return msgspec.structs.replace(snapshot, outcome=Outcome.BLOCKED) if self.soft_blocked else snapshot
