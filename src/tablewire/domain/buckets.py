"""Buckets: a market's date split into parts, each start time in exactly one of them."""

from bisect import bisect_right
from datetime import date, datetime, time

import msgspec

from tablewire.errors import BadInput


class BucketKey(msgspec.Struct, frozen=True, order=True):
    """One bucket of one market: a service date and a time slot such as `19:00`."""

    market: str
    service_date: date
    time_slot: str

    @property
    def bucket_id(self) -> str:
        """The bucket's name within its market, e.g. `2026-02-18_19:00`."""
        return f"{self.service_date.isoformat()}_{self.time_slot}"


def parse_bucket_id(text: str) -> tuple[date, str]:
    """A bucket id's service date and time slot. Raises `BadInput` where it is none."""
    day, _, slot = text.partition("_")
    wrong = BadInput.of("bucket_id", f"{text!r} is no bucket id; one looks like 2026-02-18_19:00")
    try:
        found, at = date.fromisoformat(day), time.fromisoformat(slot)
    except ValueError:
        raise wrong from None
    if (found.isoformat(), f"{at:%H:%M}") != (day, slot):  # ISO has more spellings; an id has one
        raise wrong
    return found, slot


class DayParts(msgspec.Struct, frozen=True):
    """How a day is split: the time slots in order, and the edges between them.

    A start belongs to the part whose edges it lies between; an edge itself belongs to the later part. The last part is prime time.
    """

    time_slots: tuple[str, ...] = ("15:00", "19:00")
    edges: tuple[time, ...] = (time(17, 0),)

    def part_of(self, start: datetime, service_date: date) -> str:
        """The time slot of a local start, a start after midnight being part of the evening before."""
        if start.date() > service_date:
            return self.time_slots[-1]
        return self.time_slots[bisect_right(self.edges, start.time())]

    def time_bucket(self, time_slot: str) -> str:
        """`prime` for the last part of the day, else `off_peak`."""
        return "prime" if time_slot == self.time_slots[-1] else "off_peak"
