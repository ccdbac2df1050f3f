"""Starts: what a local `YYYY-MM-DD HH:MM:SS` means, worked out apart from the service's own reading of it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_ZONE = ZoneInfo("America/New_York")


def service_date(start: str) -> date:
    """The date of the evening that a start belongs to."""
    at = datetime.fromisoformat(start)
    return at.date() - timedelta(days=1) if at.hour < 5 else at.date()


def seconds_of(start: str) -> float:
    """The instant of a start, in seconds since 1970."""
    return datetime.fromisoformat(start).replace(tzinfo=_ZONE).timestamp()


def part_of(start: str) -> str:
    """The part of its date that a start belongs to."""
    at = datetime.fromisoformat(start)
    return "19:00" if at.hour < 5 or at.hour >= 17 else "15:00"


def key_of(provider: str, start: str) -> str:
    """What an answer that shows a start speaks of: Resy's of a whole date, OpenTable's of a part of one."""
    day = service_date(start).isoformat()
    return day if provider == "resy" else f"{day} {part_of(start)}"


def keys_of(provider: str, day: date) -> Sequence[str]:
    """All that answers for a date may speak of."""
    return [day.isoformat()] if provider == "resy" else [f"{day} {part}" for part in ("15:00", "19:00")]
