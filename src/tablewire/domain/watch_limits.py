"""Which limits of a search rule openings out."""

from collections.abc import Iterable, Mapping

import msgspec

from tablewire.domain.filters import EventFilter
from tablewire.domain.sightings import Sighting
from tablewire.domain.watches import Filters, ShownTable, filter_of, shown

_TOGETHER = ("time_from", "time_to")
"""One limit in two parameters: hours may go over midnight."""


class RuledOut(msgspec.Struct, frozen=True, kw_only=True):
    """The openings that one limit rules out."""

    limit: str
    """The parameter, or both where two make one."""
    openings: int
    alone: int
    """How many of them no other limit rules out."""
    example: ShownTable | None
    """One of those."""


def limits_of(filters: Filters) -> dict[str, EventFilter]:
    """Each limit of a search as a filter of its own, by name."""
    groups: dict[str, dict[str, str | int | list[str | int]]] = {}
    together = " and ".join(name for name in _TOGETHER if name in filters)
    for name, value in filters.items():
        groups.setdefault(together if name in _TOGETHER else name, {})[name] = value
    return {name: filter_of(group) for name, group in groups.items()}


def ruled_out(openings: Iterable[Sighting], limits: Mapping[str, EventFilter]) -> tuple[RuledOut, ...]:
    """What each limit rules out, the limit that stands alone in the way most often first."""
    by_limit: dict[str, list[tuple[Sighting, bool]]] = {name: [] for name in limits}
    for one in openings:
        against = [name for name, limit in limits.items() if not one.fits(limit)]
        for name in against:
            by_limit[name].append((one, len(against) == 1))
    found = [_ruled_out(name, met) for name, met in by_limit.items() if met]
    return tuple(sorted(found, key=lambda one: (-one.alone, -one.openings, one.limit)))


def _ruled_out(name: str, met: list[tuple[Sighting, bool]]) -> RuledOut:
    alone = [one for one, is_alone in met if is_alone]
    return RuledOut(
        limit=name, openings=len(met), alone=len(alone), example=next(iter(shown(alone[:1])), None)
    )
