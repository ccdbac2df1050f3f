"""One call to a provider and how it ended, as values."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

T_co = TypeVar("T_co", covariant=True)


class FailureKind(StrEnum):
    """Why a call brought nothing back."""

    TIMEOUT = "timeout"
    """It was not answered whole within the time-out of a call."""
    CONNECTION = "connection"
    """No connection, or one that broke off."""
    RATE_LIMITED = "rate_limited"
    """429: too many calls."""
    SERVER_ERROR = "server_error"
    UNAUTHORIZED = "unauthorized"
    """The key or the token is refused."""
    BLOCKED = "blocked"
    """A challenge page, or any other page where data was asked for."""
    TOO_LARGE = "too_large"
    BAD_BODY = "bad_body"
    """An answer that could not be decoded."""
    STALE_QUERY = "stale_query"
    """The provider no longer knows the query that was named by its hash."""
    REJECTED = "rejected"
    """The provider does not take the request as it is."""
    NOT_THERE = "not_there"
    """What was asked for by name is not there, or not for everybody."""
    BREAKER_OPEN = "breaker_open"
    """Not sent: the provider is being rested after failures."""
    OUT_OF_TIME = "out_of_time"
    """Not sent, or given up, because the caller's own time was over."""


NOT_THE_PROVIDERS = frozenset({FailureKind.BREAKER_OPEN, FailureKind.OUT_OF_TIME, FailureKind.NOT_THERE})
"""Failures that say nothing of how the provider is doing."""


class Refusal(ValueError):
    """A decoder's word that a body, though it came with a good status, is a refusal: of which kind, and in plain words."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Request:
    """What is sent. It shows neither its headers nor its body, since both may carry secrets."""

    __slots__ = ("body", "headers", "method", "sent", "url")

    def __init__(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.sent = 0
        """How often it was sent."""

    def __repr__(self) -> str:
        return f"Request({self.method} {self.url.partition('?')[0]})"


class Fetched(msgspec.Struct, Generic[T_co], frozen=True, kw_only=True):
    """A call that was answered with data."""

    status: int
    body: T_co
    """What was answered, decoded."""
    size: int
    """Bytes of the body as it was decoded."""
    sent_at: datetime
    """Right before the request was sent, in UTC: nothing in the body is known to be older."""
    arrived_at: datetime
    """When the body had been read, in UTC."""


class CallFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A call that brought nothing back."""

    kind: FailureKind
    message: str
    """What went wrong, in plain words and without secrets."""
    sent_at: datetime | None = None
    """When its last attempt was sent, in UTC; None where none was."""
    status: int | None = None
    retry_after: float | None = None
    """Seconds that the provider asked to be left alone."""
    body: bytes = b""
    """The beginning of a refusal's body, for adapters whose provider gives its reason there."""

    def __repr__(self) -> str:
        return f"CallFailure({self.kind.value}: {self.message})"
