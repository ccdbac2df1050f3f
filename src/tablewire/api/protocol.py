"""The doors of the HTTP room: what it asks of the engine, in its own words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from tablewire.domain.events import Event
from tablewire.domain.filters import EventFilter
from tablewire.domain.health import (
    AskedProvider,
    DbDebug,
    DiscoveryDebug,
    HealthReport,
    HealthSummary,
    ProviderHealth,
)
from tablewire.storage.protocol import VenueBook


class HealthDoor(Protocol):
    """What the service knows of its own health."""

    def summary(self) -> HealthSummary:
        """Health in one line, from memory only."""
        ...

    async def ready(self) -> str | None:
        """Why it is not ready (not migrated, the store is away, the engine is down), in plain words; None where it is."""
        ...

    def next_scan_at(self) -> datetime | None:
        """When the next cycle of polls begins."""
        ...

    def discovery_health(self) -> HealthReport:
        """Everything that memory knows of discovery's health."""
        ...

    def discovery_debug(self) -> DiscoveryDebug:
        """Every provider in detail."""
        ...

    async def db_debug(self) -> DbDebug:
        """What the store holds. Raises `StoreError`."""
        ...

    def providers(self) -> Mapping[str, ProviderHealth]:
        """Every provider that is registered, polled or not, by id."""
        ...


class LiveAsk(Protocol):
    """Asking the providers on a client's wish."""

    async def ask_live(self, wanted: EventFilter) -> Mapping[str, AskedProvider]:
        """Poll the buckets that a filter leaves over, now, within a bounded time; memory has the result when this returns.

        Answers how it went by provider. Raises `BadInput` where the filter leaves more than can be asked at once.
        """
        ...


class MetricsDoor(Protocol):
    """The figures for Prometheus."""

    def render(self) -> bytes:
        """All figures in Prometheus' text format."""
        ...


class VenueHistory(VenueBook, Protocol):
    """The venues that were ever seen, and what happened at each."""

    async def of_venue(
        self, provider: str, venue_id: str, cursor: int | None, limit: int, *, types: frozenset[str]
    ) -> list[Event]:
        """The newest `limit` events of one venue with an id below `cursor`, newest first."""
        ...
