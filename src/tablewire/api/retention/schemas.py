"""What is answered of a run of retention, as documents."""

import msgspec


class RetentionRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has removed."""

    events: int
    notifications: int
    observed_spans: int
    waiting: list[str]
    """Markets that have days which are old enough, and not rolled up: their events stay until they are."""
    busy: bool
    """Whether another process was at it, so that the rest was left to it."""
