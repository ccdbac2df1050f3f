"""Rolled-up days of venues of which some drop a table for the next date every day, and the others none."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from tablewire.domain.restaurants import Listing
from tablewire.insights.daily import VenueDay, Watched, roll_up
from tablewire.insights.local_time import HOUR, local_day
from tablewire.insights.looks import Looks
from tablewire.insights.stays import Stay
from tablewire.storage.figure_door import RolledDay
from tablewire.storage.store import PostgresStore
from tests.insights_days import NEW_YORK, stay


async def store_days(store: PostgresStore, venues: Sequence[str], first: date, days: int) -> None:
    """The first half of the venues drops, the second does not."""
    for number in range(days):
        day = first + timedelta(days=number)
        rows = {busy: _day(day, busy=busy) for busy in (True, False)}
        kept = [
            RolledDay(listing=Listing("resy", venue), body=rows[place < len(venues) // 2], shown=())
            for place, venue in enumerate(venues)
        ]
        await store.figures.rolled.keep_days("nyc", kept, datetime.combine(day, time(), UTC))


def _day(day: date, *, busy: bool) -> VenueDay:
    local = local_day(day, NEW_YORK)
    tomorrow = day + timedelta(days=1)
    stays: list[Stay] = [stay(local.start + 9 * HOUR, 600, on=tomorrow)] if busy else []
    observed = {day + timedelta(days=ahead): ((local.start, local.end),) for ahead in range(3)}
    return roll_up(day, NEW_YORK, Watched(stays=stays, looks=Looks(observed)))
