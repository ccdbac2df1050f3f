"""Which failed calls are tried again, and after how long."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tablewire.providers.calls import CallFailure, FailureKind

ATTEMPTS = 3
"""How often a call is sent at most."""
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 8.0

PASSES_BY_ITSELF = frozenset(
    {FailureKind.TIMEOUT, FailureKind.CONNECTION, FailureKind.RATE_LIMITED, FailureKind.SERVER_ERROR}
)
"""What may be gone at the next attempt. Blocks, refusals and answers that make no sense are not tried again."""

Jitter = Callable[[float], float]
"""Gives a wait of at most so many seconds."""


def full_jitter(longest: float) -> float:
    """Anything from nothing to `longest` seconds, so that callers that failed together do not return together."""
    return random.uniform(0.0, longest)


def wait_before_retry(failure: CallFailure, attempt: int, jitter: Jitter) -> float | None:
    """Seconds to wait after attempt number `attempt` (from 1) failed; None where it is not tried again."""
    if failure.kind not in PASSES_BY_ITSELF or attempt >= ATTEMPTS:
        return None
    wait = jitter(min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempt - 1)))
    return max(wait, failure.retry_after or 0.0)


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a whole number, or a date; None where it is neither."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
