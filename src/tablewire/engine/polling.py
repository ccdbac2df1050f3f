"""Polling: one provider's cycles over the window of one market."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import anyio
import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.domain.wanted import WantedVenue
from tablewire.engine.asking import Asking
from tablewire.engine.clock import Clock
from tablewire.engine.owner import DayOwner, Stored, without_opted_out
from tablewire.engine.releases import RELEASES_AT
from tablewire.engine.spending import Spending
from tablewire.engine.sweep import Ask, SweepMode, SweepPlan
from tablewire.engine.wanted import Wanted
from tablewire.errors import PollConflict, StoreError
from tablewire.providers.protocol import AvailabilityProvider, ProviderStatus, VenueLooks
from tablewire.storage.protocol import EventLog
from tablewire.telemetry import LogEvent, Metrics, get_logger

log = get_logger("engine.polling")

REMEMBERED = timedelta(days=3)
"""How far back the log is read at the start."""


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
    sweep: SweepMode = "adaptive"
    wanted: tuple[WantedVenue, ...] = ()
    """Venues that the operator waits for."""


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
        wanted: Wanted,
    ) -> None:
        self.market = market
        self.provider = provider
        self.skipped: Counter[date] = Counter()
        """How often each date was due while its previous poll still ran."""
        self.plan = SweepPlan(
            settings.party_sizes,
            settings.pages_per_cycle,
            settings.interval,
            market.zone,
            mode=settings.sweep,
        )
        self.spending = Spending()
        self._asking = Asking(market, provider, settings.bucket_timeout, clock)
        self._wanted = wanted
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

    @property
    def wanted_venues(self) -> int:
        """How many of its venues somebody waits for."""
        return len(self._wanted.venues_of(self.provider.provider_id) - self._opted_out)

    async def remember(self, log_of_events: EventLog) -> None:
        """Learn from the log where tables opened in the last days; where it cannot be read, that is learned anew."""
        market = self.market
        since = self._clock.now() - REMEMBERED
        try:
            counts = await log_of_events.opening_counts(
                market.id, self.provider.provider_id, market.time_zone, since, RELEASES_AT
            )
        except StoreError as error:
            message = f"what opened in the last days could not be read, and is learned anew: {error}"
            log.warning(LogEvent.STORE_AWAY, message=message, provider=self.provider.provider_id)
            return
        self.plan.likelihood.restore(counts, REMEMBERED.total_seconds())

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
        self.plan.keep(owners)
        started, before = self._clock.monotonic(), self.provider.status()
        rate, delay = max(before.rate_now, 0.001), 0.0
        async with anyio.create_task_group() as group:
            for day, ask in self._plan(idle, rate).items():
                owners[day].polling = True
                group.start_soon(self._poll_later, owners[day], ask, delay, tally, name=f"poll {day}")
                delay += ask.calls / rate
        after = self.provider.status()
        self.spending.spent(
            self._clock.now(), after.calls - before.calls, after.retries - before.retries, tally.drops
        )
        self._log(tally, before, self._clock.monotonic() - started)
        return tally

    def _plan(self, idle: Sequence[date], rate: float) -> Mapping[date, Ask]:
        """What the next cycle asks for: what the budget gives in an interval, less what goes into retries."""
        calls = int(rate * self._settings.interval.total_seconds() * (1 - self.spending.share_of_retries))
        provider = self.provider
        return self.plan.plan(
            idle,
            calls,
            self._clock.now(),
            wanted=[
                pair
                for pair in self._wanted.pairs(provider.provider_id, idle, self.party_sizes)
                if pair[2] not in self._opted_out
            ],
            per_call=provider.venues_per_call if isinstance(provider, VenueLooks) else 0,
        )

    async def poll(self, owner: DayOwner, ask: Ask) -> list[Stored]:
        """Ask the provider what is free on a date, and store what it changes. Raises `StoreError`."""
        started = self._clock.monotonic()
        await owner.load()
        snapshot = await self._asking.ask(owner.day, ask)
        if self._opted_out:
            answers = without_opted_out(snapshot.answers, self._opted_out)
            snapshot = msgspec.structs.replace(snapshot, answers=answers)
        gaps = [
            max(self._settings.resume_gap, 3 * self.plan.revisit_of(owner.day, answer))
            for answer in snapshot.answers
        ]
        stored = await owner.take(snapshot, gaps)
        self.plan.learn(owner.day, snapshot.answers, [event for one in stored for event in one.events])
        self._hooks.seen(snapshot)
        self._hooks.stored(stored)
        self._measure(snapshot, stored, self._clock.monotonic() - started)
        return stored

    async def _poll_later(self, owner: DayOwner, ask: Ask, delay: float, tally: Tally) -> None:
        """One poll of a cycle: whatever goes wrong in it stays with it."""
        try:
            await self._clock.sleep(delay)
            if self._hooks.holding():
                tally.skipped += len(owner.keys)
                return
            _add(tally, await self.poll(owner, ask))
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
