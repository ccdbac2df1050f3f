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
from tablewire.domain.users import Caller, User
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


class WhoIsWho(Protocol):
    """Who asks, by what they show; `services.accounts.Accounts` knows it."""

    def knew(self, text: str) -> bool:
        """Whether a token or session was good a while ago."""
        ...

    async def of_token(self, text: str) -> Caller | None:
        """Whose token it is, while it is in force. Raises `StoreError`."""
        ...

    async def of_session(self, text: str) -> Caller | None:
        """Whose session it is, while it and its token are in force. Raises `StoreError`."""
        ...


class AccountsDoor(WhoIsWho, Protocol):
    """What users do with themselves. Everything here raises `StoreError`."""

    async def begin_session(self, caller: Caller) -> tuple[str, datetime] | None:
        """A new session, and until when it lasts; None where its token is in force no more."""
        ...

    async def end_session(self, text: str) -> None:
        """End a session, where it is one."""
        ...

    async def set_time_zone(self, user: User, time_zone: str) -> User:
        """Set the zone of a user's quiet hours. Raises `BadInput`, `NotFound`."""
        ...

    async def delete(self, user: User) -> None:
        """Delete a user and everything that is theirs. Raises `Conflict` for the local user."""
        ...
