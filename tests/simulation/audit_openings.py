"""Audits openings: each was shown by the poll that tells of it, and not shown before, after its lower bound."""

from collections.abc import Iterator

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event, EventType, Origin
from tests.simulation.evidence import Evidence, Slot, denies, shows, slot_of_event
from tests.simulation.records import Commit, Look
from tests.simulation.truth import Truth


def audit_openings(evidence: Evidence, truth: Truth) -> Iterator[str]:
    """What is wrong with openings, in sentences."""
    in_baseline: set[tuple[BucketKey, Slot]] = set()
    for commit in evidence.commits:
        for event in commit.events:
            if event.event_type is not EventType.CLOSED:
                for wrong in _audit(evidence, truth, commit, event, in_baseline):
                    yield f"{event.event_type} {event.id} of {slot_of_event(event)} {event.party_sizes}: {wrong}"
        in_baseline |= {
            (commit.key, Slot(commit.change.provider, slot.venue.venue_id, slot.actual_time))
            for slot in commit.change.opened
            if slot.in_baseline
        }


def _audit(
    evidence: Evidence, truth: Truth, commit: Commit, event: Event, in_baseline: set[tuple[BucketKey, Slot]]
) -> Iterator[str]:
    slot, start = slot_of_event(event), evidence.start_of(commit)
    if (event.provider, event.venue_id) in start.opted_out:
        yield "its venue has opted out"
    if not set(event.party_sizes) <= set(start.settings.sizes):
        yield f"only {start.settings.sizes} are asked for"
    was_there = (commit.key, slot) in in_baseline
    if (event.origin is Origin.REOPENED) != was_there:
        yield f"its origin is {event.origin}, and it is {'' if was_there else 'not '}of the baseline"
    poll = evidence.poll_of(commit)
    if poll is None or event.opened_at != commit.change.at or event.opened_after is None:
        yield "it is of no poll, or a bound is missing"
        return
    sightings = [(look, gap) for look, gap in poll.looks if shows(look, slot)]
    if not set(event.party_sizes) <= {look.size for look, _ in sightings}:
        yield "a party size was not shown"
    elif all(look.sent - event.opened_after > gap for look, gap in sightings):
        yield "nobody had looked for so long that nobody knows when it opened"
    else:
        yield from _audit_bound(evidence, truth, commit, event, [look for look, _ in sightings])


def _audit_bound(
    evidence: Evidence, truth: Truth, commit: Commit, event: Event, sightings: list[Look]
) -> Iterator[str]:
    """There is a look that was asked for at the lower bound, which did not show it: it opened since then."""
    assert event.opened_after is not None
    slot = slot_of_event(event)
    bounds = [
        look for look in evidence.sent_at(slot.provider, event.opened_after) if slot.venue_id in look.shown
    ]
    bounds = [look for look in bounds if look.day == slot.day.isoformat() and look.size in event.party_sizes]
    if not bounds:
        yield f"nobody asked for its venue at {event.opened_after}"
        return
    if all(look.sent_at < evidence.settings_hold_since(commit) for look in bounds):
        yield "its lower bound is from before the settings were changed"
    if evidence.played.scenario.clock_is_set:
        return
    last_seen = max(look.came_at for look in sightings)
    since = max(look.sent_at for look in bounds)
    deniers = [
        look
        for size in event.party_sizes
        for look in evidence.looks_at(slot, size)
        if since <= look.sent_at <= last_seen and denies(look, slot)
    ]
    if not deniers:
        yield f"it was shown at {event.opened_after}, and nobody said since then that it was gone"
    elif not any(look.lie for look in deniers) and not truth.opened(
        slot, event.party_sizes, since, last_seen
    ):
        yield f"it did not open between {since} and {last_seen}"
