"""Events: the stored transitions of slots."""

from datetime import date, datetime, time
from enum import StrEnum

import msgspec


class EventType(StrEnum):
    """The transitions that are stored."""

    NEW_DROP = "NEW_DROP"
    REOPENED = "REOPENED"
    CLOSED = "CLOSED"


class Origin(StrEnum):
    """How an opening began."""

    DROP = "drop"
    REOPENED = "reopened"
    BASELINE = "baseline"
    AFTER_GAP = "after_gap"


class CloseReason(StrEnum):
    """Why a slot is not open any more."""

    TAKEN = "taken"
    EXPIRED = "expired"
    VANISHED = "vanished"
    WITHDRAWN = "withdrawn"


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One transition, as every client sees it (instants in UTC, slot dates and times local to the market)."""

    id: int
    """Its place in the log; 0 until it is stored."""
    event_type: EventType
    market: str
    provider: str
    bucket_id: str
    service_date: date
    slot_id: str
    venue_id: str
    venue_name: str
    neighborhood: str | None
    price_range: int | None
    slot_date: date
    slot_time: time
    time_bucket: str
    origin: Origin
    party_sizes: tuple[int, ...]
    seatings: tuple[str, ...]
    opened_at: datetime | None
    opened_after: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime | None
    closed_at: datetime | None
    close_reason: CloseReason | None
    drop_duration_seconds: float | None
    book_url: str | None
    image_url: str | None
    availability_times: tuple[str, ...]
    approximate: bool = False
    """Whether it may be some time round this one that is free."""

    @property
    def listing(self) -> str:
        """Its venue as `provider:id`."""
        return f"{self.provider}:{self.venue_id}"

    @property
    def happened_at(self) -> datetime:
        """The instant of the transition: of the closing where it is one, else of the opening."""
        return self.closed_at or self.opened_at or self.first_seen_at

    @property
    def dedupe_key(self) -> str:
        """The key under which a transition is stored once: to the microsecond of its opening, or of its closing."""
        closed = self.event_type is EventType.CLOSED
        at = self.closed_at if closed else self.opened_at
        assert at is not None, "an opening has opened_at, a closing closed_at"
        prefix = "closed|" if closed else ""
        return f"{prefix}{self.market}|{self.provider}|{self.bucket_id}|{self.slot_id}|{microseconds(at)}"


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970 in UTC."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
