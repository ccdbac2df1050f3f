"""Audits what is left out: a table shown to somebody who had looked shortly before, and not seen it, has to be told."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, time

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import EventType
from tablewire.domain.slots import slot_id
from tests.integration.detection.starts import seconds_of
from tests.simulation.evidence import Evidence, Slot
from tests.simulation.records import Commit, Look, Poll, part_of

_Known = dict[tuple[str, int], "_Knowledge"]


class _Knowledge(msgspec.Struct, frozen=True):
    """When a venue was last looked at for a party size, and in whose memory that is."""

    process: int
    epoch: int
    sent: datetime
    arrived: datetime
    """When the last answer that was used for it came: what was asked for before says nothing new."""


def audit_recall(evidence: Evidence) -> Iterator[str]:
    """What should have been told and was not, in sentences."""
    opened: set[bytes] = set()
    known: dict[tuple[str, BucketKey], _Known] = defaultdict(dict)
    for commit in evidence.commits:
        change, of_bucket = commit.change, known[commit.change.provider, commit.key]
        poll = evidence.poll_of(commit)
        if poll is not None and change.outcome is not None:
            told = {event.slot_id for event in commit.events if event.event_type is not EventType.CLOSED}
            for slot, size in _new_to(commit, poll, of_bucket, evidence.start_of(commit).settings.edge):
                id = slot_id(*slot)
                if id not in opened and id.hex() not in told:
                    yield f"{slot} was shown for {size} in the poll of {change.at}, and is not told"
        opened.difference_update(change.closed)
        opened.update(slot.slot_id for slot in change.opened)
        _learn(commit, of_bucket)
        for size, venue_id in change.lapsed:
            of_bucket.pop((venue_id, size), None)


def _learn(commit: Commit, known: _Known) -> None:
    for seen in commit.change.observed:
        if not seen.doubtful:
            known[seen.venue_id, seen.party_size] = _Knowledge(
                commit.process, commit.epoch, seen.sent_at, seen.arrived_at
            )
    for size, venue_id, arrived_at in commit.change.heard:
        if (before := known.get((venue_id, size))) is not None and before.arrived < arrived_at:
            known[venue_id, size] = msgspec.structs.replace(before, arrived=arrived_at)


def _new_to(commit: Commit, poll: Poll, known: _Known, edge: time) -> Iterator[tuple[Slot, int]]:
    """What a poll shows of a bucket to pairs that were looked at shortly before, and that nothing believed said otherwise of later in it."""
    gaps = {id(look): gap for look, gap in poll.looks}
    believed = {(seen.venue_id, seen.party_size): seen.sent_at for seen in commit.change.observed}
    for venue_id, size, look in _last_looks(poll):
        knowledge = known.get((venue_id, size))
        fresh = (
            knowledge is not None
            and (knowledge.process, knowledge.epoch) == (commit.process, commit.epoch)
            and knowledge.arrived <= look.sent <= knowledge.sent + gaps[id(look)]
            and believed.get((venue_id, size), look.sent) <= look.sent
        )
        if fresh:
            for start in look.shown[venue_id]:
                slot = Slot(poll.provider, venue_id, start)
                is_here = slot.day == poll.day and part_of(start, edge) == commit.key.time_slot
                if is_here and look.covers(start) and seconds_of(start) > commit.change.at.timestamp():
                    yield slot, size


def _last_looks(poll: Poll) -> Iterator[tuple[str, int, Look]]:
    """The last whole and honest look at each pair; where a look is for a part of the day, the last for each part."""
    last: dict[tuple[str, int, tuple[str, str] | None], Look] = {}
    for look, _ in sorted(poll.looks, key=lambda one: one[0].sent):
        if look.whole and not look.lie:
            last.update({(venue_id, look.size, look.window): look for venue_id in look.shown})
    for (venue_id, size, _), look in last.items():
        yield venue_id, size, look
