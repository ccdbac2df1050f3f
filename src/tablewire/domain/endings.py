"""What ends without an answer: by the clock, and by changed settings."""

from datetime import datetime, timedelta

import msgspec

from tablewire.domain.changes import ChangeBuilder, Closing
from tablewire.domain.events import CloseReason
from tablewire.domain.rules import Rules
from tablewire.domain.slots import OpenSlot, local_start
from tablewire.domain.state import BucketState, Change


def expire(state: BucketState, at: datetime, rules: Rules) -> Change | None:
    """What the clock alone changes: slots whose start has passed close as of their start. None where nothing does."""
    passed = due(state, at)
    if not passed:
        return None
    builder = ChangeBuilder(state, rules, at)
    for slot in passed:
        builder.close(expired(state, slot))
    return builder.build(outcome=None, cause=None, scanned=False)


def withdraw(
    state: BucketState,
    at: datetime,
    rules: Rules,
    *,
    sizes: frozenset[int],
    opted_out: frozenset[str] = frozenset(),
) -> Change | None:
    """What changed settings take away: party sizes no longer among `sizes`, venues that opted out, starts of other buckets."""
    builder = ChangeBuilder(state, rules, at)
    for slot in state.open.values():
        if slot.starts_at <= at:
            builder.close(expired(state, slot))
            continue
        stays = slot.venue.venue_id not in opted_out and _is_in_bucket(state, slot, rules)
        left = tuple(size for size in slot.sizes if stays and size in sizes)
        if not left:
            builder.close(Closing(slot, at, state.last_seen(slot), CloseReason.WITHDRAWN, rules.resume_gap))
        elif left != slot.sizes:
            missed = tuple(size for size in slot.missed_sizes if size in left)
            builder.update(
                msgspec.structs.replace(
                    slot,
                    sizes=left,
                    missed_sizes=missed,
                    missed_at=(slot.missed_at or at) if missed == left else None,
                    seen_at=state.last_seen(slot),
                )
            )
    return None if builder.nothing else builder.build(outcome=None, cause=None, scanned=False)


def _is_in_bucket(state: BucketState, slot: OpenSlot, rules: Rules) -> bool:
    start = local_start(slot.actual_time)
    return rules.parts.part_of(start, state.key.service_date) == state.key.time_slot


def due(state: BucketState, at: datetime) -> list[OpenSlot]:
    """The slots whose start has passed."""
    if state.next_expiry is None or at < state.next_expiry:
        return []
    return [slot for slot in state.open.values() if slot.starts_at <= at]


def expired(state: BucketState, slot: OpenSlot) -> Closing:
    """Nobody took it: its end is its own start."""
    return Closing(slot, slot.starts_at, state.last_seen(slot), CloseReason.EXPIRED, timedelta(0))
