"""Stays: one table's time on sale, from its opening to its closing, as the figures count it."""

from datetime import date, datetime
from functools import lru_cache

import msgspec

from tablewire.domain.events import CloseReason, Origin, microseconds
from tablewire.domain.slots import OpenSlot, local_start
from tablewire.insights.intervals import Span

_ORIGINS = {origin.value: origin for origin in Origin}
"""A table, for a look into one costs a fifth of asking the class."""


class Stay(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A closed row of the log, or a slot that is open now. Instants and durations are microseconds."""

    service_date: date
    minute: int
    """The minute of the day at which the table is for: 19:30 is 1170."""
    prime: bool
    sizes: int
    """Its party sizes as bits: size 2 is 1 << 2; see `bits`."""
    origin: Origin
    first_seen_at: int
    opened_at: int | None = None
    """Its opening event's instant; null where it was baseline or opened after a gap."""
    closed_at: int | None = None
    """Null while it is open."""
    reason: CloseReason | None = None
    lasted: int | None = None
    """From its opening to its being taken, where both are known."""
    opened_sizes: int | None = None
    """The party sizes of its opening, where they are not `sizes`: a table can come to be for more while it is open."""

    @property
    def dropped_at(self) -> int | None:
        """When it was a drop: the instant of its NEW_DROP."""
        return self.opened_at if self.origin is Origin.DROP else None

    @property
    def dropped_for(self) -> int:
        """The party sizes that it opened for: what comes later changes nothing of the day on which it opened."""
        return self.sizes if self.opened_sizes is None else self.opened_sizes

    def until(self, at: int) -> Span:
        """[opened, closed), as far as it was known at an instant."""
        end = at if self.closed_at is None else min(self.closed_at, at)
        return self.first_seen_at, end


Opened = tuple[date, int, int]
"""What tells a venue's openings apart: service date, minute, and the instant in microseconds."""


@lru_cache(maxsize=1_024)
def bits(sizes: tuple[int, ...]) -> int:
    """Party sizes as bits; sizes over 62 are left out, for no table has so many seats and a column only 63 bits."""
    return sum(1 << size for size in set(sizes) if 0 < size <= 62)


def has_size(sizes: int, size: int | None) -> bool:
    """Whether party sizes have one of them, or none is asked for."""
    return size is None or bool(sizes >> size & 1)


def sizes_of(sizes: int) -> tuple[int, ...]:
    """Party sizes from their bits."""
    return tuple(size for size in range(sizes.bit_length()) if sizes >> size & 1)


def open_stay(slot: OpenSlot, service_date: date, *, prime: bool) -> Stay:
    """A stay that goes on, from the slot that is open."""
    start = local_start(slot.actual_time)
    return Stay(
        service_date=service_date,
        minute=start.hour * 60 + start.minute,
        prime=prime,
        sizes=bits(slot.ever_sizes),
        origin=_ORIGINS[slot.origin],
        first_seen_at=microseconds(slot.first_seen_at),
        opened_at=_whole(slot.opened_at),
    )


def lead_days(service_date: date, day: date) -> int:
    """How many days a date lies ahead of another; after midnight the evening before is at -1."""
    return (service_date - day).days


def _whole(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)
