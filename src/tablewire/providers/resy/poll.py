"""One poll of one date while its pages come in, and what it comes to."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.slots import Venue
from tablewire.domain.snapshots import Answer, Outcome, Snapshot
from tablewire.providers.calls import CallFailure, FailureKind
from tablewire.providers.resy.convert import PROVIDER

_NAMED_CAUSES = 3


class Counted(msgspec.Struct):
    """What has come in for one party size."""

    hits: int = 0
    total: int | None = None
    """Venues over all pages, as the last answer said."""
    venues: set[str] = msgspec.field(default_factory=set)
    others: int = 0
    """Hits that are not ours to look at, or make no sense."""


class Poll:
    """Collects what one poll brings back."""

    def __init__(self, market: Market, service_date: date, until: float | None) -> None:
        self.market = market
        self.service_date = service_date
        self.until = until
        self.answers: list[Answer] = []
        self.venues: dict[str, Venue] = {}
        self.calls = 0
        self.counted: dict[int, Counted] = {}
        self.soft_blocked = False
        self._failures: list[tuple[str, CallFailure]] = []
        self._remarks: list[str] = []

    def failed(self, party_size: int, page: int, failure: CallFailure) -> None:
        """A page was not answered."""
        self._failures.append((f"page {page} for {party_size}", failure))

    def remark(self, text: str) -> None:
        """Something is not as it should be, and makes the poll partial at best."""
        self._remarks.append(text)

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
        outcome = self._outcome()
        return Snapshot(
            provider=PROVIDER,
            market=self.market.id,
            service_date=self.service_date,
            finished_at=finished_at,
            answers=tuple(self.answers),
            outcome=outcome,
            cause=None if outcome is Outcome.OK else self._cause(),
            venues=self.venues,
            calls=self.calls,
        )

    def _outcome(self) -> Outcome:
        kinds = {failure.kind for _, failure in self._failures}
        if self.soft_blocked or (not self.answers and FailureKind.BLOCKED in kinds):
            return Outcome.BLOCKED
        if kinds and not self.answers:
            return Outcome.FAILED
        return Outcome.PARTIAL if kinds or self._remarks else Outcome.OK

    def _cause(self) -> str:
        causes = [*self._remarks]
        by_message: Counter[str] = Counter(failure.message for _, failure in self._failures)
        where: Mapping[str, str] = {failure.message: place for place, failure in reversed(self._failures)}
        for message, count in by_message.most_common():
            others = f" and {count - 1} more" if count > 1 else ""
            causes.append(f"{where[message]}{others}: {message}")
        left = len(causes) - _NAMED_CAUSES
        return "; ".join(causes[:_NAMED_CAUSES]) + (f"; and {left} more" if left > 0 else "")
