"""Starts: what a local `YYYY-MM-DD HH:MM:SS` means, worked out apart from the service's own reading of it."""

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
