"""Upkeep: the gauges, the event loop's lag, and the heartbeats in the store."""

from datetime import timedelta
from math import nan
from statistics import median

from tablewire.engine.clock import Clock
from tablewire.engine.discovery import Discovery
from tablewire.engine.polling import ProviderPolling
from tablewire.engine.supervisor import Loop, Supervisor
from tablewire.errors import StoreError
from tablewire.live.hub import Hub, HubStats
from tablewire.providers.protocol import AvailabilityProvider, ProviderStatus
from tablewire.storage.protocol import Checkpoints
from tablewire.telemetry import BREAKER_VALUES, LogEvent, Metrics, get_logger

log = get_logger("engine.upkeep")

TURN = 0.5
"""Seconds between two measures of the loop's lag."""
GAUGES_EVERY = timedelta(seconds=5)
BEATS_EVERY = timedelta(seconds=15)


class Upkeep:
    """The loop `metrics`: what has to be looked at now and then to be shown."""

    def __init__(
        self,
        *,
        process: str,
        discovery: Discovery,
        supervisor: Supervisor,
        hub: Hub,
        store: Checkpoints,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._process = process
        self._discovery = discovery
        self._supervisor = supervisor
        self._hub = hub
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._counted = HubStats()
        self._said: dict[str, ProviderStatus] = {}

    async def run(self, loop: Loop) -> None:
        """Measure for ever."""
        gauges_at = beats_at = self._clock.now()
        while True:
            loop.beat()
            await self._measure_lag()
            now = self._clock.now()
            if now - gauges_at >= GAUGES_EVERY:
                gauges_at = now
                self._show_gauges()
            if now - beats_at >= BEATS_EVERY:
                beats_at = now
                await self._store_beats()

    async def _measure_lag(self) -> None:
        before = self._clock.monotonic()
        await self._clock.sleep(TURN)
        self._metrics.event_loop_lag_seconds.observe(max(0.0, self._clock.monotonic() - before - TURN))

    async def _store_beats(self) -> None:
        for loop in self._supervisor.loops:
            if loop.heartbeat_at is not None:
                try:
                    await self._store.beat(self._process, loop.name, loop.heartbeat_at)
                except StoreError:
                    return  # the polls find out, and health says so

    def _show_gauges(self) -> None:
        open_slots: dict[tuple[str, str], int] = {}
        for (market, provider, _), owner in self._discovery.owners.items():
            count = sum(len(state.open) for state in owner.states.values())
            open_slots[market, provider] = open_slots.get((market, provider), 0) + count
        for (market, provider), count in open_slots.items():
            self._metrics.slots_open.labels(market, provider).set(count)
        for polling in self._discovery.pollings:
            self._show_provider(polling.provider)
            self._show_sweep(polling)
        self._show_hub(self._hub.stats())

    def _show_provider(self, provider: AvailabilityProvider) -> None:
        name, status = provider.provider_id, provider.status()
        self._metrics.breaker_state.labels(name).set(BREAKER_VALUES[status.breaker])
        self._say_what_changed(name, status)
        self._metrics.budget_calls_per_second.labels(name).set(status.rate_now)
        counts = self._discovery.coverage[name].counts(self._clock.now())
        for window, count in counts.items():
            self._metrics.coverage_ratio.labels(name, window).set(
                count / counts["ever"] if counts["ever"] else 0.0
            )

    def _show_sweep(self, polling: ProviderPolling) -> None:
        labels = polling.market.id, polling.provider.provider_id
        cost = polling.spending.calls_per_drop
        self._metrics.calls_per_drop.labels(*labels).set(nan if cost is None else cost)
        self._metrics.wanted_venues.labels(*labels).set(polling.wanted_venues)
        if revisits := polling.plan.revisits():
            planned = self._metrics.planned_revisit_seconds
            planned.labels(*labels, "median").set(median(revisits))
            planned.labels(*labels, "longest").set(max(revisits))

    def _say_what_changed(self, name: str, status: ProviderStatus) -> None:
        """Log an outage once when it starts and once when it ends, and each new problem once."""
        before = self._said.get(name, ProviderStatus(enabled=status.enabled))
        self._said[name] = status
        if status.breaker != before.breaker:
            message = f"{name}: the circuit breaker is {status.breaker}"
            log.warning(LogEvent.BREAKER_CHANGED, message=message, provider=name, breaker=status.breaker)
        for problem in status.problems:
            if problem not in before.problems:
                log.warning(LogEvent.PROVIDER_AWAY, message=problem, provider=name)
        if before.problems and not status.problems:
            log.info(LogEvent.PROVIDER_BACK, message=f"{name} has no problem any more", provider=name)

    def _show_hub(self, now: HubStats) -> None:
        before, self._counted = self._counted, now
        self._metrics.sse_clients.set(now.streams)
        self._metrics.sse_frames_total.inc(now.frames - before.frames)
        self._metrics.sse_bytes_total.inc(now.bytes - before.bytes)
        self._metrics.slow_clients_dropped_total.inc(now.slow_dropped - before.slow_dropped)
