"""Audits the log: ids, repeats, what is open by it, and what clients heard of it."""

from collections.abc import Iterator

from tablewire.domain.events import Event, EventType
from tests.simulation.evidence import Evidence


def audit_log(evidence: Evidence) -> Iterator[str]:
    """What is wrong with the log as such, in sentences."""
    log = evidence.played.database.store.events
    if [event.id for event in log] != list(range(1, len(log) + 1)):
        yield "the ids of the log do not count from 1"
    if [event for _, event in evidence.events()] != log:
        yield "the log is not what was committed"
    keys = [event.dedupe_key for event in log]
    if len(set(keys)) != len(keys):
        yield "a transition is stored twice"
    yield from _audit_turns(evidence, log)
    yield from _audit_clients(evidence, len(log))


def _audit_turns(evidence: Evidence, log: list[Event]) -> Iterator[str]:
    """Openings and closings take turns, and what the log leaves open is what is open in the store."""
    told: dict[str, Event] = {}
    for event in log:
        opening = told.pop(event.slot_id, None)
        if event.event_type is not EventType.CLOSED:
            if opening is not None:
                yield f"told again without a closing between: {event}"
            told[event.slot_id] = event
        elif (opening.opened_at if opening else None) != event.opened_at:
            yield f"a closing of another opening than was told: {event}"
    stored = {
        slot.slot_id.hex(): slot.event_id
        for bucket in evidence.played.database.store._buckets.values()
        for slot in bucket.open.values()
        if slot.event_id is not None
    }
    replayed = {slot_id: event.id for slot_id, event in told.items()}
    for slot_id in sorted({*stored, *replayed}):
        if stored.get(slot_id) != replayed.get(slot_id):
            yield f"slot {slot_id} is open as {stored.get(slot_id)}, by the log as {replayed.get(slot_id)}"


def _audit_clients(evidence: Evidence, newest: int) -> Iterator[str]:
    for client in evidence.played.clients:
        if client.first is None:
            yield f"client {client.number} was never let in"
        elif client.heard != list(range(client.first + 1, newest + 1)):
            yield (
                f"client {client.number} came at {client.first} and heard {len(client.heard)} events up to "
                f"{client.cursor}; the log ends at {newest}"
            )
