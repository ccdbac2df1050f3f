"""What was read before: entries that come in unchanged are handed out again, without decoding them."""

from collections import OrderedDict
from datetime import date

from tablewire.domain.markets import Market
from tablewire.domain.snapshots import VenueAnswer
from tablewire.providers.opentable.reading import ReadEntry

MOST = 500_000
"""Slots and venues remembered at most, over all sheets; about 150 bytes each."""
_WEIGHT_OF_A_VENUE = 2

Place = tuple[str, int]
"""A restaurant's id, and the minute round which it was asked for."""


class Sheet:
    """What is remembered of one market, date, party size and part of the day."""

    def __init__(self) -> None:
        self.weight = 0
        self._by_mark: dict[int, ReadEntry] = {}
        self._marks: dict[Place, int] = {}
        self._last: dict[str, VenueAnswer] = {}

    def same(self, mark: int) -> ReadEntry | None:
        """What an entry with these very bytes came to, if it is remembered."""
        return self._by_mark.get(mark)

    def keep(self, mark: int, middle: int, read: ReadEntry) -> ReadEntry:
        """Remember an entry, in place of what the restaurant's last one was for calls round the same minute."""
        if read.answer is not None:
            place = (read.answer.venue_id, middle)
            self._by_mark.pop(self._marks.get(place, mark), None)
            self._marks[place] = mark
            self._by_mark[mark] = read
        return read

    def settle(self, answer: VenueAnswer) -> VenueAnswer:
        """The same answer: the object that was handed out last where nothing in it differs."""
        last = self._last.get(answer.venue_id)
        if last is not None:
            if last is answer or last == answer:
                return last
            self.weight -= _weight(last)
        self._last[answer.venue_id] = answer
        self.weight += _weight(answer)
        return answer


class Memory:
    """All sheets."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._sheets: OrderedDict[tuple[str, date, int, str], Sheet] = OrderedDict()

    def sheet(self, market: Market, service_date: date, party_size: int, time_slot: str) -> Sheet:
        """The sheet of a part of a date. Where too much is remembered, those unused for longest are forgotten."""
        key = (market.id, service_date, party_size, time_slot)
        sheet = self._sheets.setdefault(key, Sheet())
        self._sheets.move_to_end(key)
        while len(self._sheets) > 1 and sum(one.weight for one in self._sheets.values()) > self._most:
            self._sheets.popitem(last=False)
        return sheet

    def forget_before(self, market: Market, day: date) -> None:
        """Forget the sheets of a market's dates before `day`."""
        for key in [key for key in self._sheets if key[0] == market.id and key[1] < day]:
            del self._sheets[key]


def _weight(answer: VenueAnswer) -> int:
    return _WEIGHT_OF_A_VENUE + len(answer.slots)
