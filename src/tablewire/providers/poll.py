"""One poll of one date at any provider while its answers come in, and what it comes to."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

from tablewire.domain.markets import Market
from tablewire.domain.slots import Venue
from tablewire.domain.snapshots import Answer, Outcome, Snapshot
from tablewire.providers.calls import CallFailure, FailureKind

_NAMED_CAUSES = 3


class Poll:
    """Collects what one poll brings back."""

    def __init__(self, provider: str, market: Market, service_date: date, until: float | None) -> None:
        self.provider = provider
        self.market = market
        self.service_date = service_date
        self.until = until
        self.answers: list[Answer] = []
        self.venues: dict[str, Venue] = {}
        self.calls = 0
        self._failures: list[tuple[str, CallFailure]] = []
        self._remarks: list[str] = []

    def failed(self, what: str, failure: CallFailure) -> None:
        """Something asked for was not answered."""
        self._failures.append((what, failure))

    def remark(self, text: str) -> None:
        """Something is not as it should be, and keeps the poll from being ok; said once however often it comes up."""
        if text not in self._remarks:
            self._remarks.append(text)

    def snapshot(self, finished_at: datetime) -> Snapshot:
        """What it came to."""
        outcome = self._outcome()
        return Snapshot(
            provider=self.provider,
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
        if not self.answers and FailureKind.BLOCKED in kinds:
            return Outcome.BLOCKED
        if not kinds and not self._remarks:
            return Outcome.OK
        return Outcome.PARTIAL if self.answers else Outcome.FAILED

    def _cause(self) -> str:
        causes = [*self._remarks]
        by_message: Counter[str] = Counter(failure.message for _, failure in self._failures)
        where: Mapping[str, str] = {failure.message: what for what, failure in reversed(self._failures)}
        for message, count in by_message.most_common():
            others = f" and {count - 1} more" if count > 1 else ""
            causes.append(f"{where[message]}{others}: {message}")
        left = len(causes) - _NAMED_CAUSES
        return "; ".join(causes[:_NAMED_CAUSES]) + (f"; and {left} more" if left > 0 else "")
