"""The index of wishes: which of them an opening matches, without a look at those that it cannot match."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from datetime import date
from typing import Generic, TypeVar

from pyroaring import BitMap

from tablewire.domain.restaurants import Listing
from tablewire.domain.wishes import Limits, Opening

Key = TypeVar("Key", bound=Hashable)
Place = Listing | str | None
"""A listing, the name key of a neighbourhood, or anywhere."""

_DAYS = 1 << 14
_FIRST_DAY = date(2020, 1, 1).toordinal()
"""The first of 44 years. Days before or after count as the first or the last one: the exact check tells them apart."""
_ANY = 0
"""In the place of a party size, or of a part of the day."""
_PART = 4
"""Hours in a part of the day."""
_FEW = 32
"""Candidates that are sooner checked than narrowed down."""

_Cells = dict[int, BitMap]
"""The wishes for one place, by party size, part of the day and stretch of days."""


class MatchIndex(Generic[Key]):
    """Wishes by place, party size, part of the day and date together, then narrowed by weekday and hour. What is left is checked exactly.

    Days are the leaves of a binary tree whose nodes are stretches of 1, 2, 4, 8, … days. A range, with an end or without, is a
    handful of nodes; a day is looked up as itself and the 14 nodes above it. Restaurants are widened when an opening is matched,
    so that nothing has to be indexed again when venues turn out to be one.
    """

    def __init__(self) -> None:
        self._keys: list[Key | None] = []
        self._limits: list[Limits | None] = []
        self._numbers: dict[Key, int] = {}
        self._free: list[int] = []
        self._cells: dict[Place, _Cells] = {}
        self._weekdays = [BitMap() for _ in range(7)]
        """Who may come on which; a wish without weekdays is in all."""
        self._hours = [BitMap() for _ in range(24)]

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, key: Key) -> bool:
        return key in self._numbers

    def put(self, key: Key, limits: Limits) -> None:
        """Take a wish in, in place of what was there under its key."""
        self.remove(key)
        if self._free:
            number = self._free.pop()
            self._keys[number], self._limits[number] = key, limits
        else:
            number = len(self._keys)
            self._keys.append(key)
            self._limits.append(limits)
        self._numbers[key] = number
        for place, codes in _cells_of(limits):
            cells = self._cells.setdefault(place, {})
            for code in codes:
                posting = cells.get(code)
                if posting is None:
                    posting = cells[code] = BitMap()
                posting.add(number)
        for posting in self._times(limits):
            posting.add(number)

    def remove(self, key: Key) -> None:
        """Let go of a wish, where it is there."""
        number = self._numbers.pop(key, None)
        if number is None:
            return
        limits = self._limits[number]
        assert limits is not None, "a number that is taken has limits"
        for place, codes in _cells_of(limits):
            self._empty(place, codes, number)
        for posting in self._times(limits):
            posting.discard(number)
        self._keys[number] = self._limits[number] = None
        self._free.append(number)

    def match(self, opening: Opening) -> list[Key]:
        """The wishes that an opening matches."""
        found: list[Key] = []
        for number in self._candidates(opening):
            limits, key = self._limits[number], self._keys[number]
            if limits is not None and key is not None and limits.ruled_out_by(opening) is None:
                found.append(key)
        return found

    def listings(self) -> list[Listing]:
        """Every listing that a wish names."""
        return [place for place in self._cells if isinstance(place, Listing)]

    def _candidates(self, opening: Opening) -> BitMap:
        parts = (_ANY, 1 + opening.slot_time.hour // _PART)
        codes = _codes((_ANY, *opening.party_sizes), parts, _stretches_over(opening.service_date))
        places: set[Place] = {*opening.listings, opening.place, None}
        known = [cells for place in places if (cells := self._cells.get(place)) is not None]
        postings = [posting for cells in known for code in codes if (posting := cells.get(code)) is not None]
        left = BitMap.union(*postings) if postings else BitMap()
        for narrowing in (
            self._weekdays[opening.service_date.weekday()],
            self._hours[opening.slot_time.hour],
        ):
            if len(left) > _FEW:
                left &= narrowing
        return left

    def _empty(self, place: Place, codes: Iterable[int], number: int) -> None:
        cells = self._cells.get(place, {})
        for code in codes:
            posting = cells.get(code)
            if posting is not None:
                posting.discard(number)
                if not posting:
                    del cells[code]
        if not cells:
            self._cells.pop(place, None)

    def _times(self, limits: Limits) -> Iterator[BitMap]:
        for weekday in limits.weekdays or range(7):
            yield self._weekdays[weekday]
        for hour in _hours_of(limits):
            yield self._hours[hour]


def _cells_of(limits: Limits) -> Iterator[tuple[Place, Sequence[int]]]:
    """Where a wish stands: its places, and in each of them its party size and parts of the day with its stretches of days."""
    hours = _hours_of(limits)
    parts = (_ANY,) if len(hours) == 24 else {1 + hour // _PART for hour in hours}
    codes = _codes((limits.party_size or _ANY,), parts, _stretches_of(limits))
    places: tuple[Place, ...] = (*limits.venues, *limits.neighborhoods)
    for place in places or (None,):
        yield place, codes


def _codes(sizes: Iterable[int], parts: Iterable[int], stretches: Collection[int]) -> list[int]:
    return [(size << 3 | part) << 15 | stretch for size in sizes for part in parts for stretch in stretches]


def _hours_of(limits: Limits) -> Collection[int]:
    """The hours in which a start can lie."""
    start, end = limits.time_from, limits.time_to
    first, last = 0 if start is None else start.hour, 23 if end is None else end.hour
    if start is not None and end is not None and start > end:
        return {*range(first, 24), *range(last + 1)}
    return range(first, last + 1)


def _stretches_of(limits: Limits) -> Collection[int]:
    """The dates of a wish as nodes of the tree: the root where every date will do."""
    if limits.dates:
        return {_DAYS + _day(day) for day in limits.dates}
    first = 0 if limits.date_from is None else _day(limits.date_from)
    last = _DAYS - 1 if limits.date_to is None else _day(limits.date_to)
    return _stretches(first, last)


def _stretches(first: int, last: int) -> list[int]:
    """A range of days as few nodes: bottom up, whatever is no half of a longer stretch within the range."""
    found: list[int] = []
    low, high = first + _DAYS, last + _DAYS + 1
    while low < high:
        if low & 1:
            found.append(low)
            low += 1
        if high & 1:
            high -= 1
            found.append(high)
        low, high = low >> 1, high >> 1
    return found


def _stretches_over(day: date) -> list[int]:
    """The nodes from a day up to the root."""
    leaf = _DAYS + _day(day)
    return [leaf >> level for level in range(_DAYS.bit_length())]


def _day(day: date) -> int:
    return min(max(day.toordinal() - _FIRST_DAY, 0), _DAYS - 1)
