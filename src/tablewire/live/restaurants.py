"""Restaurants in memory: which listings are one, and why, as the engine last left it."""

from collections.abc import Iterable

import msgspec

from tablewire.domain.filters import EventFilter, Term
from tablewire.domain.restaurants import Decision, Link, Listing, Verdict, parse_listing
from tablewire.domain.slots import Venue


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """A listing that is the same restaurant as another, and what that rests on."""

    venue: Venue
    confidence: float
    """1 where a person decided."""
    evidence: tuple[str, ...]
    decided: Decision | None = None
    """Where a person said so."""


class Restaurant(msgspec.Struct, frozen=True, kw_only=True):
    """One restaurant of several listings."""

    id: str
    venues: tuple[Venue, ...]
    """Its listings, in order of provider and id."""
    links: tuple[Link, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @property
    def listings(self) -> tuple[Listing, ...]:
        """The names of its listings."""
        return tuple(Listing(venue.provider, venue.venue_id) for venue in self.venues)


class Restaurants:
    """Every question is answered from memory; a listing that nothing is known of is a restaurant of its own."""

    def __init__(self) -> None:
        self._of: dict[Listing, Restaurant] = {}
        self.version = 0
        """Grows whenever something is different: what was made of it before may be out of date."""

    def remember(self, restaurants: Iterable[Restaurant], alone: Iterable[Listing] = ()) -> None:
        """Take over restaurants that are new or changed, and listings that are now each on their own."""
        for listing in alone:
            if self._of.pop(listing, None) is not None:
                self.version += 1
        for restaurant in restaurants:
            for listing in restaurant.listings:
                if self._of.get(listing) != restaurant:
                    self._of[listing] = restaurant
                    self.version += 1

    def forget(self) -> None:
        """Know of none: every listing is alone."""
        if self._of:
            self._of.clear()
            self.version += 1

    def listings_of(self, provider: str, venue_id: str) -> tuple[Listing, ...]:
        """All listings of the restaurant that a listing belongs to, itself among them, in order."""
        listing = Listing(provider, venue_id)
        restaurant = self._of.get(listing)
        return (listing,) if restaurant is None else restaurant.listings

    def widened(self, wanted: EventFilter) -> EventFilter:
        """A filter that names all listings of the restaurants that it names."""
        if not names_restaurants(wanted):
            return wanted
        return EventFilter(tuple(self._widened(term) if _is_of(term) else term for term in wanted.terms))

    def _widened(self, term: Term) -> Term:
        named = (parse_listing(value) for value in term.values)
        values = {str(listing) for one in named for listing in self.listings_of(one.provider, one.venue_id)}
        return Term(term.field, term.op, tuple(sorted(values)))

    def id_of(self, provider: str, venue_id: str) -> str:
        """The name of the restaurant: that of its listing which was known first."""
        listing = Listing(provider, venue_id)
        restaurant = self._of.get(listing)
        return str(listing) if restaurant is None else restaurant.id

    def partners_of(self, provider: str, venue_id: str) -> tuple[Partner, ...]:
        """The other listings of a listing's restaurant, each with what ties it to this one."""
        listing = Listing(provider, venue_id)
        restaurant = self._of.get(listing)
        if restaurant is None:
            return ()
        return tuple(
            _partner(restaurant, listing, venue)
            for other, venue in zip(restaurant.listings, restaurant.venues, strict=True)
            if other != listing
        )


def names_restaurants(wanted: EventFilter) -> bool:
    """Whether what a filter lets through depends on which listings are one restaurant."""
    return any(_is_of(term) for term in wanted.terms)


def _is_of(term: Term) -> bool:
    return term.field == "listing"


def _partner(restaurant: Restaurant, listing: Listing, venue: Venue) -> Partner:
    pair = {listing, Listing(venue.provider, venue.venue_id)}
    decided = next((one for one in restaurant.decisions if set(one.pair) == pair), None)
    link = next((one for one in restaurant.links if set(one.pair) == pair), None)
    if decided is not None and decided.verdict is Verdict.SAME:
        return Partner(venue=venue, confidence=1.0, evidence=link.evidence if link else (), decided=decided)
    if link is not None:
        return Partner(venue=venue, confidence=link.confidence, evidence=link.evidence)
    through = [one.confidence for one in restaurant.links]
    return Partner(venue=venue, confidence=min(through, default=1.0), evidence=("by way of another listing",))
