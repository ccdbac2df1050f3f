"""A trace of one scenario: what happened, line by line, and the mark by which two runs of one seed are known to be the same."""

from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from tablewire.domain.events import Event
from tablewire.domain.slots import OpenSlot
from tests.simulation.evidence import slot_of_event
from tests.simulation.world import Played

Told = tuple[float, str]
"""A true second, and what happened in it."""


def lines(played: Played, about: str = "") -> Iterator[str]:
    """What happened, in order; with `about`, of looks and events only those that speak of that venue."""
    scenario = played.scenario
    yield f"seed {scenario.seed}: {msgspec.json.encode(scenario, enc_hook=str).decode()}"
    told = [*_starts(played), *_deaths(played), *_looks(played, about), *_commits(played, about)]
    for at, line in sorted(told, key=lambda one: one[0]):
        yield f"{at:12.3f} s  {line}"


def mark_of(played: Played) -> str:
    """A mark of all that happened: the same seed gives the same mark, wherever and however often it is played."""
    mark = blake2b(digest_size=16)
    for at, line in [*_starts(played), *_deaths(played), *_looks(played, ""), *_commits(played, "")]:
        mark.update(f"{at!r} {line}\n".encode())
    for client in played.clients:
        mark.update(repr((client.first, client.heard)).encode())
    mark.update(repr((played.turns, played.ended, sorted(played.story.counts.items()))).encode())
    return mark.hexdigest()


def _starts(played: Played) -> Iterator[Told]:
    for start in played.story.starts:
        settings, out = start.settings, sorted(venue for _, venue in start.opted_out)
        said = f"sizes {settings.sizes}, edge {settings.edge}, opted out {out}"
        yield start.at, f"process {start.number} starts: {said}"


def _deaths(played: Played) -> Iterator[Told]:
    for at, number in played.story.deaths:
        yield at, f"process {number} is gone"


def _looks(played: Played, about: str) -> Iterator[Told]:
    for look in played.story.looks:
        if about and about not in look.shown:
            continue
        what = f"{look.fault or 'whole'}, of {look.made_at:.3f} s, came {look.came_at:.3f} s"
        shown = {
            venue: sorted(starts) for venue, starts in sorted(look.shown.items()) if about in ("", venue)
        }
        asked = f"{look.provider} {look.day} for {look.size} {'' if look.window is None else look.window}"
        yield look.sent_at, f"process {look.process} asks {asked}: {what}: {shown}"


def _commits(played: Played, about: str) -> Iterator[Told]:
    for commit in played.story.commits:
        at, change = commit.made_at, commit.change
        if not about:
            outcome = None if change.outcome is None else change.outcome.value
            what = f"{change.provider} {commit.key.bucket_id}: {outcome} of {change.at}"
            yield at, f"process {commit.process} stores {what}"
        for slot in (*change.opened, *change.updated):
            if about in ("", slot.venue.venue_id):
                yield at, f"    open: {_open(slot)}"
        for event in commit.events:
            if about in ("", event.venue_id):
                yield at, f"    event {event.id}: {_event(event)}"


def _open(slot: OpenSlot) -> str:
    held = f", missed {slot.missed_sizes} since {slot.missed_at}" if slot.missed_sizes else ""
    return f"{slot.venue.venue_id} {slot.actual_time} {slot.sizes} {slot.origin}{held}"


def _event(event: Event) -> str:
    slot = slot_of_event(event)
    reason = "" if event.close_reason is None else f" {event.close_reason}"
    bounds = f"{event.opened_after} - {event.opened_at}, {event.last_seen_at} - {event.closed_at}"
    return f"{event.event_type}{reason} {slot.venue_id} {slot.start} {bounds}"
