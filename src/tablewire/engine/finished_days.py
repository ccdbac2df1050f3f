"""What a market's roll-up remembers of the days that are over, so that an hour adds one day and not all of the window."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from tablewire.domain.restaurants import Listing
from tablewire.insights.daily import VenueDay
from tablewire.insights.sums import NO_DAYS, Sums, sums_of
from tablewire.storage.figure_door import Head

WINDOW_DAYS = 14
"""The window whose figures are kept; others are made when they are asked for."""

Shown = frozenset[date]
"""Service dates of which a venue had shown some table."""


class FinishedDays:
    """By venue. It holds for one local day, and as long as nobody else rolls the market up."""

    def __init__(self) -> None:
        self.shown: dict[Listing, Shown] = {}
        """By the beginning of today; while earlier days are rolled up, by the end of those that are done."""
        self._sums: dict[Listing, Sums] = {}
        self._today = date.min
        self._head: Head | None = None
        self._kept: dict[Shown, Shown] = {}
        """Most venues have shown the same dates: one object for all of them."""

    @property
    def since(self) -> date:
        """The first day of the window."""
        return self._today - timedelta(days=WINDOW_DAYS - 1)

    def begin(self, head: Head | None, today: date) -> None:
        """A roll-up begins where `head` says that the last one ended."""
        if head is None or head != self._head or today != self._today:
            self.forget()
        self._today, self._head = today, None

    def end(self, head: Head) -> None:
        """A roll-up has ended; one that did not has left nobody knows what."""
        self._head = head

    def forget(self) -> None:
        """Nothing is known."""
        self.shown, self._sums, self._kept, self._head = {}, {}, {}, None

    def redo(self, listings: Iterable[Listing]) -> None:
        """Finished days of some venues are rolled up anew."""
        for listing in listings:
            self.shown.pop(listing, None)
            self._sums.pop(listing, None)

    def keep_shown(self, listing: Listing, shown: Shown) -> None:
        """What a venue had shown before its next day."""
        self.shown[listing] = self._kept.setdefault(shown, shown)

    def missing(self, listings: Iterable[Listing]) -> list[Listing]:
        """Those of some venues whose days have to be read."""
        return [listing for listing in listings if listing not in self._sums]

    def sums(self, listing: Listing) -> Sums:
        """What the finished days of a venue come to; they have been learnt."""
        return self._sums[listing]

    def learn(self, listings: Iterable[Listing], days: Mapping[str, Sequence[VenueDay]]) -> None:
        """The days of some venues, read since the window began."""
        for listing in listings:
            over = [day for day in days.get(listing.venue_id, ()) if day.day < self._today]
            self._sums[listing] = sums_of(over, self.since) if over else NO_DAYS
