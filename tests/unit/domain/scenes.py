"""One bucket at work in a few words: who is asked, what they show, and what the rules make of it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.diff import Seen, compare
from tablewire.domain.events import Event, EventType
from tablewire.domain.guard import Judged, is_suspect
from tablewire.domain.rules import Rules
from tablewire.domain.slots import OpenSlot, SeenSlot, Venue, slot_id
from tablewire.domain.snapshots import Answer, Outcome, VenueAnswer
from tablewire.domain.state import BucketState, Change

ZONE = ZoneInfo("America/New_York")
DAY = date(2026, 2, 18)
KEY = BucketKey("nyc", DAY, "19:00")
RULES = Rules(zone=ZONE)
NOON = datetime(2026, 2, 18, 17, 0, tzinfo=UTC)
"""Noon in New York; the slots of the evening are seven hours and more away."""
EIGHT, NINE, TEN = "2026-02-18 20:00:00", "2026-02-18 21:00:00", "2026-02-18 22:00:00"
AT_EIGHT = datetime(2026, 2, 19, 1, 0, tzinfo=UTC)
"""The instant of `EIGHT`."""
LATENCY = timedelta(seconds=1)


class AnyVenues(dict[str, Venue]):
    """Knows a venue of every id."""

    def __missing__(self, venue_id: str) -> Venue:
        return Venue(provider="resy", venue_id=venue_id, name=f"Chez {venue_id}")


def after(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def seen(venue: str, time: str, *, off_market_at: datetime | None = None) -> SeenSlot:
    """A slot as an answer shows it."""
    return SeenSlot(
        slot_id=slot_id("resy", venue, time), actual_time=time, service_date=DAY, off_market_at=off_market_at
    )


def said(venue: str, *times: str, whole: bool = True, off_market_at: datetime | None = None) -> VenueAnswer:
    """What a call says of one venue."""
    return VenueAnswer(venue, tuple(seen(venue, time, off_market_at=off_market_at) for time in times), whole)


def call(
    minutes: float,
    shown: Mapping[str, Iterable[str]] | Iterable[VenueAnswer],
    *,
    size: int = 2,
    one_venue: bool = False,
    time_slots: tuple[str, ...] | None = None,
    latency: timedelta = LATENCY,
) -> Answer:
    """A call that was sent so many minutes after noon."""
    venues = [said(venue, *times) for venue, times in shown.items()] if isinstance(shown, Mapping) else shown
    return Answer(
        party_size=size,
        sent_at=after(minutes),
        arrived_at=after(minutes) + latency,
        venues=tuple(venues),
        one_venue=one_venue,
        time_slots=time_slots,
    )


class Scene:
    """One bucket, its polls, and the log of what they told."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules = rules
        self.state = BucketState(KEY, "resy")
        self.log: list[Event] = []

    def look(
        self,
        *answers: Answer,
        at: datetime | None = None,
        gap: timedelta | None = None,
        passes: Mapping[int, frozenset[str]] | None = None,
    ) -> Change:
        """Compare, without storing."""
        at = at or max(answer.arrived_at for answer in answers) + LATENCY
        judged = [
            Judged(answer, is_suspect(answer, [self.state], at, self.rules), gap or self.rules.resume_gap)
            for answer in answers
        ]
        snapshot = Seen(at=at, answers=judged, venues=AnyVenues(), outcome=Outcome.OK, passes=passes or {})
        return compare(self.state, snapshot, self.rules)

    def poll(
        self,
        *answers: Answer,
        at: datetime | None = None,
        gap: timedelta | None = None,
        passes: Mapping[int, frozenset[str]] | None = None,
    ) -> Change:
        """Compare, store and remember."""
        return self.store(self.look(*answers, at=at, gap=gap, passes=passes))

    def store(self, change: Change) -> Change:
        """Store and remember a change."""
        stored = [
            msgspec.structs.replace(event, id=len(self.log) + number)
            for number, event in enumerate(change.events, start=1)
        ]
        self.log += stored
        self.state.apply(change, stored)
        return change

    def open(self, venue: str = "v", time: str = EIGHT) -> OpenSlot | None:
        """A slot's row, where it is open."""
        return self.state.open.get(slot_id("resy", venue, time))

    def told(self) -> list[str]:
        """What the log tells, in short."""
        return [
            f"{event.close_reason}" if event.event_type is EventType.CLOSED else f"{event.event_type}"
            for event in self.log
        ]


def after_restart(scene: Scene) -> Scene:
    """The same bucket made anew from what a store keeps."""
    fresh = Scene(scene.rules)
    fresh.log = list(scene.log)
    fresh.state.restore(scene.state.open.values())
    fresh.state.baseline |= scene.state.baseline
    fresh.state.last_drops |= scene.state.last_drops
    fresh.state.row.poll_seq = scene.state.row.poll_seq
    for size, of_size in scene.state.pairs.items():
        for venue, pair in of_size.items():
            if pair.count:
                kept = type(pair)(count=pair.count, observed_at=pair.observed_at)
                fresh.state.pairs.setdefault(size, {})[venue] = kept
    return fresh


def scene_with_a_fresh_pair(rules: Rules | None = None) -> Scene:
    """`v` was looked at at noon for two, and had nothing; `w`, on the same page, had a table."""
    scene = Scene(rules) if rules else Scene()
    scene.poll(call(0, {"v": [], "w": [TEN]}))
    return scene


def scene_with_a_drop() -> Scene:
    """And a minute later `v` has a table at eight."""
    scene = scene_with_a_fresh_pair()
    scene.poll(call(1, {"v": [EIGHT], "w": [TEN]}))
    return scene
