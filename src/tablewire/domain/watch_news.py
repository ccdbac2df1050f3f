"""What is news to a watch since its last check."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date

import msgspec

from tablewire.domain.names import name_key
from tablewire.domain.sightings import Sighting
from tablewire.domain.watches import Seen

MOST_NEWS = 100
"""What one check tells at most; the rest is news for the next."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of certain venues comes to."""

    news: tuple[Sighting, ...] = ()
    left: int = 0
    slots: dict[str, str]
    """The openings that are no news from now on."""


def compare(
    before: Seen | None,
    open_now: Collection[Sighting],
    openings: Iterable[Sighting],
    *,
    quiet: Callable[[Sighting], bool],
    most: int = MOST_NEWS,
) -> Comparison:
    """What opened since the last check: what is open and was not, and the `openings` since, though they may have closed again.

    `quiet` says of a sighting that it may have been there all along. The first check has no news.
    """
    slots = {one.slot_key: one.opening for one in open_now}
    if before is None:
        return Comparison(slots=slots)
    fresh = {
        (one.slot_key, one.opening): one
        for one in (*openings, *open_now)
        if not _is_known(before.slots.get(one.slot_key), one) and not quiet(one)
    }
    # What is gone again cannot wait for the next check; what is open can.
    waits = {(one.slot_key, one.opening) for one in open_now}
    news = sorted(fresh.values(), key=lambda one: ((one.slot_key, one.opening) in waits, one.starts))
    for one in news[most:]:
        slots.pop(one.slot_key, None)
    return Comparison(news=tuple(news[:most]), left=len(news[most:]), slots=slots)


OUTSIDE = "since:"
"""How the name of an opening begins that a provider showed outside of what is polled: the time of the check before it."""


def _is_known(opening: str | None, one: Sighting) -> bool:
    """Whether an opening was there at the last check; a date that has come into the window since shows it under another name."""
    return opening == one.opening or (opening is not None and opening.startswith(OUTSIDE) and one.in_baseline)


def is_late_look(one: Sighting, watched_then: Collection[date]) -> bool:
    """Whether a table may have been there at a check before, its venue only being looked at for the first time since."""
    return one.in_baseline and one.service_date in watched_then


class VenueTables(msgspec.Struct, frozen=True):
    """What is open at one venue on one date, in one part of the day."""

    first: Sighting
    tables: int
    in_baseline: bool
    """Whether all of them were there when the venue was first looked at."""


class FoundName(msgspec.Struct, frozen=True):
    """A restaurant among what is open."""

    name: str
    first: Sighting
    """Its table that starts first."""
    tables: int
    opened: bool
    """Whether any of them was seen to open."""
    dates: frozenset[date]

    def joined(self, other: "FoundName") -> "FoundName":
        """The same restaurant with more tables."""
        return FoundName(
            min(self.name, other.name),
            min(self.first, other.first, key=lambda table: table.starts),
            self.tables + other.tables,
            self.opened or other.opened,
            self.dates | other.dates,
        )

    def is_late_look(self, watched_then: Collection[date]) -> bool:
        """Whether all its tables may have been there at a check before, as `is_late_look` has it."""
        return not self.opened and self.dates.issubset(watched_then)


def names_of(
    found: Iterable[VenueTables], name_of: Callable[[Sighting], str], into: dict[str, FoundName]
) -> None:
    """Put the restaurants of some venues to those known, each once, by the key of its name."""
    for venue in found:
        name = name_of(venue.first)
        one = FoundName(
            name,
            venue.first,
            venue.tables,
            opened=not venue.in_baseline,
            dates=frozenset({venue.first.service_date}),
        )
        key = key_of_name(name)
        into[key] = into[key].joined(one) if key in into else one


def new_names(
    before: Iterable[str], now: Mapping[str, FoundName], watched_then: Collection[date]
) -> dict[str, FoundName]:
    """The names that were not found before, by key, but for those of which nobody knows that they are new."""
    known = {key_of_name(name) for name in before}
    return {
        key: found for key, found in now.items() if key not in known and not found.is_late_look(watched_then)
    }


def key_of_name(name: str) -> str:
    """What names are compared by."""
    return name_key(name) or name
