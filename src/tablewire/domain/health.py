"""Health: what the engine tells of itself, as clients see it."""

from datetime import date, datetime
from typing import Any, Literal

import msgspec

BucketStatus = Literal["building", "ok", "partial", "failed", "blocked", "stale"]
OverallStatus = Literal["ok", "degraded", "down"]
BreakerState = Literal["closed", "open", "half_open"]


class FastChecks(msgspec.Struct, frozen=True, kw_only=True):
    """Two answers that a pager can act on."""

    job_alive: bool
    """The poller's heartbeat is younger than 3 intervals."""
    feed_updating: bool
    """Some bucket was scanned within 3 intervals."""


class ProviderScan(msgspec.Struct, frozen=True, kw_only=True):
    """How one bucket stands at one provider."""

    outcome: str | None
    cause: str | None
    last_scan_at: datetime | None
    poll_seq: int
    observed_venues: int
    open_slots: int
    baseline_slots: int


class BucketHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one bucket stands."""

    market: str
    bucket_id: str
    date: date
    time_slot: str
    time_bucket: str
    status: BucketStatus
    last_scan_at: datetime | None
    age_seconds: float | None
    open_slots: int
    providers: dict[str, ProviderScan]


class Coverage(msgspec.Struct, frozen=True, kw_only=True, rename={"two_minutes": "2m", "ten_minutes": "10m"}):
    """Venues of one provider that were observed within the last 2 minutes, the last 10, and ever."""

    two_minutes: int
    ten_minutes: int
    ever: int


class SweepHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one provider is swept, as planned now, and what that costs."""

    mode: Literal["adaptive", "turns"]
    pages: int
    """Pages of a pass over everything, as far as they are known."""
    revisit_median_seconds: float | None
    """Planned seconds between two looks at a page: half of the pages are looked at more often."""
    revisit_longest_seconds: float | None
    bound_seconds: float
    """No page goes unseen for longer, as long as calls are answered."""
    wanted: int
    """Venues that somebody waits for."""
    calls_per_drop: float | None
    """Calls spent in the last hour for each drop found in it; null where none was."""


class LoopHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one loop of the engine is doing."""

    name: str
    alive: bool
    heartbeat_at: datetime | None
    restarts: int
    last_error: str | None


class ProviderHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one provider is doing."""

    enabled: bool
    breaker: BreakerState
    rate: float
    """Calls a second it may be sent at most."""
    rate_now: float
    """Calls a second it may be sent now."""
    error_rate: float
    """Share of the last calls that failed, 0 to 1."""
    problems: tuple[str, ...] = ()


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of discovery's health."""

    status: OverallStatus
    demo: bool
    now: datetime
    next_scan_at: datetime | None
    fast_checks: FastChecks
    bucket_health: tuple[BucketHealth, ...]
    coverage: dict[str, Coverage]
    sweeps: dict[str, SweepHealth]
    """By provider that is polled: of several markets, the one that is swept most rarely."""
    loops: tuple[LoopHealth, ...]
    providers: dict[str, ProviderHealth]


class HealthSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Health in one line, from memory only."""

    status: OverallStatus
    demo: bool
    version: str
    started_at: datetime
    next_scan_at: datetime | None
    streams: int
    """Open streams."""


class JobHeartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """When one loop of one process was last heard of."""

    process: str
    loop: str
    at: datetime


class DiscoveryBucketRow(msgspec.Struct, frozen=True, kw_only=True):
    """One bucket at one provider."""

    market: str
    bucket_id: str
    provider: str
    baseline_built_at: datetime | None
    last_scan_at: datetime | None
    poll_seq: int
    outcome: str | None
    cause: str | None
    observed_pairs: int
    open_slots: int
    baseline_slots: int


class DbDebug(msgspec.Struct, frozen=True, kw_only=True):
    """What the store holds, and in plain words what is wrong."""

    next_scan_at: datetime | None
    job_heartbeat: tuple[JobHeartbeat, ...]
    discovery_buckets: tuple[DiscoveryBucketRow, ...]
    fast_checks: FastChecks
    table_sizes: dict[str, int]
    """Bytes on disk of each table, indexes included."""
    hints: tuple[str, ...]


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """How much one provider may be asked."""

    rate: float
    rate_now: float
    pages_due: int | None = None
    """Pages that a pass over the whole window has, where it is known."""
    revisit_seconds: float | None = None
    """Seconds between two looks at the same deep page, as planned now."""


class ProviderDebug(msgspec.Struct, frozen=True, kw_only=True):
    """One provider in detail."""

    last_scan_at: datetime | None
    outcomes: dict[str, int]
    """How polls ended since the start, by outcome."""
    calls: dict[str, int]
    """How calls ended since the start, by kind."""
    budget: Budget
    drift: tuple[str, ...]
    """Fields that every earlier answer had and that are missing now."""
    problems: tuple[str, ...] = ()
    details: dict[str, Any] = {}


class DiscoveryDebug(msgspec.Struct, frozen=True, kw_only=True):
    """Every provider in detail."""

    providers: dict[str, ProviderDebug]


class AskedProvider(msgspec.Struct, frozen=True, kw_only=True):
    """How it went to ask one provider on a client's wish."""

    outcome: str
    cause: str | None = None
