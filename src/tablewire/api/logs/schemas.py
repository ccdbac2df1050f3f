"""Booking attempts and tool calls, as documents."""

from datetime import date, datetime, time
from typing import Any, Literal

import msgspec

BookingOutcome = Literal[
    "booked", "dry_run", "refused", "gone", "token_expired", "payment_needed", "unclear", "failed"
]
"""How an attempt ended; `unclear`: the provider's answer said neither, and the account's reservations are asked."""


class BookingStep(msgspec.Struct, frozen=True, kw_only=True):
    """One call of an attempt."""

    step: Literal["find", "details", "book", "reservations"]
    at: datetime
    status: int | None
    """The provider's HTTP status; null where nothing was answered."""
    latency_ms: float
    detail: str | None
    """What was answered, in plain words; secrets are masked."""


class BookingAttempt(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="booking_attempt"):
    """One attempt to book a slot."""

    id: int
    created_at: datetime
    source: Literal["notify", "goal", "user"]
    source_id: int | None
    provider: str
    venue_id: str
    venue_name: str | None
    slot_date: date
    slot_time: time
    party_size: int
    dry_run: bool
    outcome: BookingOutcome | None
    """Null while it goes on."""
    detail: str | None
    """The outcome in plain words."""
    latency_ms: float | None
    steps: list[BookingStep]


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="tool_call"):
    """One call of a tool."""

    id: int
    created_at: datetime
    tool: str
    arguments: dict[str, Any]
    """Secrets are masked."""
    outcome: Literal["ok", "failed"]
    error: str | None
    duration_ms: float


class BookingAttempts(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts, newest first."""

    attempts: list[BookingAttempt]
    next_cursor: str | None
    """Hand it back as `before`."""
    has_more: bool


class ToolCalls(msgspec.Struct, frozen=True, kw_only=True):
    """Calls, newest first."""

    calls: list[ToolCall]
    next_cursor: str | None
    has_more: bool


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts and calls by time, newest first."""

    logs: list[BookingAttempt | ToolCall]
    next_cursor: str | None
    has_more: bool
