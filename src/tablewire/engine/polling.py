"""Polling: one provider's cycles over the window of one market."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import anyio
import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.engine.clock import Clock
from tablewire.engine.owner import DayOwner, Stored, without_opted_out
from tablewire.engine.sweep import SweepPlan, calls_of
from tablewire.errors import PollConflict, StoreError
from tablewire.providers.protocol import AvailabilityProvider, ProviderStatus
from tablewire.telemetry import LogEvent, Metrics, get_logger

log = get_logger("engine.polling")

BUDGET_SHARE = 0.95
"""How much of a provider's budget is planned for: the rest is for retries."""
LATE = 5.0
"""Seconds after its own time-out at which a provider that does not come back is given up."""


class PollSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a market is polled."""

    interval: timedelta
    bucket_timeout: timedelta
    pages_per_cycle: int
    party_sizes: tuple[int, ...]
    resume_gap: timedelta
    sources: tuple[str, ...] = ()
    """Where providers' answers come from: another source is another city, and nothing of the old one is news there."""
    opted_out: frozenset[tuple[str, str]] = frozenset()
    """(provider, venue id) of venues that want to be left alone."""


class Tally(msgspec.Struct):
    """What one cycle came to, for its line in the log."""

    polled: int = 0
    skipped: int = 0
    failed: int = 0
    slots: int = 0
    drops: int = 0
    reopened: int = 0
    closed: int = 0


class Hooks(msgspec.Struct, frozen=True, kw_only=True):
    """Who else wants to know of a poll."""

    seen: Callable[[Snapshot], None]
    """Called with every snapshot whose poll was stored."""
    stored: Callable[[Sequence[Stored]], None]
    """Called with what each bucket's stored poll came to."""
    store_failed: Callable[[StoreError], None]
    """Called where the store did not take a poll."""
    holding: Callable[[], bool]
    """Whether the store is away: then providers are not asked."""


class ProviderPolling:
    """Polls one provider for one market: a cycle each interval, a poll for each date in it."""

    def __init__(
        self,
        market: Market,
        provider: AvailabilityProvider,
        settings: PollSettings,
        *,
        clock: Clock,
        metrics: Metrics,
        hooks: Hooks,
    ) -> None:
        self.market = market
        self.provider = provider
        self.skipped: Counter[date] = Counter()
        """How often each date was due while its previous poll still ran."""
        self.plan = SweepPlan(settings.party_sizes, settings.pages_per_cycle, settings.interval)
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._hooks = hooks
        self._opted_out = frozenset(
            venue_id for provider_id, venue_id in settings.opted_out if provider_id == provider.provider_id
        )

    @property
    def party_sizes(self) -> tuple[int, ...]:
        """The party sizes that are asked for."""
        return self._settings.party_sizes

    async def cycle(self, owners: Mapping[date, DayOwner]) -> Tally:
        """Poll every date that is not being polled still; ends when its polls have ended."""
        tally = Tally()
        idle = []
        for day, owner in owners.items():
            if owner.polling:
                tally.skipped += len(owner.keys)
                self.skipped[day] += 1
            else:
                idle.append(day)
        rate = max(self.provider.status().rate_now, 0.001)
        calls = int(rate * self._settings.interval.total_seconds() * BUDGET_SHARE)
        self.plan.keep(owners)
        started, before = self._clock.monotonic(), self.provider.status()
        delay = 0.0
        async with anyio.create_task_group() as group:
            for day, pages in self.plan.plan(idle, calls).items():
                owners[day].polling = True
                group.start_soon(self._poll_later, owners[day], pages, delay, tally, name=f"poll {day}")
                delay += calls_of(pages) / rate
        self._log(tally, before, self._clock.monotonic() - started)
        return tally

    async def poll(self, owner: DayOwner, pages: Mapping[int, tuple[int, ...]]) -> list[Stored]:
        """Ask the provider for a date's pages, and store what it changes. Raises `StoreError`."""
        started = self._clock.monotonic()
        await owner.load()
        snapshot = await self._ask(owner.day, pages)
        self.plan.learn(owner.day, snapshot.answers)
        gaps = [
            max(self._settings.resume_gap, 3 * self.plan.revisit(owner.day, answer.party_size, answer.page))
            for answer in snapshot.answers
        ]
        stored = await owner.take(snapshot, gaps)
        self._hooks.seen(snapshot)
        self._hooks.stored(stored)
        self._measure(snapshot, stored, self._clock.monotonic() - started)
        return stored

    async def _poll_later(
        self, owner: DayOwner, pages: Mapping[int, tuple[int, ...]], delay: float, tally: Tally
    ) -> None:
        """One poll of a cycle: whatever goes wrong in it stays with it."""
        try:
            await self._clock.sleep(delay)
            if self._hooks.holding():
                tally.skipped += len(owner.keys)
                return
            _add(tally, await self.poll(owner, pages))
        except StoreError as error:
            tally.failed += len(owner.keys)
            self._hooks.store_failed(error)
            self._say_not_stored(owner, error)
        except Exception:
            tally.failed += len(owner.keys)
            owner.doubt()
            self._metrics.errors_total.labels(self.provider.provider_id, "internal").inc()
            log.exception(
                LogEvent.POLL_FAILED,
                message="a poll failed inside; its bucket is read again before it is polled again",
                provider=owner.provider,
                day=str(owner.day),
            )
        finally:
            owner.polling = False

    def _say_not_stored(self, owner: DayOwner, error: StoreError) -> None:
        if isinstance(error, PollConflict):
            self._metrics.poll_conflicts_total.labels(owner.provider).inc()
            message = "another process stored a poll of this bucket first; this one is thrown away"
            log.info(LogEvent.POLL_CONFLICT, message=message, provider=owner.provider, day=str(owner.day))
            return
        message = f"the poll was not stored: {error}"
        log.warning(LogEvent.POLL_FAILED, message=message, provider=owner.provider, day=str(owner.day))

    async def _ask(self, day: date, pages: Mapping[int, tuple[int, ...]]) -> Snapshot:
        allowed = self._settings.bucket_timeout.total_seconds()
        until = self._clock.monotonic() + allowed
        snapshot = None
        with anyio.move_on_after(allowed + LATE):
            snapshot = await self.provider.search_availability(
                self.market, day, None, tuple(pages), pages=pages, until=until
            )
        if snapshot is None:
            cause = f"no answer within {allowed + LATE:.0f} s"
            return self._nothing(day, cause)
        if self._opted_out:
            answers = without_opted_out(snapshot.answers, self._opted_out)
            return msgspec.structs.replace(snapshot, answers=answers)
        return snapshot

    def _nothing(self, day: date, cause: str) -> Snapshot:
        return Snapshot(
            provider=self.provider.provider_id,
            market=self.market.id,
            service_date=day,
            finished_at=self._clock.now(),
            answers=(),
            outcome=Outcome.FAILED,
            cause=cause,
        )

    def _measure(self, snapshot: Snapshot, stored: Sequence[Stored], seconds: float) -> None:
        metrics, provider = self._metrics, snapshot.provider
        metrics.poll_seconds.labels(provider).observe(seconds)
        for one in stored:
            market = one.key.market
            if one.outcome is not None:
                metrics.polls_total.labels(provider, one.outcome.value).inc()
            metrics.drops_total.labels(market, provider).inc(one.drops)
            metrics.reopenings_total.labels(market, provider).inc(one.reopened)
            for reason, count in one.closed.items():
                metrics.closings_total.labels(market, provider, reason).inc(count)

    def _log(self, tally: Tally, before: ProviderStatus, seconds: float) -> None:
        provider, after = self.provider.provider_id, self.provider.status()
        self._metrics.polls_skipped_total.labels(provider).inc(tally.skipped)
        self._metrics.retries_total.labels(provider).inc(after.retries - before.retries)
        log.info(
            LogEvent.POLL_CYCLE,
            message=f"{provider}: {tally.polled} buckets polled, {tally.drops} drops, {tally.closed} closings",
            market=self.market.id,
            provider=provider,
            polled=tally.polled,
            skipped=tally.skipped,
            failed=tally.failed,
            calls=after.calls - before.calls,
            retries=after.retries - before.retries,
            slots=tally.slots,
            drops=tally.drops,
            reopened=tally.reopened,
            closings=tally.closed,
            seconds=round(seconds, 3),
        )


def _add(tally: Tally, stored: Sequence[Stored]) -> None:
    for one in stored:
        tally.polled += 1
        tally.failed += one.outcome in (Outcome.FAILED, Outcome.BLOCKED)
        tally.slots += one.open_slots
        tally.drops += one.drops
        tally.reopened += one.reopened
        tally.closed += sum(one.closed.values())
