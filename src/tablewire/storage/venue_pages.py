"""All venues that were ever seen, read page by page."""

from collections.abc import AsyncIterator

from tablewire.domain.names import name_key
from tablewire.storage.protocol import KnownVenue, VenueBook

AT_ONCE = 500
"""Venues read in one statement."""


async def all_venues(book: VenueBook, name: str | None = None) -> AsyncIterator[KnownVenue]:
    """By name, those alone that have `name` (a name key) in theirs; others have their turn between two pages. Raises `StoreError`."""
    after: tuple[str, str] | None = None
    while True:
        page = await book.find(
            name=name,
            neighborhoods=(),
            providers=(),
            cuisines=(),
            price_max=None,
            after=after,
            limit=AT_ONCE,
        )
        for known in page:
            yield known
        if len(page) < AT_ONCE:
            return
        last = page[-1].venue
        after = (name_key(last.name), f"{last.provider}:{last.venue_id}")
