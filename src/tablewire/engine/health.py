"""Health: what the engine knows of itself, put into the words that clients get."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

import msgspec

from tablewire.domain.buckets import BucketKey, DayParts
from tablewire.domain.health import (
    BucketHealth,
    BucketStatus,
    Budget,
    Coverage,
    DbDebug,
    DiscoveryBucketRow,
    DiscoveryDebug,
    FastChecks,
    HealthReport,
    HealthSummary,
    JobHeartbeat,
    LoopHealth,
    OverallStatus,
    ProviderDebug,
    ProviderHealth,
    ProviderScan,
    SweepHealth,
)
from tablewire.domain.snapshots import Outcome
from tablewire.domain.state import BucketState
from tablewire.engine.clock import Clock
from tablewire.engine.discovery import Discovery
from tablewire.engine.owner import Stored
from tablewire.engine.polling import ProviderPolling
from tablewire.engine.supervisor import Supervisor
from tablewire.errors import StoreError
from tablewire.live.hub import Hub
from tablewire.providers.protocol import AvailabilityProvider
from tablewire.storage.protocol import Housekeeping

OLD = 3
"""Intervals after which a heartbeat or a scan is too old."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What health says of the service as such."""

    version: str
    demo: bool
    process: str
    interval: timedelta
    poller: str = "discovery_bucket"
    """The loop whose heartbeat is the poller's."""


class EngineHealth:
    """Answers every question about how the service is doing; all but two of them from memory alone."""

    def __init__(
        self,
        about: About,
        *,
        discovery: Discovery,
        supervisor: Supervisor,
        providers: Mapping[str, AvailabilityProvider],
        parts: DayParts,
        hub: Hub,
        store: Housekeeping,
        clock: Clock,
    ) -> None:
        self._about = about
        self._discovery = discovery
        self._supervisor = supervisor
        self._providers = providers
        self._parts = parts
        self._hub = hub
        self._store = store
        self._clock = clock
        self._started_at = clock.now()
        self._outcomes: dict[str, Counter[str]] = {provider: Counter() for provider in providers}
        self.down: str | None = "the engine has not started yet"
        """Why the engine as a whole does not work, if it does not."""

    def count(self, stored: Stored) -> None:
        """Take note of a stored poll."""
        if stored.outcome is not None:
            self._outcomes[stored.provider][stored.outcome.value] += 1

    # --- from memory

    def summary(self) -> HealthSummary:
        """Health in one line."""
        now = self._clock.now()
        return HealthSummary(
            status=self._status(self._checks(now), self._buckets(now)),
            demo=self._about.demo,
            version=self._about.version,
            started_at=self._started_at,
            next_scan_at=self.next_scan_at(),
            streams=self._hub.stats().streams,
        )

    def next_scan_at(self) -> datetime | None:
        """When the next cycle of polls begins; None where nothing is polled."""
        if not self._discovery.pollings:
            return None
        return self._clock.now() + timedelta(seconds=self._discovery.cadence.until_next)

    def discovery_health(self) -> HealthReport:
        """Everything that memory knows."""
        now = self._clock.now()
        checks, buckets = self._checks(now), self._buckets(now)
        return HealthReport(
            status=self._status(checks, buckets),
            demo=self._about.demo,
            now=now,
            next_scan_at=self.next_scan_at(),
            fast_checks=checks,
            bucket_health=tuple(buckets),
            coverage={provider: self._coverage(provider, now) for provider in self._discovery.coverage},
            sweeps=self._sweeps(),
            loops=tuple(
                LoopHealth(
                    name=loop.name,
                    alive=loop.alive,
                    heartbeat_at=loop.heartbeat_at,
                    restarts=loop.restarts,
                    last_error=loop.last_error,
                )
                for loop in self._supervisor.loops
            ),
            providers=dict(self.providers()),
        )

    def providers(self) -> Mapping[str, ProviderHealth]:
        """Every provider that is registered, polled or not."""
        return {provider_id: _provider_health(provider) for provider_id, provider in self._providers.items()}

    def discovery_debug(self) -> DiscoveryDebug:
        """Every provider in detail."""
        return DiscoveryDebug(providers={one: self._debug(one) for one in self._providers})

    # --- that ask the store

    async def ready(self) -> str | None:
        """Why the service is not ready, in plain words; None where it is."""
        if self.down is not None:
            return self.down
        try:
            await self._store.ping()
        except StoreError as error:
            return str(error)
        return None

    async def db_debug(self) -> DbDebug:
        """What the store holds, and what is wrong. Raises `StoreError`."""
        now = self._clock.now()
        sizes = await self._store.table_sizes()
        checks = self._checks(now)
        return DbDebug(
            next_scan_at=self.next_scan_at(),
            job_heartbeat=tuple(
                JobHeartbeat(process=self._about.process, loop=loop.name, at=loop.heartbeat_at)
                for loop in self._supervisor.loops
                if loop.heartbeat_at is not None
            ),
            discovery_buckets=tuple(_bucket_row(state) for state in self._states()),
            fast_checks=checks,
            table_sizes=sizes,
            hints=tuple(self._hints(checks)),
        )

    # --- parts

    def _states(self) -> list[BucketState]:
        owners = self._discovery.owners
        return [state for key in sorted(owners) for state in owners[key].states.values()]

    def _checks(self, now: datetime) -> FastChecks:
        reach = OLD * self._about.interval
        beats = [loop.heartbeat_at for loop in self._supervisor.loops if loop.name == self._about.poller]
        scans = [state.row.scanned_at for state in self._states()]
        return FastChecks(
            job_alive=any(beat is not None and now - beat <= reach for beat in beats),
            feed_updating=any(scan is not None and now - scan <= reach for scan in scans),
        )

    def _buckets(self, now: datetime) -> list[BucketHealth]:
        by_key: dict[BucketKey, list[BucketState]] = {}
        for state in self._states():
            by_key.setdefault(state.key, []).append(state)
        return [self._bucket(key, states, now) for key, states in sorted(by_key.items())]

    def _bucket(self, key: BucketKey, states: Sequence[BucketState], now: datetime) -> BucketHealth:
        last = max((state.row.scanned_at for state in states if state.row.scanned_at), default=None)
        return BucketHealth(
            market=key.market,
            bucket_id=key.bucket_id,
            date=key.service_date,
            time_slot=key.time_slot,
            time_bucket=self._parts.time_bucket(key.time_slot),
            status=_worst([self._bucket_status(state, now) for state in states]),
            last_scan_at=last,
            age_seconds=None if last is None else round((now - last).total_seconds(), 3),
            open_slots=sum(len(state.open) for state in states),
            providers={state.provider: _provider_scan(state) for state in states},
        )

    def _bucket_status(self, state: BucketState, now: datetime) -> BucketStatus:
        row = state.row
        if row.outcome is Outcome.BLOCKED:
            return "blocked"
        if row.outcome is Outcome.FAILED:
            return "failed"
        if row.baseline_built_at is None:
            return "building"
        if row.scanned_at is None or now - row.scanned_at > self._patience(state):
            return "stale"
        return "partial" if row.outcome is Outcome.PARTIAL else "ok"

    def _patience(self, state: BucketState) -> timedelta:
        turns = [
            polling.plan.revisit(state.key.service_date, size, 1)
            for polling in self._discovery.pollings
            if (polling.market.id, polling.provider.provider_id) == (state.key.market, state.provider)
            for size in polling.party_sizes
        ]
        return OLD * max([self._about.interval, *turns])

    def _status(self, checks: FastChecks, buckets: Sequence[BucketHealth]) -> OverallStatus:
        if self.down is not None or self._discovery.store_trouble is not None or not checks.job_alive:
            return "down"
        problems = any(provider.problems for provider in self.providers().values() if provider.enabled)
        bad = any(bucket.status in ("failed", "blocked", "stale") for bucket in buckets)
        return "degraded" if bad or problems or not checks.feed_updating else "ok"

    def _coverage(self, provider: str, now: datetime) -> Coverage:
        counts = self._discovery.coverage[provider].counts(now)
        return Coverage(two_minutes=counts["2m"], ten_minutes=counts["10m"], ever=counts["ever"])

    def _sweeps(self) -> dict[str, SweepHealth]:
        rarest = sorted(self._discovery.pollings, key=lambda polling: polling.plan.bound)
        return {polling.provider.provider_id: _sweep_health(polling) for polling in rarest}

    def _debug(self, provider_id: str) -> ProviderDebug:
        status = self._providers[provider_id].status()
        scans = [state.row.scanned_at for state in self._states() if state.provider == provider_id]
        pollings = [one for one in self._discovery.pollings if one.provider.provider_id == provider_id]
        revisits = [
            polling.plan.longest_revisit(day).total_seconds()
            for polling in pollings
            for (market, provider, day) in self._discovery.owners
            if (market, provider) == (polling.market.id, provider_id)
        ]
        return ProviderDebug(
            last_scan_at=max((scan for scan in scans if scan is not None), default=None),
            outcomes=dict(self._outcomes[provider_id]),
            calls=dict(status.outcomes),
            budget=Budget(
                rate=status.rate,
                rate_now=status.rate_now,
                pages_due=sum(polling.plan.pages for polling in pollings) or None,
                revisit_seconds=max(revisits, default=None),
            ),
            drift=tuple(problem for problem in status.problems if "missing in" in problem),
            problems=status.problems,
        )

    def _hints(self, checks: FastChecks) -> list[str]:
        hints = []
        if not self._discovery.pollings:
            hints.append("No provider is polled: set a provider's key, or run the demo.")
        if self._discovery.store_trouble is not None:
            hints.append(f"The database does not take polls: {self._discovery.store_trouble}")
        if not checks.job_alive:
            hints.append(
                "The poller has not been heard of for three intervals: look at the log for loop_failed."
            )
        elif self._discovery.pollings and not checks.feed_updating:
            hints.append(
                "The poller runs, but nothing was scanned for three intervals: look at each bucket's cause."
            )
        hints += [
            f"{loop.name} failed {loop.restarts} times, last with {loop.last_error}"
            for loop in self._supervisor.loops
            if loop.restarts
        ]
        hints += [problem for provider in self.providers().values() for problem in provider.problems]
        building = sum(state.row.baseline_built_at is None for state in self._states())
        if building:
            hints.append(
                f"{building} buckets have no baseline yet: what opens there is not news until they have."
            )
        return hints


def _provider_health(provider: AvailabilityProvider) -> ProviderHealth:
    status = provider.status()
    return ProviderHealth(
        enabled=status.enabled,
        breaker=status.breaker,
        rate=status.rate,
        rate_now=round(status.rate_now, 3),
        error_rate=round(status.error_rate, 4),
        problems=status.problems,
    )


def _sweep_health(polling: ProviderPolling) -> SweepHealth:
    plan, cost = polling.plan, polling.spending.calls_per_drop
    revisits = plan.revisits()
    return SweepHealth(
        mode=plan.mode,
        pages=plan.pages,
        revisit_median_seconds=median(revisits) if revisits else None,
        revisit_longest_seconds=max(revisits, default=None),
        bound_seconds=plan.bound,
        wanted=polling.wanted_venues,
        calls_per_drop=None if cost is None else round(cost, 2),
    )


def _provider_scan(state: BucketState) -> ProviderScan:
    row = state.row
    return ProviderScan(
        outcome=row.outcome.value if row.outcome else None,
        cause=row.cause,
        last_scan_at=row.scanned_at,
        poll_seq=row.poll_seq,
        observed_venues=state.observed_venues(),
        open_slots=len(state.open),
        baseline_slots=len(state.baseline),
    )


def _bucket_row(state: BucketState) -> DiscoveryBucketRow:
    row = state.row
    return DiscoveryBucketRow(
        market=state.key.market,
        bucket_id=state.key.bucket_id,
        provider=state.provider,
        baseline_built_at=row.baseline_built_at,
        last_scan_at=row.scanned_at,
        poll_seq=row.poll_seq,
        outcome=row.outcome.value if row.outcome else None,
        cause=row.cause,
        observed_pairs=sum(pair.count > 0 for of_size in state.pairs.values() for pair in of_size.values()),
        open_slots=len(state.open),
        baseline_slots=len(state.baseline),
    )


_ORDER: tuple[BucketStatus, ...] = ("blocked", "failed", "stale", "building", "partial", "ok")


def _worst(statuses: Sequence[BucketStatus]) -> BucketStatus:
    return min(statuses, key=_ORDER.index)
