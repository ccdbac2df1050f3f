"""Slots: what is bookable, how it is named, and what is known of its venue."""

from datetime import date, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import TypeVar

import msgspec

_T = TypeVar("_T")


def slot_id(provider: str, venue_id: str, actual_time: str) -> bytes:
    """The 16 bytes that name a slot for good, from its provider, its venue and its local start `YYYY-MM-DD HH:MM:SS`."""
    return blake2b(f"{provider}|{venue_id}|{actual_time}".encode(), digest_size=16).digest()


@lru_cache(maxsize=65_536)
def local_start(actual_time: str) -> datetime:
    """The wall time, without zone, that an `actual_time` says. Raises ValueError where it is none."""
    return datetime.strptime(actual_time, "%Y-%m-%d %H:%M:%S")


@lru_cache(maxsize=4_096)
def shared(values: tuple[_T, ...]) -> tuple[_T, ...]:
    """The same values, as one object for all that have them: tens of thousands of slots have the same few sizes and seatings."""
    return values


class Venue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a provider says of one restaurant."""

    provider: str
    venue_id: str
    name: str
    neighborhood: str | None = None
    price_range: int | None = None
    cuisine: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    url: str | None = None
    image_url: str | None = None
    address: str | None = None
    """Its street and number, as the provider writes them."""
    phone: str | None = None

    def completed_by(self, known: "Venue") -> "Venue":
        """The same venue, with what it leaves out as it was known before."""
        left_out = {
            field: getattr(known, field)
            for field in self.__struct_fields__
            if getattr(self, field) is None and getattr(known, field) is not None
        }
        return msgspec.structs.replace(self, **left_out) if left_out else self


class Bookable(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where a slot is booked, in two parts that many slots share: whole, the addresses would be a tenth of all memory."""

    book_page: str | None = None
    """The page of the restaurant on which people book."""
    book_query: str = ""
    """What has to follow it for the date and party size, question mark included."""

    @property
    def book_url(self) -> str | None:
        """The whole address."""
        return None if self.book_page is None else f"{self.book_page}{self.book_query}"


class SeenSlot(Bookable, frozen=True, kw_only=True, gc=False):
    """One slot as one answer, for one party size, showed it."""

    slot_id: bytes
    actual_time: str
    service_date: date
    seatings: tuple[str, ...] = ()
    off_market_at: datetime | None = None
    """When the platform takes it off by itself, in UTC."""
    approximate: bool = False
    """Whether it may be some time round this one that is free: the provider was asked about a time, not for times."""


class OpenSlot(Bookable, frozen=True, kw_only=True, gc=False):
    """One slot that is open now: a row of `open_slots`."""

    slot_id: bytes
    venue: Venue
    actual_time: str
    starts_at: datetime
    """The start in UTC."""
    sizes: tuple[int, ...]
    """The party sizes whose last answer showed it, ascending."""
    ever_sizes: tuple[int, ...]
    """All party sizes it had since it opened, ascending."""
    origin: str
    """How this opening began: drop, reopened, baseline or after_gap."""
    in_baseline: bool
    first_seen_at: datetime
    seen_at: datetime
    """A floor for when it was last seen: the pairs' own observations may say later."""
    opened_at: datetime | None = None
    opened_after: datetime | None = None
    event_id: int | None = None
    """The id of its opening event, where it has one."""
    seatings: tuple[str, ...] = ()
    off_market_at: datetime | None = None
    missed_at: datetime | None = None
    """Since when a suspect answer says that it is gone: its closing is held."""
    missed_sizes: tuple[int, ...] = ()
    """The party sizes that only suspect answers have failed to show since they last had it."""
    approximate: bool = False
