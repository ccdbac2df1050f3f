"""What a watch would have told lately."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from tablewire.domain.events import Event, EventType
from tablewire.domain.sightings import Sighting, sighting_of
from tablewire.domain.watch_news import key_of_name

MOST_DAYS = 14
MOST_TOLD = 200
"""Tellings of one preview."""


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """One table while it was open, as far as is known."""

    table: Sighting
    since: datetime
    until: datetime | None
    """None: it is open still, or nobody saw its end."""
    seconds: float | None
    """How long it was open, where its beginning is known too."""
    opened: bool
    """Whether its opening was seen; else it was there already."""


class WouldTell(msgspec.Struct, frozen=True, kw_only=True):
    """One notification that a watch would have made."""

    table: Sighting
    name: str | None = None
    """The new name, of a watch for names."""
    told_at: datetime
    """When the check would have been."""
    opened_at: datetime
    closed_at: datetime | None
    open_seconds: float | None
    """How long the table was open; None where it is open still, or nobody knows."""
    still_open: bool


def lives_of(events: Iterable[Event], open_now: Iterable[Sighting]) -> list[Life]:
    """The lives that events of the log and what is open now tell of, the latest opening first."""
    lives: dict[tuple[str, datetime], Life] = {}
    for event in events:
        since = event.opened_at or event.first_seen_at
        key = (event.slot_id, since)
        known = lives.get(key)
        if event.event_type is EventType.CLOSED:
            table = sighting_of(event) if known is None else known.table
            opened = event.opened_at is not None
            lives[key] = Life(
                table=table,
                since=since,
                until=event.closed_at,
                seconds=event.drop_duration_seconds,
                opened=opened,
            )
        elif known is None:
            lives[key] = Life(table=sighting_of(event), since=since, until=None, seconds=None, opened=True)
        else:
            lives[key] = msgspec.structs.replace(known, table=sighting_of(event))
    for one in open_now:
        if (began := one.opened_at or one.first_seen_at) is not None:
            opened = one.opened_at is not None
            lives.setdefault(
                (one.slot_key, began), Life(table=one, since=began, until=None, seconds=None, opened=opened)
            )
    return sorted(lives.values(), key=lambda life: (life.since, life.table.slot_key), reverse=True)


def tables_told(
    lives: Iterable[Life],
    open_now: Mapping[tuple[str, str], Sighting],
    *,
    since: datetime,
    now: datetime,
    every: timedelta,
) -> list[WouldTell]:
    """What a watch for certain venues would have told: each opening, at the check after it, newest first."""
    return [
        _told(life, _check_after(life.since, now, every), open_now, name=None)
        for life in lives
        if life.opened and since <= life.since <= now
    ]


def names_told(
    lives: Iterable[Life],
    open_now: Mapping[tuple[str, str], Sighting],
    name_of: Callable[[Sighting], str],
    *,
    since: datetime,
    now: datetime,
    every: timedelta,
) -> list[WouldTell]:
    """What a watch for new names would have told: a name at a check at which it had a table, and had none at the one before."""
    by_name: dict[str, list[Life]] = {}
    for life in lives:
        by_name.setdefault(key_of_name(name_of(life.table)), []).append(life)
    told = []
    for of_name in by_name.values():
        for life in of_name:
            check = _check_after(life.since, now, every)
            if (
                life.opened
                and since <= life.since
                and check <= now
                and _is_first(life, check, of_name, every)
            ):
                told.append(_told(life, check, open_now, name=name_of(life.table)))
    return sorted(told, key=lambda one: (one.told_at, one.table.slot_key), reverse=True)


def _is_first(life: Life, check: datetime, of_name: Sequence[Life], every: timedelta) -> bool:
    """Whether a table is the one by which a name would have come up at a check."""
    if not _is_open(life, check) or any(_is_open(other, check - every) for other in of_name):
        return False
    there = [other for other in of_name if _is_open(other, check)]
    return life == min(there, key=lambda other: (other.since, other.table.slot_key))


def _is_open(life: Life, at: datetime) -> bool:
    return life.since <= at and (life.until is None or at < life.until)


def _check_after(at: datetime, now: datetime, every: timedelta) -> datetime:
    """The first check at or after an instant, the last of them being now."""
    return now - (now - at) // every * every


def _told(
    life: Life, check: datetime, open_now: Mapping[tuple[str, str], Sighting], *, name: str | None
) -> WouldTell:
    return WouldTell(
        table=life.table,
        name=name,
        told_at=check,
        opened_at=life.since,
        closed_at=life.until,
        open_seconds=life.seconds,
        still_open=(life.table.slot_key, life.table.opening) in open_now,
    )
