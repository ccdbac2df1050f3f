"""The files that settings are read from or point at."""

import re
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from dotenv.parser import parse_stream

from tablewire.domain.markets import Market
from tablewire.domain.wanted import WantedVenue

_VENUE = re.compile(r"([a-z][a-z0-9_-]*):(\S+)")
_LARGEST_FILE = 4 * 1024 * 1024
_MOST_WANTED = 1000


class _MarketEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_-]{0,39}$")]
    time_zone: str
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    radius_m: Annotated[int, msgspec.Meta(gt=0, le=200_000)]
    opentable_metro_id: int | None = None


class _MarketsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    market: Annotated[list[_MarketEntry], msgspec.Meta(min_length=1)]


def read_env_file(path: Path | None) -> dict[str, str]:
    """The assignments of a `.env` file, taken literally; none where there is no such file.

    Raises ValueError with a sentence where it cannot be read or a line of it makes no sense.
    """
    if path is None or not path.exists():
        return {}
    bindings = list(parse_stream(StringIO(_text(path))))
    wrong = [binding.original.line for binding in bindings if binding.error]
    if wrong:
        raise ValueError(f"line {wrong[0]} of {path} is not NAME=value")
    return {binding.key: binding.value or "" for binding in bindings if binding.key}


def read_markets(path: Path) -> tuple[Market, ...]:
    """The markets of a TOML file with one `[[market]]` table each.

    Raises ValueError with a sentence where it cannot be read or a market in it makes no sense.
    """
    try:
        entries = msgspec.toml.decode(_text(path), type=_MarketsFile).market
    except msgspec.DecodeError as wrong:
        raise ValueError(f"{path}: {wrong}") from wrong
    ids = [entry.id for entry in entries]
    if len(set(ids)) != len(ids):
        raise ValueError(f"{path}: a market is there twice")
    return tuple(_market(path, entry) for entry in entries)


def _market(path: Path, entry: _MarketEntry) -> Market:
    try:
        ZoneInfo(entry.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as wrong:
        raise ValueError(f"{path}: {entry.time_zone!r} is no IANA time zone") from wrong
    return Market(**msgspec.structs.asdict(entry))


def read_opt_out(path: Path) -> frozenset[tuple[str, str]]:
    """The venues, as (provider, venue id), that asked not to be watched: one `provider:venue_id` a line, `#` for remarks.

    Raises ValueError with a sentence where it cannot be read or a line of it makes no sense.
    """
    venues = set()
    for number, line in enumerate(_text(path).splitlines(), start=1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        found = _VENUE.fullmatch(entry)
        if found is None:
            raise ValueError(f"line {number} of {path} is not provider:venue_id")
        venues.add((found[1], found[2]))
    return frozenset(venues)


def read_wanted(path: Path) -> tuple[WantedVenue, ...]:
    """The venues that the operator waits for: `provider:venue_id` a line, then the dates (`2026-02-18`), or none for all; `#` for remarks.

    Raises ValueError with a sentence where it cannot be read or a line of it makes no sense.
    """
    venues = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        venue, *dates = line.partition("#")[0].split() or [""]
        if not venue:
            continue
        found = _VENUE.fullmatch(venue)
        if found is None:
            raise ValueError(f"line {number} of {path} is not provider:venue_id [date…]")
        try:
            days = frozenset(map(date.fromisoformat, dates))
        except ValueError as wrong:
            raise ValueError(f"line {number} of {path}: {wrong}; dates are written 2026-02-18") from wrong
        venues.append(WantedVenue(provider=found[1], venue_id=found[2], dates=days or None))
    if len(venues) > _MOST_WANTED:
        raise ValueError(f"{path} has {len(venues)} venues; allowed are {_MOST_WANTED}")
    return tuple(venues)


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as wrong:
        raise ValueError(f"{path} cannot be read: {wrong}") from wrong
    if len(text) > _LARGEST_FILE:
        raise ValueError(f"{path} is larger than 4 MiB")
    return text
