"""Audits closings: each rests on an answer that says so, on the clock, on settings, or on long silence."""

from collections.abc import Iterator

from tablewire.domain.events import CloseReason, Event, EventType
from tablewire.domain.markets import NYC, window
from tablewire.domain.rules import Rules
from tablewire.domain.slots import OpenSlot
from tests.simulation.evidence import Evidence, Slot, denies, shows, slot_of_event
from tests.simulation.records import Commit, Look, part_of
from tests.simulation.truth import Truth

_RULES = Rules(zone=NYC.zone)


def audit_closings(evidence: Evidence, truth: Truth) -> Iterator[str]:
    """What is wrong with closings, in sentences."""
    for commit, event in evidence.events():
        if event.event_type is EventType.CLOSED:
            for wrong in _audit(evidence, truth, commit, event):
                yield (
                    f"CLOSED {event.id} of {slot_of_event(event)} {event.party_sizes}, {event.close_reason}: {wrong}"
                )


def _audit(evidence: Evidence, truth: Truth, commit: Commit, event: Event) -> Iterator[str]:
    before = commit.before.get(bytes.fromhex(event.slot_id))
    if before is None or event.closed_at is None or event.last_seen_at is None:
        yield "it was not open, or a bound is missing"
        return
    duration = event.drop_duration_seconds
    if duration is not None and (duration < 0 or event.close_reason is not CloseReason.TAKEN):
        yield f"a duration of {duration} s that nobody can know"
    if not _was_seen(evidence, event):
        yield f"it was not seen at {event.last_seen_at}"
    match event.close_reason:
        case CloseReason.TAKEN:
            yield from _audit_answers(evidence, truth, commit, event, lies_suffice=False)
        case CloseReason.EXPIRED:
            yield from _audit_expired(evidence, truth, commit, event, before)
        case CloseReason.VANISHED:
            yield from _audit_vanished(commit, event, before)
        case CloseReason.WITHDRAWN:
            yield from _audit_withdrawn(evidence, commit, event, before)


def _was_seen(evidence: Evidence, event: Event) -> bool:
    assert event.last_seen_at is not None
    slot = slot_of_event(event)
    return any(shows(look, slot) for look in evidence.sent_at(slot.provider, event.last_seen_at))


def _audit_answers(
    evidence: Evidence, truth: Truth, commit: Commit, event: Event, *, lies_suffice: bool
) -> Iterator[str]:
    """For each party size that it had, an answer came after it was first shown for it, and did not show it."""
    assert event.closed_at is not None
    assert event.last_seen_at is not None
    if commit.change.outcome is None:
        yield "it is of no poll"
    if event.last_seen_at > event.closed_at and not evidence.played.scenario.clock_is_set:
        yield f"it was last seen at {event.last_seen_at}, and closed by {event.closed_at}"
    slot = slot_of_event(event)
    for size in event.party_sizes:
        deniers = _deniers(evidence, commit, event, slot, size)
        true = [
            look for look in deniers if not look.lie and truth.closed(slot, size, look.sent_at, look.came_at)
        ]
        if evidence.was_given_up(size, evidence.shown_since(commit, event), commit.made_at):
            continue
        if not deniers and not _has_vanished(evidence, commit, event, slot, size):
            yield f"no answer for {size} says so"
        elif deniers and not true and not lies_suffice and not _may_deceive(evidence, commit, deniers):
            yield f"no answer that can be believed says so for {size}"


def _deniers(evidence: Evidence, commit: Commit, event: Event, slot: Slot, size: int) -> list[Look]:
    """The answers, come before the commit and asked for after the slot was first shown, that do not show it."""
    since = evidence.shown_since(commit, event)
    looks = [
        look
        for look in evidence.looks_at(slot, size)
        if since <= look.sent_at and look.came_at <= commit.made_at
    ]
    first = next((number for number, look in enumerate(looks) if shows(look, slot)), len(looks))
    return [look for look in looks[first:] if denies(look, slot)]


def _has_vanished(evidence: Evidence, closing: Commit, event: Event, slot: Slot, size: int) -> bool:
    """Whether the slot had lost a party size before, since that had not come up in passes for long enough."""
    for commit in evidence.commits:
        if commit.made_at > closing.made_at or (commit.key, commit.change.provider) != (
            closing.key,
            slot.provider,
        ):
            continue
        after = next((one for one in commit.change.updated if one.slot_id.hex() == event.slot_id), None)
        if after is None or size in after.sizes:
            continue
        seen = [
            look.sent
            for look in evidence.looks_at(slot, size)
            if shows(look, slot) and look.sent <= commit.change.at
        ]
        if seen and commit.change.at - max(seen) >= _RULES.vanish_after:
            return True
    return False


def _may_deceive(evidence: Evidence, commit: Commit, deniers: list[Look]) -> bool:
    """Whether soft blocks say so twice, or list so few venues that they read like tables taken; those opted out are not looked at."""
    lies, opted_out = [look for look in deniers if look.lie], evidence.start_of(commit).opted_out
    return len(lies) >= 2 or any(
        sum((look.provider, venue_id) not in opted_out for venue_id in look.shown) < _RULES.suspect_venues
        for look in lies
    )


def _audit_expired(
    evidence: Evidence, truth: Truth, commit: Commit, event: Event, before: OpenSlot
) -> Iterator[str]:
    assert event.closed_at is not None
    own_time = min(before.starts_at - _RULES.expiry_lead, before.off_market_at or before.starts_at)
    if event.closed_at < own_time:
        yield f"it closed at {event.closed_at}, and its own time is {own_time}"
    if event.closed_at != before.starts_at:
        yield from _audit_answers(evidence, truth, commit, event, lies_suffice=True)
    elif commit.change.at < before.starts_at:
        yield "its start had not come"


def _audit_vanished(commit: Commit, event: Event, before: OpenSlot) -> Iterator[str]:
    assert event.last_seen_at is not None
    unseen = commit.change.at - event.last_seen_at
    held = commit.change.at - (before.missed_at or commit.change.at)
    if max(unseen, held) < min(_RULES.vanish_after, _RULES.hold_limit):
        yield f"unseen for {unseen}, held for {held}"


def _audit_withdrawn(evidence: Evidence, commit: Commit, event: Event, before: OpenSlot) -> Iterator[str]:
    start, at = evidence.start_of(commit), commit.change.at
    left = set(before.sizes) & set(start.settings.sizes)
    watched = commit.key.service_date in window(at, NYC.zone, evidence.played.scenario.days)
    opted_out = (event.provider, event.venue_id) in start.opted_out
    moved = part_of(before.actual_time, start.settings.edge) != commit.key.time_slot
    if left and watched and not opted_out and not moved:
        yield "nothing was changed that takes it away"
