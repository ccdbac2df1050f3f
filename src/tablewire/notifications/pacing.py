"""Pacing: when what waits for a channel may go, and when a failed try is repeated."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from tablewire.domain.channels import Quiet

BURST = 5
"""Notifications within a minute; more of them gather into a digest."""
BURST_WINDOW = timedelta(minutes=1)
GATHER = timedelta(seconds=30)
"""How long a burst gathers, from the first one that waits."""
TRIES = 6
_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 240, 900, 2400))
"""Between tries: about an hour together."""
_JITTER = 0.2
WHILE_FAILING = timedelta(seconds=30)
"""Between tries of a channel whose last one failed, whatever new comes meanwhile."""
GIVEN_UP = timedelta(days=1)
"""A channel that fails for so long is paused."""
_MINUTE = timedelta(minutes=1)
_LONGEST_NIGHT = 27 * 60
"""Minutes that quiet hours can last on a day on which the clocks change."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel's user wants, and what went before."""

    min_interval: timedelta = timedelta(0)
    quiet: Quiet | None = None
    zone: ZoneInfo = ZoneInfo("UTC")
    last_sent_at: datetime | None = None
    failed_at: datetime | None = None
    """When the last try failed; None where it went through."""


def release(pace: Pace, first_at: datetime, burst_at: datetime | None, now: datetime) -> datetime:
    """When new notifications may go, `now` at the earliest.

    `first_at` is when the oldest one that waits was made; `burst_at`, when the one was made that lies `BURST` before the newest of
    the channel, sent or not.
    """
    at = now
    if burst_at is not None and now - burst_at < BURST_WINDOW:
        at = max(at, first_at + GATHER)
    if pace.last_sent_at is not None:
        at = max(at, pace.last_sent_at + pace.min_interval)
    if pace.failed_at is not None:
        at = max(at, pace.failed_at + WHILE_FAILING)
    return after_quiet(pace, at)


def after_quiet(pace: Pace, at: datetime) -> datetime:
    """The first moment from `at` on that lies outside the quiet hours."""
    if pace.quiet is None or not is_quiet(pace.quiet, pace.zone, at):
        return at
    # Both ends are whole minutes, and clocks change at whole minutes: a walk along them needs no rule for gaps and repeats.
    minute = at.replace(second=0, microsecond=0)
    for _ in range(_LONGEST_NIGHT):
        minute += _MINUTE
        if not is_quiet(pace.quiet, pace.zone, minute):
            return minute
    return minute


def is_quiet(quiet: Quiet, zone: ZoneInfo, at: datetime) -> bool:
    """Whether the wall clock of a zone shows a quiet hour."""
    wall: time = at.astimezone(zone).time()
    if quiet.begin < quiet.end:
        return quiet.begin <= wall < quiet.end
    return wall >= quiet.begin or wall < quiet.end


def pause_before_retry(tries: int, chance: float, retry_after: float | None = None) -> timedelta | None:
    """How long to wait after so many failed tries; None where it is given up. `chance` is from 0 to 1."""
    if tries >= TRIES:
        return None
    pause = _PAUSES[tries - 1] * (1 - _JITTER + 2 * _JITTER * chance)
    return max(pause, timedelta(seconds=retry_after or 0))
