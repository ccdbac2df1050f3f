"""What was read before: hits that come in unchanged are handed out again, without decoding them."""

from collections import OrderedDict
from datetime import date

import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.slots import Venue
from tablewire.domain.snapshots import VenueAnswer
from tablewire.providers.resy.reading import ReadHit

MOST = 500_000
"""Slots and venues remembered at most, over all sheets; about 150 bytes each."""
_WEIGHT_OF_A_VENUE = 2


class Sheet:
    """What is remembered of one market, date and party size."""

    def __init__(self) -> None:
        self.total_pages: int | None = None
        """As the last answer said."""
        self.weight = 0
        self._by_mark: dict[int, ReadHit] = {}
        self._marks: dict[str, int] = {}
        """The mark of each venue's last hit."""
        self._looked: dict[str, VenueAnswer] = {}
        """What looks at single venues have said since a search last spoke of them, where it differs."""

    def same(self, mark: int) -> ReadHit | None:
        """What a hit with these very bytes came to, if it is remembered."""
        known = self._by_mark.get(mark)
        if known is not None and known.answer is not None and self._looked:
            self._forget_look(known.answer.venue_id)
        return known

    def last(self, venue_id: str) -> VenueAnswer | None:
        """The last answer for a venue, if it is remembered, whichever call brought it."""
        if (looked := self._looked.get(venue_id)) is not None:
            return looked
        known = self._by_mark.get(self._marks[venue_id]) if venue_id in self._marks else None
        return known.answer if known is not None else None

    def look(self, answer: VenueAnswer) -> VenueAnswer:
        """Remember what a look at one venue said; the last answer, the very object, where nothing in it differs."""
        last = self.last(answer.venue_id)
        if last == answer:
            return last
        self._forget_look(answer.venue_id)
        self._looked[answer.venue_id] = answer
        self.weight += _weight_of(answer)
        return answer

    def keep(self, mark: int, read: ReadHit) -> ReadHit:
        """Remember a hit. The answer is the old one, the very object, where nothing in it differs."""
        if read.answer is None:
            return read
        venue_id = read.answer.venue_id
        last = self.last(venue_id)
        if last == read.answer:
            read = msgspec.structs.replace(read, answer=last)
        self._forget_look(venue_id)
        known = self._by_mark.pop(self._marks.get(venue_id, mark), None)
        if known is not None:
            self.weight -= _weight(known)
        self._marks[venue_id] = mark
        self._by_mark[mark] = read
        self.weight += _weight(read)
        return read

    def _forget_look(self, venue_id: str) -> None:
        if (looked := self._looked.pop(venue_id, None)) is not None:
            self.weight -= _weight_of(looked)


class Memory:
    """All sheets, and the venues on them."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._sheets: OrderedDict[tuple[str, date, int], Sheet] = OrderedDict()
        self._venues: dict[str, Venue] = {}

    def sheet(self, market: Market, service_date: date, party_size: int) -> Sheet:
        """The sheet of a market, date and party size. Where too much is remembered, those unused for longest are forgotten."""
        key = (market.id, service_date, party_size)
        sheet = self._sheets.setdefault(key, Sheet())
        self._sheets.move_to_end(key)
        while len(self._sheets) > 1 and sum(one.weight for one in self._sheets.values()) > self._most:
            self._sheets.popitem(last=False)
        return sheet

    def forget_before(self, market: Market, day: date) -> None:
        """Forget the sheets of a market's dates before `day`."""
        for key in [key for key in self._sheets if key[0] == market.id and key[1] < day]:
            del self._sheets[key]

    def known_venue(self, venue_id: str) -> Venue | None:
        """What was last said of a venue, if it is remembered."""
        return self._venues.get(venue_id)

    def venue(self, venue: Venue) -> Venue:
        """The same venue, the object that was handed out before where nothing in it differs."""
        known = self._venues.get(venue.venue_id)
        if known == venue:
            return known
        if len(self._venues) >= self._most:
            self._venues.clear()
        self._venues[venue.venue_id] = venue
        return venue


def _weight(read: ReadHit) -> int:
    return _WEIGHT_OF_A_VENUE if read.answer is None else _weight_of(read.answer)


def _weight_of(answer: VenueAnswer) -> int:
    return _WEIGHT_OF_A_VENUE + len(answer.slots)
