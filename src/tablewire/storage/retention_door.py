"""The door of retention: what may go, and who takes it away."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

import msgspec


class RolledUp(msgspec.Struct, frozen=True):
    """How far a market is rolled up."""

    event_id: int
    """The last event that is in its days."""
    finished_day: date
    """Its last local day that is over and rolled up."""


class Bound(msgspec.Struct, frozen=True):
    """What of a market's events may go: what happened before an instant, and has this id at most."""

    before: datetime
    upto: int | None
    """None: any."""


class RetentionStore(Protocol):
    """Removes what is old, from the oldest on. Raises `RetentionBusy` where another process is at it, `StoreError`."""

    async def rolled_up(self) -> Mapping[str, RolledUp]:
        """How far each market is rolled up; those that never were are not in it."""
        ...

    async def remove_events(self, bounds: Mapping[str, Bound], others_before: datetime, limit: int) -> int:
        """Remove some of the oldest events; answers how many. Those of markets without a bound go by their age alone."""
        ...

    async def remove_notifications(self, before: datetime, limit: int) -> int:
        """Remove some of the oldest notifications with their deliveries; answers how many."""
        ...

    async def remove_spans(self, market: str, before: date, limit: int) -> int:
        """Remove some of a market's observed spans of days before one; answers how many."""
        ...
