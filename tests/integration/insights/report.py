"""A course lived through, and all that was found of it, gathered while its store was open."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from tablewire.domain.filters import EVENT_TYPES, EventFilter
from tablewire.telemetry import configure_logging
from tests.database import TestServer
from tests.integration.detection.virtual_time import run_virtual
from tests.integration.insights import by_hand, findings
from tests.integration.insights.course import Course, Lived, live_through
from tests.integration.insights.dumps import dump, wipe
from tests.integration.insights.findings import Row, Venue
from tests.integration.insights.lasting import Lasting, lasting
from tests.integration.insights.market_findings import LENGTHS, Pair, density_pair, market_pairs, supply_pairs
from tests.integration.insights.tellings import tellings

Dump = dict[str, list[tuple[Any, ...]]]


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """The best hours of one venue."""

    service: dict[tuple[int, int], float | None]
    by_hand: dict[tuple[int, int], float | None]
    away: int
    """By how many drops they differ from the truth,"""
    bound: int
    """and by how many they may."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """The release rule of one venue: as the service has it, by the looks, and as the house has it."""

    service: tuple[int, str, int, int] | None
    by_hand: tuple[int, str, int, int] | None
    lead_days: int
    minute: int


class Report(msgspec.Struct, kw_only=True):
    """All that was found."""

    looks: list[Row] = []
    """Figures against what the looks could show."""
    truth: list[Row] = []
    """Figures against the truth."""
    hours: list[Hours] = []
    releases: list[Release] = []
    market: dict[timedelta, list[Pair]] = {}
    density: list[Pair] = []
    supply: list[Pair] = []
    lasting: list[Lasting] = []
    by_and_by: Dump = {}
    anew: Dump = {}
    from_nothing: Dump = {}
    told_apart: list[str] = []
    """Closings in the log that the looks could not show, and those that they showed and the log does not have."""
    held_for_long: int = 0
    """See `Witness.held_for_long`."""
    calls: int = 0
    true_drops: int = 0
    told_drops: int = 0


def report_of(server: TestServer, course: Course, windows: Sequence[int]) -> Report:
    """Live through a course, and say what was found over windows of so many days."""
    configure_logging("console", "error")
    report = Report()

    async def gather(lived: Lived) -> None:
        report.told_apart = await _log_apart(lived)
        await _rebuild(lived, report)
        for days in windows:
            venues = await findings.venues(lived, days)
            for venue in venues:
                _note(lived, venue, report)
            report.lasting.append(lasting(lived, venues))
        for length in LENGTHS:
            report.market[length] = await market_pairs(lived, length)
        report.density = [await density_pair(lived)]
        report.supply = await supply_pairs(lived)
        report.calls, report.held_for_long = lived.calls, lived.witness.held_for_long

    run_virtual(lambda loop: live_through(loop, server, course, gather))
    return report


async def _log_apart(lived: Lived) -> list[str]:
    """Where the closings of the log differ from what the looks could show, to the second."""
    log = await lived.store.after(0, 10**7, wanted=EventFilter(), types=frozenset(EVENT_TYPES))
    told = {
        (
            event.venue_id,
            f"{event.slot_date} {event.slot_time}",
            None if event.opened_at is None else round(event.opened_at.timestamp()),
            round((event.closed_at or lived.now).timestamp()),
            event.close_reason.value,
        )
        for event in log
        if event.close_reason is not None
    }
    seen = {
        (
            str(stay.venue),
            stay.slot[1],
            round(stay.opened) if stay.has_opening else None,
            round(stay.closed),
            stay.end,
        )
        for stay in lived.witness.seen
        if stay.end != "open"
    }
    return [f"only told: {one}" for one in told - seen] + [f"only seen: {one}" for one in seen - told]


async def _rebuild(lived: Lived, report: Report) -> None:
    """Roll up once more as every hour, then everything anew, then everything from nothing: at one and the same instant."""
    await lived.rollups().refresh()
    report.by_and_by = await dump(lived.dsn)
    await lived.rollups().refresh(everything=True)
    report.anew = await dump(lived.dsn)
    await wipe(lived.dsn)
    await lived.rollups().refresh(everything=True)
    report.from_nothing = await dump(lived.dsn)


def _note(lived: Lived, venue: Venue, report: Report) -> None:
    house = lived.witness.city.by_id[venue.venue_id]
    can_tell = tellings(lived, venue.true, venue.days)
    away, bound = findings.best_hours_away(venue, can_tell)
    report.looks += findings.against_the_looks(venue)
    report.truth += findings.against_the_truth(lived, venue)
    wanted = by_hand.best_hours(venue.seen, venue.days)
    report.hours.append(Hours(service=venue.best_hours, by_hand=wanted, away=away, bound=bound))
    report.releases.append(
        Release(
            service=venue.release,
            by_hand=by_hand.release_pattern(venue.seen, venue.days),
            lead_days=house.lead_days,
            minute=house.release_minute,
        )
    )
    report.told_drops += venue.service.drops
    report.true_drops += len(can_tell.told) + len(can_tell.unseen)
