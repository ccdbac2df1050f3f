"""Audits the end: when everything has behaved for a while, memory is what is stored, and what was served last."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from tablewire.domain.state import BucketState
from tests.integration.detection.starts import seconds_of
from tests.simulation.evidence import Evidence, Slot, slot_of_open
from tests.simulation.records import Look


def audit_end(evidence: Evidence) -> Iterator[str]:
    """What is wrong with what is left, in sentences."""
    played = evidence.played
    owners = played.last.discovery.owners.values()
    for owner in owners:
        for state in owner.states.values():
            yield from _audit_memory(evidence, state)
    yield from _audit_loops(evidence)
    yield from _audit_expired(evidence)
    held: dict[Slot, frozenset[int]] = {}
    doubted: set[tuple[Slot, int]] = set()
    for owner in owners:
        for state in owner.states.values():
            for open_slot in state.open.values():
                slot = slot_of_open(open_slot)
                held[slot] = frozenset(open_slot.sizes)
                doubted |= {(slot, size) for size in open_slot.missed_sizes}
    for look in _last_looks(evidence):
        for slot, size, shown in _slots_of(look, held, evidence):
            if shown != (size in held.get(slot, ())) and (slot, size) not in doubted:
                yield f"{slot} is {'' if shown else 'not '}free for {size}, and memory has it for {held.get(slot)}"


def _audit_memory(evidence: Evidence, state: BucketState) -> Iterator[str]:
    store = evidence.played.database.store
    stored = store._restored(state.key, state.provider)
    if stored.row != state.row or stored.open != state.open:
        yield f"at the end memory of {state.key} at {state.provider} is not what is stored"
    met = [
        {(size, venue) for size, of in one.pairs.items() for venue, pair in of.items() if pair.count}
        for one in (stored, state)
    ]
    if met[0] != met[1]:
        yield f"at the end other pairs of {state.key} at {state.provider} are known than are stored: {met[0] ^ met[1]}"


def _audit_loops(evidence: Evidence) -> Iterator[str]:
    for loop in evidence.played.last.supervisor.loops:
        if loop.restarts or not loop.alive:
            yield f"the loop {loop.name} failed: {loop.last_error}"


def _audit_expired(evidence: Evidence) -> Iterator[str]:
    """Nothing is open whose start is so long past that the clock must have closed it."""
    due = evidence.played.last.clock.last - timedelta(seconds=2 * evidence.played.scenario.interval)
    for owner in evidence.played.last.discovery.owners.values():
        for state in owner.states.values():
            for slot in state.open.values():
                if slot.starts_at < due:
                    yield f"{slot_of_open(slot)} is still open"


def _last_looks(evidence: Evidence) -> Sequence[Look]:
    """The last looks at each pair in the quiet, where it was not the only one there, and came after the one before."""
    quiet: dict[tuple[str, str, int, str, tuple[str, str] | None], list[Look]] = {}
    for look in sorted(evidence.story.looks, key=lambda one: one.sent_at):
        if look.sent_at >= evidence.played.quiet_since and look.whole and not look.lie:
            for venue_id in look.shown:
                quiet.setdefault((look.provider, look.day, look.size, venue_id, look.window), []).append(look)
    last = {
        id(looks[-1]): looks[-1]
        for looks in quiet.values()
        if len(looks) > 1 and looks[-1].sent_at >= max(look.came_at for look in looks[:-1])
    }
    return list(last.values())


def _slots_of(
    look: Look, held: dict[Slot, frozenset[int]], evidence: Evidence
) -> Iterator[tuple[Slot, int, bool]]:
    """What a look says of each slot that it shows, or that memory has."""
    now = evidence.played.last.clock.last.timestamp()
    for slot in held:
        here = (
            slot.provider == look.provider
            and slot.day.isoformat() == look.day
            and slot.venue_id in look.shown
        )
        if here and look.covers(slot.start) and seconds_of(slot.start) > now:
            yield slot, look.size, slot.start in look.shown[slot.venue_id]
    for venue_id, starts in look.shown.items():
        if (look.provider, venue_id) not in evidence.played.last.start.opted_out:
            for start in starts:
                slot = Slot(look.provider, venue_id, start)
                if (
                    slot not in held
                    and look.covers(start)
                    and slot.day.isoformat() == look.day
                    and seconds_of(start) > now
                ):
                    yield slot, look.size, True
