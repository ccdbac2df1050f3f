"""What notifications say of a table: short texts, in the local times of its market."""

from collections.abc import Sequence
from datetime import date, datetime, time

LONGEST_NAME = 80
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def table_title(venue: str, sizes: Sequence[int], day: date, at: time) -> str:
    """Which table.

    >>> table_title("Carbone", (2,), date(2026, 2, 20), time(20, 30))
    'Carbone: table for 2, Fri 20 Feb 20:30'
    """
    return f"{named(venue)}: table{for_sizes(sizes)}, {day_name(day)} {at:%H:%M}"


def for_sizes(sizes: Sequence[int]) -> str:
    """For how many a table is; nothing where that is not known.

    >>> for_sizes((2, 3, 4))
    ' for 2, 3 or 4'
    """
    texts = [str(size) for size in sizes]
    if not texts:
        return ""
    return f" for {texts[0]}" if len(texts) == 1 else f" for {', '.join(texts[:-1])} or {texts[-1]}"


def day_name(day: date) -> str:
    """A date as people say it, the same in every locale.

    >>> day_name(date(2026, 2, 20))
    'Fri 20 Feb'
    """
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def named(venue: str) -> str:
    """A venue's name on one line, not longer than a title bears."""
    name = " ".join(venue.split())
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def opened_body(wish: str, neighborhood: str | None, opened_at: datetime | None) -> str:
    """Why it is told of. `opened_at` is local to the market; None where it had been open before.

    >>> opened_body("your notify request", "SoHo", datetime(2026, 2, 11, 20, 31, 5))
    'SoHo. Opened at 20:31:05. It fits your notify request.'
    """
    where = f"{' '.join(neighborhood.split())}. " if neighborhood else ""
    opened = "It is open now." if opened_at is None else f"Opened at {opened_at:%H:%M:%S}."
    return f"{where}{opened} It fits {wish}."
