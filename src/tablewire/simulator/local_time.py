"""The city's wall clock: local days and minutes to instants, and back."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_MINUTES = 1440


class LocalTime:
    """Turns (day, minute of that day) into instants and wall times; remembers what it has worked out.

    A day is a proleptic ordinal, a minute counts from that day's midnight and may run past 1,440 or be negative.
    Instants are seconds since 1970 in UTC. A wall time that comes twice means the first.
    """

    def __init__(self, time_zone: str) -> None:
        self.zone = ZoneInfo(time_zone)
        self.name = time_zone
        self._instants: dict[int, dict[int, float]] = {}
        self._walls: dict[int, dict[int, str]] = {}

    def instant(self, day: int, minute: int) -> float:
        """The instant at which a local wall time comes."""
        known = self._instants.setdefault(day, {})
        found = known.get(minute)
        if found is None:
            found = known[minute] = self._wall(day, minute).replace(tzinfo=self.zone).timestamp()
        return found

    def wall(self, day: int, minute: int) -> str:
        """The wall time as providers write it: `YYYY-MM-DD HH:MM:SS`."""
        known = self._walls.setdefault(day, {})
        found = known.get(minute)
        if found is None:
            found = known[minute] = self._wall(day, minute).strftime("%Y-%m-%d %H:%M:%S")
        return found

    def day_of(self, instant: float) -> int:
        """The local calendar day of an instant."""
        return datetime.fromtimestamp(instant, self.zone).toordinal()

    def forget_before(self, day: int) -> None:
        """Drop what is remembered of days before this one."""
        for memory in (self._instants, self._walls):
            for old in [known for known in memory if known < day]:
                del memory[old]

    @staticmethod
    def _wall(day: int, minute: int) -> datetime:
        return datetime.combine(date.fromordinal(day), time()) + timedelta(minutes=minute)


def day_text(day: int) -> str:
    """A day as `YYYY-MM-DD`."""
    return date.fromordinal(day).isoformat()


def instant_text(instant: float) -> str:
    """An instant in RFC 3339, UTC, with microseconds."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds_of(moment: datetime) -> float:
    """Seconds since 1970 of an aware time; raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone names no instant: give an aware datetime")
    return moment.timestamp()
