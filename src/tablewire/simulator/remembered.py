"""Answers that are handed out again for as long as no table in them has changed."""

from collections.abc import Hashable, Sequence

import msgspec

from tablewire.simulator.answers import Answer
from tablewire.simulator.inventory import Inventory, Sheet

_MOST_BYTES = 64 << 20


class _Kept(msgspec.Struct):
    day: int
    calendar: list[Sheet] | None
    sheets: Sequence[Sheet]
    versions: list[int]
    answer: Answer


class Remembered:
    """Answers by what was asked.

    Once it is full, what is new is not kept until a day leaves the calendar: sweeps ask for everything in turns, and to
    forget the oldest would be to forget just what is asked for next.
    """

    def __init__(self, inventory: Inventory, most_bytes: int = _MOST_BYTES) -> None:
        self._inventory = inventory
        self._most_bytes = most_bytes
        self._kept: dict[Hashable, _Kept] = {}
        self._bytes = 0
        self._first_day = 0

    def get(self, asked: Hashable) -> Answer | None:
        """The answer to the same question, where it is still the same."""
        kept = self._kept.get(asked)
        if kept is None or kept.calendar is not self._inventory.days.get(kept.day):
            return None
        if [sheet.version for sheet in kept.sheets] != kept.versions:
            return None
        return kept.answer

    def keep(self, asked: Hashable, day: int, sheets: Sequence[Sheet], answer: Answer) -> None:
        """Remember an answer of one day, and the sheets it is made of."""
        self._tidy()
        old = self._kept.get(asked)
        change = len(answer.body) - (0 if old is None else len(old.answer.body))
        if self._bytes + change > self._most_bytes:
            if old is not None:
                del self._kept[asked]
                self._bytes -= len(old.answer.body)
            return
        self._bytes += change
        versions = [sheet.version for sheet in sheets]
        self._kept[asked] = _Kept(day, self._inventory.days.get(day), sheets, versions, answer)

    def _tidy(self) -> None:
        """Forget everything when the calendar has turned: most of it is of days that are over."""
        first = min(self._inventory.days, default=0)
        if first != self._first_day:
            self._first_day = first
            self._kept.clear()
            self._bytes = 0
