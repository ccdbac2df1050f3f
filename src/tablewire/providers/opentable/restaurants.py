"""The restaurants of a market that are worth asking: kept in batches that stay as they are while the list is refreshed."""

from collections.abc import Iterable, Mapping

import msgspec

from tablewire.domain.markets import Market
from tablewire.providers.opentable.convert import Listed, is_within

PER_BATCH = 50
"""Restaurants that one call for availability names at most."""
MOST = 20_000
"""Restaurants of one market beyond which the list is not read: no city has so many."""
_ROUNDS_MISSED = 2
"""So many complete lists in a row have to be without a restaurant before it is asked for no more."""
_LONGEST_ID = 18
_BELIEVABLE = 0.5
"""The share of the known restaurants that a complete list has to show; one that shows less proves nothing of the others."""
_NEARLY_ALL = 0.9
"""The share of the restaurants it speaks of that a complete list shows; one that ends earlier was broken off."""
_ROUNDS_SHORT = 2
"""After so many lists in a row that end early it is the count that is wrong."""


class ListPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the list."""

    listed: tuple[Listed, ...]
    records: int
    """How many there were, those included that make no sense."""
    total: int | None
    """Restaurants over all pages, where it says."""


class Restaurants:
    """One market's restaurants. The list is read page by page, in rounds: the first makes it, those after refresh it."""

    def __init__(self, market: Market, opted_out: frozenset[str] = frozenset()) -> None:
        self._market = market
        self._opted_out = opted_out
        self.skip = 0
        """How many records of the round have been read: where its next page begins."""
        self.is_complete = False
        """Whether any round has been read to its end."""
        self.adds_up = True
        """Whether the last complete round showed as many different restaurants as it said there are."""
        self._known: dict[int, Listed] = {}
        self._batches: list[list[int]] = []
        self._missed: dict[int, int] = {}
        self._round: set[int] = set()
        self._met: set[str] = set()
        self._total = 0
        self._short_rounds = 0

    @property
    def batches(self) -> int:
        """How many batches there are; while the list is not complete, how many there may be."""
        known = len(self._batches)
        may_come = 0 if self.is_complete else -(-min(self._total, MOST) // PER_BATCH)
        return max(1, known, may_come)

    def has(self, batch: int) -> bool:
        """Whether a batch (from 0) can be asked for: it is as full as it will be."""
        return batch < len(self._batches) and (
            self.is_complete or len(self._batches[batch]) == PER_BATCH or batch + 1 < len(self._batches)
        )

    def batch(self, number: int) -> Mapping[int, Listed]:
        """The restaurants of a batch, by id."""
        ids = self._batches[number] if number < len(self._batches) else ()
        return {one: self._known[one] for one in ids}

    def find(self, venue_id: str) -> Listed | None:
        """One restaurant, where it is worth asking."""
        is_id = venue_id.isascii() and venue_id.isdigit() and len(venue_id) <= _LONGEST_ID
        return self._known.get(int(venue_id)) if is_id else None

    def take(self, page: ListPage) -> bool:
        """Work in the round's next page. Whether the round is over."""
        for one in page.listed:
            self._met.add(one.venue.venue_id)
            if self._is_worth_asking(one):
                self._round.add(int(one.venue.venue_id))
                self._keep(one)
        self.skip += page.records
        self._total = max(self._total, page.total or 0)
        over = not page.records or self.skip >= MOST or (page.total is not None and self.skip >= page.total)
        if over:
            self._end_round()
        return over

    def _is_worth_asking(self, one: Listed) -> bool:
        return (
            one.can_be_booked
            and one.venue.venue_id not in self._opted_out
            and is_within(self._market, one.venue)
        )

    def _keep(self, one: Listed) -> None:
        restaurant_id = int(one.venue.venue_id)
        known = self._known.get(restaurant_id)
        if known is None:
            self._batch_with_room().append(restaurant_id)
        if known != one:
            self._known[restaurant_id] = one

    def _batch_with_room(self) -> list[int]:
        for batch in self._batches:
            if len(batch) < PER_BATCH:
                return batch
        self._batches.append([])
        return self._batches[-1]

    def _end_round(self) -> None:
        self.adds_up = len(self._met) >= self._total
        self._short_rounds = self._short_rounds + 1 if self.skip < _NEARLY_ALL * self._total else 0
        shows_enough = len(self._round) >= _BELIEVABLE * len(self._known)
        if shows_enough and self._short_rounds in (0, _ROUNDS_SHORT):
            self.is_complete = self.is_complete or bool(self._known)
            self._drop(self._long_missed())
            self._short_rounds = 0
            self._total = 0
        self.skip = 0
        self._round, self._met = set(), set()

    def _long_missed(self) -> frozenset[int]:
        self._missed = {one: self._missed.get(one, 0) + 1 for one in self._known if one not in self._round}
        return frozenset(one for one, rounds in self._missed.items() if rounds >= _ROUNDS_MISSED)

    def _drop(self, gone: Iterable[int]) -> None:
        for restaurant_id in gone:
            del self._known[restaurant_id], self._missed[restaurant_id]
        self._batches = [[one for one in batch if one in self._known] for batch in self._batches]
        while self._batches and not self._batches[-1]:
            self._batches.pop()
