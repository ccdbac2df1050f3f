"""Retries: what is tried again, and when."""

from datetime import UTC, datetime

import pytest

from tablewire.providers.calls import CallFailure, FailureKind
from tablewire.providers.retry import ATTEMPTS, full_jitter, parse_retry_after, wait_before_retry

NOW = datetime(2026, 10, 22, 12, 0, 0, tzinfo=UTC)


def failure(kind: FailureKind, retry_after: float | None = None) -> CallFailure:
    return CallFailure(kind=kind, message="made up", retry_after=retry_after)


@pytest.mark.parametrize("kind", FailureKind)
def test_only_what_can_pass_by_itself_is_tried_again(kind: FailureKind) -> None:
    again = wait_before_retry(failure(kind), 1, full_jitter) is not None
    assert again == (kind.value in {"timeout", "connection", "rate_limited", "server_error"})


def test_there_are_two_more_attempts_at_most() -> None:
    waits = [wait_before_retry(failure(FailureKind.TIMEOUT), attempt, full_jitter) for attempt in range(1, 5)]
    assert [wait is not None for wait in waits] == [True, True, False, False]
    assert ATTEMPTS == 3


def test_the_longest_wait_doubles() -> None:
    waits = [
        wait_before_retry(failure(FailureKind.TIMEOUT), attempt, lambda longest: longest)
        for attempt in (1, 2)
    ]
    assert waits == [0.5, 1.0]


def test_jitter_is_full() -> None:
    waits = [full_jitter(1.0) for _ in range(500)]
    assert min(waits) < 0.1
    assert max(waits) > 0.9
    assert all(0 <= wait <= 1 for wait in waits)


def test_retry_after_is_waited_for() -> None:
    assert wait_before_retry(failure(FailureKind.RATE_LIMITED, 7.0), 1, full_jitter) == 7.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Thu, 22 Oct 2026 12:00:30 GMT", 30.0),
        ("Thu, 22 Oct 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("٣", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds
