"""Measuring: what polls and cycles came to, as figures and as lines of the log."""

from collections.abc import Iterable

import msgspec

from tablewire.domain.snapshots import Outcome
from tablewire.engine.owner import DayOwner, Stored
from tablewire.errors import PollConflict, StoreError
from tablewire.providers.protocol import ProviderStatus
from tablewire.telemetry import LogEvent, Metrics, get_logger

log = get_logger("engine.polling")


class Tally(msgspec.Struct):
    """What one cycle came to, for its line in the log."""

    polled: int = 0
    skipped: int = 0
    failed: int = 0
    slots: int = 0
    drops: int = 0
    reopened: int = 0
    closed: int = 0

    def add(self, stored: Iterable[Stored]) -> None:
        """Count a poll's buckets."""
        for one in stored:
            self.polled += 1
            self.failed += one.outcome in (Outcome.FAILED, Outcome.BLOCKED)
            self.slots += one.open_slots
            self.drops += one.drops
            self.reopened += one.reopened
            self.closed += sum(one.closed.values())


class Measuring:
    """Keeps the figures of one provider's polls in one market, and tells the log of them."""

    def __init__(self, market: str, provider: str, metrics: Metrics) -> None:
        self._market = market
        self._provider = provider
        self._metrics = metrics

    def polled(self, stored: Iterable[Stored], seconds: float) -> None:
        """One poll was stored, in however many portions."""
        metrics, provider, market = self._metrics, self._provider, self._market
        metrics.poll_seconds.labels(provider).observe(seconds)
        for one in stored:
            if one.outcome is not None:
                metrics.polls_total.labels(provider, one.outcome.value).inc()
            metrics.drops_total.labels(market, provider).inc(one.drops)
            metrics.reopenings_total.labels(market, provider).inc(one.reopened)
            for reason, count in one.closed.items():
                metrics.closings_total.labels(market, provider, reason).inc(count)

    def refused(self, owner: DayOwner, error: StoreError) -> None:
        """The store did not take a poll, or not all of it."""
        if isinstance(error, PollConflict):
            self._metrics.poll_conflicts_total.labels(owner.provider).inc()
            message = "another process stored a poll of this bucket first; this one is thrown away"
            log.info(LogEvent.POLL_CONFLICT, message=message, provider=owner.provider, day=str(owner.day))
            return
        message = f"the poll was not stored: {error}"
        log.warning(LogEvent.POLL_FAILED, message=message, provider=owner.provider, day=str(owner.day))

    def failed(self) -> None:
        """A poll failed inside."""
        self._metrics.errors_total.labels(self._provider, "internal").inc()

    def cycled(self, tally: Tally, before: ProviderStatus, after: ProviderStatus, seconds: float) -> None:
        """A cycle has ended; the statuses are the provider's before and after it."""
        provider, retries = self._provider, after.retries - before.retries
        self._metrics.polls_skipped_total.labels(provider).inc(tally.skipped)
        self._metrics.retries_total.labels(provider).inc(retries)
        log.info(
            LogEvent.POLL_CYCLE,
            message=f"{provider}: {tally.polled} buckets polled, {tally.drops} drops, {tally.closed} closings",
            market=self._market,
            provider=provider,
            polled=tally.polled,
            skipped=tally.skipped,
            failed=tally.failed,
            calls=after.calls - before.calls,
            retries=retries,
            slots=tally.slots,
            drops=tally.drops,
            reopened=tally.reopened,
            closings=tally.closed,
            seconds=round(seconds, 3),
        )
