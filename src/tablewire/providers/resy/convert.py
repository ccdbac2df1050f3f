"""From Resy's tables to normalised slots."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from sys import intern
from zoneinfo import ZoneInfo

import msgspec

from tablewire.domain.markets import instant
from tablewire.domain.slots import SeenSlot, Venue, local_start, slot_id
from tablewire.providers.resy.venues import PROVIDER, NoSense
from tablewire.providers.resy.wire import Slot, Template
from tablewire.providers.texts import clean

_DAY = 86_400
_LONGEST_LEAD = 366 * _DAY
_START = "YYYY-MM-DD HH:MM:SS"

_NO: tuple[object, ...] = (None, False, 0, "0", "")
"""What says no: flags come as numbers or truth values."""

_named = lru_cache(maxsize=4_096)(slot_id)
"""The id of a slot, remembered: two party sizes share its 16 bytes."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    service_date: date
    party_size: int
    zone: ZoneInfo

    @property
    def day(self) -> str:
        """The date as the wire writes it."""
        return self.service_date.isoformat()


class _Seatings:
    """What the tables of one start have together."""

    __slots__ = ("names", "off_at", "stays")

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.off_at: datetime | None = None
        self.stays = False


def is_public(slot: Slot, template: Template | None) -> bool:
    """Whether anybody may book it: no card holder's table, no event, nothing to carry home."""
    return (
        slot.exclusive.is_eligible
        and not slot.exclusive.id
        and not slot.is_global_dining_access
        and (template is None or (template.is_event in _NO and template.is_pickup in _NO))
    )


def belongs_to(slot: Slot, asked: Asked) -> bool:
    """Whether its service is that of the date asked for; else the sweep of its own date has it. Raises NoSense."""
    start = checked_start(slot.date.start)
    day = slot.shift.day if slot.shift is not None else None
    if isinstance(day, str) and day != asked.day:
        return False
    if not timedelta(0) <= start.date() - asked.service_date <= timedelta(days=1):
        raise NoSense(f"a start at {start} for {asked.day}")
    return True


def checked_start(text: str) -> datetime:
    """The wall time of a start. Raises NoSense where it is not written as Resy writes it."""
    try:
        start = local_start(text)
    except ValueError:
        raise NoSense("date.start is no time") from None
    if len(text) != len(_START) or not text.isascii():
        raise NoSense("date.start is written otherwise")
    return start


def book_query(asked: Asked) -> str:
    """What follows the address of a venue's own page where people book a table of the date and party size."""
    return intern(f"?date={asked.day}&seats={asked.party_size}")


def merge_slots(
    slots: list[Slot], templates: Mapping[str, Template], venue: Venue, asked: Asked
) -> tuple[SeenSlot, ...]:
    """One slot for each start, by time, with all its seatings; `slots` are public, and the date's own.

    A start stays on the market until the last of its tables goes off.
    """
    starts: dict[str, _Seatings] = {}
    for slot in slots:
        seatings = starts.setdefault(slot.date.start, _Seatings())
        if (
            slot.config is not None
            and isinstance(slot.config.type, str)
            and (name := clean(slot.config.type))
        ):
            seatings.names.add(name)
        off_at = _off_market_at(slot, templates.get(template_key(slot)), asked.zone)
        if off_at is None:
            seatings.stays = True
        elif seatings.off_at is None or off_at > seatings.off_at:
            seatings.off_at = off_at
    page = None if venue.url is None else intern(venue.url)
    query = book_query(asked)
    return tuple(
        SeenSlot(
            slot_id=_named(PROVIDER, venue.venue_id, start),
            actual_time=intern(start),
            service_date=asked.service_date,
            seatings=_sorted_names(frozenset(seatings.names)),
            book_page=page,
            book_query=query,
            off_market_at=None if seatings.stays else seatings.off_at,
        )
        for start, seatings in sorted(starts.items())
    )


def template_key(slot: Slot) -> str:
    """The key of a slot's template among its hit's templates."""
    return str(slot.template.id) if slot.template is not None else ""


@lru_cache(maxsize=16_384)
def off_market_at(start: datetime, secs: int | None, at: time | None, zone: ZoneInfo) -> datetime | None:
    """When the platform takes a start off by itself, in UTC; None where it does not say.

    `secs` alone counts back from the start. With a time of day it only says how many days before the start's date that time is.
    """
    if at is not None:
        wall = datetime.combine(start.date() - timedelta(days=(secs or 0) // _DAY), at)
        return min(instant(wall, zone), instant(start, zone))
    if secs is None:
        return None
    return instant(start, zone) - timedelta(seconds=secs)


@lru_cache(maxsize=4_096)
def _sorted_names(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _off_market_at(slot: Slot, template: Template | None, zone: ZoneInfo) -> datetime | None:
    """As the slot itself says, else as its template does; None where it stays until its start."""
    off_at = _off_by_slot(slot, zone) or _off_by_template(slot, template, zone)
    stays = off_at is None or off_at >= instant(local_start(slot.date.start), zone)
    return None if stays else off_at


def _off_by_slot(slot: Slot, zone: ZoneInfo) -> datetime | None:
    dates = slot.market.get("date") if isinstance(slot.market, dict) else None
    off = dates.get("off") if isinstance(dates, dict) else None
    if type(off) is not int:
        return None
    starts_at = instant(local_start(slot.date.start), zone)
    lead = starts_at.timestamp() - off
    return starts_at - timedelta(seconds=max(0.0, lead)) if lead <= _LONGEST_LEAD else None


def _off_by_template(slot: Slot, template: Template | None, zone: ZoneInfo) -> datetime | None:
    if template is None or template.reservation_config is None:
        return None
    config = template.reservation_config
    secs = config.secs_off_market
    if not isinstance(secs, int) or isinstance(secs, bool) or not 0 <= secs <= _LONGEST_LEAD:
        secs = None
    at = _time_of_day(config.time_off_market) if isinstance(config.time_off_market, str) else None
    return off_market_at(local_start(slot.date.start), secs, at, zone)


@lru_cache(maxsize=256)
def _time_of_day(text: str) -> time | None:
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
