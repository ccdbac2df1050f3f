"""How late openings were told in one run of a sweep, held against the city's truth."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import mean, quantiles
from typing import Literal

import msgspec

from tablewire.domain.events import Event
from tablewire.domain.markets import NYC
from tablewire.simulator.city import City
from tests.bench.sweep_city import PER_PAGE, CityProvider

CAP = 600.0
"""Seconds: an opening not looked at sooner counts as looked at then."""
Mode = Literal["adaptive", "turns", "round-robin", "sizes-apart"]


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is made of."""

    seed: int
    mode: Mode
    rate: float
    start: datetime
    warm_up: timedelta
    measured: timedelta
    venues: int = 600
    days: int = 14
    speed: float = 1.0


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to, over the openings of its measured hours."""

    openings: int
    told: int
    delays: Sequence[float]
    """Seconds from each opening that was told to its telling."""
    looks: Sequence[float]
    """Seconds from each opening, told or not, to the next look at it, `CAP` at most."""
    calls: int
    longest_unseen: float

    @property
    def share(self) -> float:
        """Share of the openings that were told."""
        return self.told / self.openings

    @property
    def delay(self) -> float:
        """The mean delay of those told."""
        return mean(self.delays)

    @property
    def late(self) -> float:
        """Their 95th percentile."""
        return quantiles(self.delays, n=20)[-1]

    @property
    def look(self) -> float:
        """The mean time to the next look."""
        return mean(self.looks)


class _Opening(msgspec.Struct):
    """One stretch of a slot's being open, for whichever party sizes."""

    at: float
    sizes: set[int]
    closed: float = float("inf")
    told: float | None = None


def _openings(city: City, open_before: set[tuple[int, str, int]]) -> dict[tuple[str, str], list[_Opening]]:
    """The stretches of every slot, by (venue id, start)."""
    sizes: dict[tuple[str, str], set[int]] = defaultdict(set)
    found: dict[tuple[str, str], list[_Opening]] = defaultdict(list)
    for venue_id, wall, size in open_before:
        sizes[str(venue_id), wall].add(size)
    for slot, of_slot in sizes.items():
        found[slot].append(_Opening(float("-inf"), set(of_slot)))
    for one in city.truth.events:
        slot = (str(one.venue_id), one.actual_time)
        now_open = sizes[slot]
        if one.what == "open":
            if not now_open:
                found[slot].append(_Opening(one.at, set()))
            now_open.add(one.party_size)
            found[slot][-1].sizes.add(one.party_size)
        else:
            now_open.discard(one.party_size)
            if not now_open:
                found[slot][-1].closed = one.at
    return found


def measure(
    course: Course,
    city: City,
    open_before: set[tuple[int, str, int]],
    provider: CityProvider,
    told: Iterable[tuple[float, Event]],
) -> Found:
    stretches = _openings(city, open_before)
    for at, event in told:
        wall = f"{event.slot_date} {event.slot_time}"
        assert event.opened_at is not None
        seen_by = event.opened_at.timestamp()
        before = [one for one in stretches[event.venue_id, wall] if one.at <= seen_by]
        if before and before[-1].told is None:
            before[-1].told = at
    since = (course.start + course.warm_up).timestamp()
    until = since + course.measured.total_seconds()
    measured = [
        (slot, one) for slot, of_slot in stretches.items() for one in of_slot if since <= one.at < until
    ]
    watched = [(slot, one) for slot, one in measured if _is_watched(slot, one, course)]
    delays = [one.told - one.at for _, one in watched if one.told is not None]
    next_look = _NextLook(provider)
    calls = sum(since <= look.at < until for look in provider.looked)
    return Found(
        openings=len(watched),
        told=len(delays),
        delays=delays,
        looks=[next_look.after(one.at, slot, one.sizes) for slot, one in watched],
        calls=calls,
        longest_unseen=next_look.longest_gap(since, until + CAP),
    )


def _day_of(wall: str) -> date:
    start = datetime.fromisoformat(wall)
    return start.date() - timedelta(days=start.hour < 5)


def _is_watched(slot: tuple[str, str], one: _Opening, course: Course) -> bool:
    """Whether its date is in the window, and it does not start before anybody could tell of it."""
    first = course.start.astimezone(NYC.zone).date()
    starts = datetime.fromisoformat(slot[1]).replace(tzinfo=NYC.zone).timestamp()
    return first <= _day_of(slot[1]) < first + timedelta(days=course.days) and starts > one.at + CAP


class _NextLook:
    """When each page was looked at, and so each venue."""

    def __init__(self, provider: CityProvider) -> None:
        self._times: dict[tuple[date, int, int], list[float]] = defaultdict(list)
        for look in provider.looked:
            self._times[look.day, look.size, look.page].append(look.at)
        self._page = {
            (size, str(venue.id)): place // PER_PAGE + 1
            for size, ranking in provider.ranking.items()
            for place, venue in enumerate(ranking)
        }

    def after(self, at: float, slot: tuple[str, str], sizes: set[int]) -> float:
        """Seconds until the slot's venue is looked at for one of the sizes."""
        waits = [CAP]
        for size in sizes:
            times = self._times[_day_of(slot[1]), size, self._page[size, slot[0]]]
            place = bisect_left(times, at)
            if place < len(times):
                waits.append(times[place] - at)
        return min(waits)

    def longest_gap(self, since: float, until: float) -> float:
        """The longest time for which any page was not looked at."""
        gaps = [0.0]
        for times in self._times.values():
            inside = [since, *(at for at in times if since < at < until), until]
            gaps += [after - before for before, after in pairwise(inside)]
        return max(gaps)
