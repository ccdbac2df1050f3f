"""Curated lists: names of restaurants that somebody put together, and which venues they mean."""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from tablewire.domain.names import own_words
from tablewire.domain.venue_names import NamedVenue, venues_named

MOST_FITTING = 10
"""So many venues of one name are told at most."""


class CuratedList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One list, as its file has it."""

    title: str
    market: str
    source: str
    """Who says so."""
    as_of: date
    """When the names were taken down."""
    names: tuple[str, ...]
    url: str | None = None
    """Where it can be read."""


def meant(name: str, venues: Iterable[NamedVenue]) -> Sequence[NamedVenue]:
    """The venues that a name of a list can mean, one for each restaurant; those that have no other words of their own come first, alone.

    >>> torrisi = NamedVenue("resy", "1", "Torrisi New York", "resy:1")
    >>> meant("Torrisi", [torrisi, NamedVenue("resy", "2", "Casa Torrisi", "resy:2")]) == [torrisi]
    True
    """
    fitting = venues_named(name, venues)
    own = [venue for venue in fitting if own_words(venue.name) == own_words(name)]
    return own or fitting[:MOST_FITTING]
