"""What must be true of a log: it was told once and in order, it replays to what is open, and it agrees with what really happened."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from tablewire.domain.events import CloseReason, Event, EventType
from tablewire.live.sse import encode_json
from tablewire.storage.event_rows import AS_JSON, events_of
from tests.faults.service import City, Service, until

LOG = f"SELECT {AS_JSON} FROM availability_events"  # noqa: S608 - the names are ours
OPEN = "SELECT slot_id, event_id FROM open_slots WHERE event_id IS NOT NULL"
TICK = 0.002
"""Seconds by which a time of the city's may be rounded."""

Start = tuple[str, str]
"""A venue and a time."""


class Stored(msgspec.Struct, frozen=True):
    """What a database holds."""

    events: list[Event]
    """The whole log, by id."""
    open_by_event: dict[str, int]
    """The slots that are open because of an opening in the log: slot id to that event's id."""


async def read(dsn: str) -> Stored:
    """The log and what is open, as of one moment."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            log = await connection.fetchval(LOG)
            open_rows = await connection.fetch(OPEN)
    finally:
        await connection.close()
    return Stored(events_of(log), {row[0].hex: row[1] for row in open_rows})


def told_once_and_in_order(told: Sequence[Mapping[str, Any]], stored: Sequence[Event]) -> None:
    """A follower was told exactly what is stored: each event once, in order, every field."""
    assert [event["id"] for event in told] == [event.id for event in stored]
    for one, event in zip(told, stored, strict=True):
        assert one == msgspec.json.decode(encode_json(event))


def replays(stored: Stored) -> None:
    """Nothing opened twice without a closing between, and openings less closings are the rows of `open_slots`."""
    open_now: dict[str, int] = {}
    for event in stored.events:
        if event.event_type is EventType.CLOSED:
            open_now.pop(event.slot_id, None)
        else:
            assert event.slot_id not in open_now, f"opened twice: {open_now[event.slot_id]} and {event.id}"
            open_now[event.slot_id] = event.id
    assert open_now == stored.open_by_event


class Truth:
    """What really happened in a city."""

    def __init__(self, happenings: Sequence[Mapping[str, Any]]) -> None:
        self._at: dict[tuple[str, Start, int], list[float]] = defaultdict(list)
        for one in happenings:
            self._at[one["what"], _key(one), one["party_size"]].append(
                datetime.fromisoformat(one["at"]).timestamp()
            )

    @classmethod
    async def of(cls, city: City) -> "Truth":
        """All that has happened so far."""
        return cls(await city.ask("/_truth/events?since=0"))

    def agrees(self, events: Sequence[Event]) -> None:
        """Every opening, and every closing by a guest, happened within the bounds that its event gives."""
        for event in events:
            if event.event_type is not EventType.CLOSED:
                assert event.opened_at is not None
                assert self._happened("open", event, event.opened_after, event.opened_at), event
            elif event.close_reason is CloseReason.TAKEN:
                assert event.closed_at is not None
                assert self._happened("close", event, event.last_seen_at, event.closed_at), event

    def _happened(self, what: str, event: Event, after: datetime | None, by: datetime) -> bool:
        assert after is not None, event
        start = f"{event.slot_date} {event.slot_time}"
        return any(
            after.timestamp() - TICK <= at <= by.timestamp() + TICK
            for size in event.party_sizes
            for at in self._at[what, (event.venue_id, start), size]
        )


async def knows_all_that_is_open(service: Service, city: City) -> int:
    """Whatever is open in the city from one look to the next is open in the service; answers how much that is."""
    days = await window_of(service)
    before, count = await open_in(city, days), (await city.ask("/_city"))["events"]
    await scanned_anew(service, times=2)
    still = await service.get("/still-open?include=reopened,baseline,gap")
    known = {_start(slot) for slot in still["slots"]}
    moved = {_key(one) for one in await city.ask(f"/_truth/events?since={count}")}
    steady = (before & await open_in(city, days)) - moved
    assert steady <= known
    return len(steady)


async def scanned_anew(service: Service, *, times: int = 1) -> None:
    """Wait until every bucket has been polled so often again."""
    wanted = {bucket: seq + times for bucket, seq in (await _sequence(service)).items()}

    async def all_polled() -> bool:
        now = await _sequence(service)
        return all(now.get(bucket, 0) >= seq for bucket, seq in wanted.items())

    await until(all_polled, "every bucket is polled again")


async def _sequence(service: Service) -> dict[str, int]:
    health = await service.get("/discovery/health")
    return {
        bucket["bucket_id"]: scan["poll_seq"]
        for bucket in health["bucket_health"]
        for scan in bucket["providers"].values()
    }


async def open_in(city: City, days: set[str]) -> set[Start]:
    """What is open in the city on those dates."""
    return {_key(one) for day in sorted(days) for one in await city.ask(f"/_truth/open?day={day}")}


async def open_without_an_event(service: Service) -> set[Start]:
    """What the service knows to be open, and never announced: it was so when it was first looked at, or after a gap."""
    still = await service.get("/still-open?include=reopened,baseline,gap")
    return {_start(slot) for slot in still["slots"] if slot["kind"] in ("baseline", "gap")}


async def window_of(service: Service) -> set[str]:
    """The dates that are watched."""
    return {bucket["date"] for bucket in (await service.get("/discovery/health"))["bucket_health"]}


def _key(one: Mapping[str, Any]) -> Start:
    return str(one["venue_id"]), one["actual_time"]


def _start(slot: Mapping[str, Any]) -> Start:
    return slot["venue_id"], f"{slot['slot_date']} {slot['slot_time']}"
