"""Finds the venues that a request names, by id or by name."""

from collections.abc import Sequence

from tablewire.domain.names import name_key
from tablewire.domain.venue_names import ChosenVenue, NamedVenue, VenueWish, closest, refusal, venues_named
from tablewire.errors import BadInput, FieldError
from tablewire.live.protocol import ListingsDoor
from tablewire.storage.protocol import KnownVenue, VenueBook
from tablewire.storage.venue_pages import all_venues

MOST_VENUES = 50
_LONGEST = 200


class VenueFinder:
    """Names are looked for among all venues ever seen; a restaurant that two platforms list is one."""

    def __init__(self, book: VenueBook, listings: ListingsDoor) -> None:
        self._book = book
        self._listings = listings

    async def choose(
        self, wishes: Sequence[VenueWish], field: str = "venues", *, least: int = 1
    ) -> tuple[ChosenVenue, ...]:
        """The venues that are meant, each restaurant once. Raises `BadInput` that names every wish that fits none or several."""
        if not least <= len(wishes) <= MOST_VENUES:
            raise BadInput.of(field, f"it has {len(wishes)} venues; {least} to {MOST_VENUES} are allowed")
        chosen: dict[str, ChosenVenue] = {}
        wrong: list[FieldError] = []
        for number, wish in enumerate(wishes):
            try:
                venue = await self._choose(wish)
            except ValueError as error:
                wrong.append(FieldError(f"{field}[{number}]", str(error)))
            else:
                chosen.setdefault(self._listings.id_of(venue.provider, venue.venue_id), venue)
        if wrong:
            raise BadInput(wrong)
        return tuple(chosen.values())

    async def _choose(self, wish: VenueWish) -> ChosenVenue:
        texts = (wish.provider, wish.venue_id, wish.name)
        if any(text is not None and (not text or len(text) > _LONGEST or "\x00" in text) for text in texts):
            raise ValueError(f"texts have 1 to {_LONGEST} characters, and no null character")
        if wish.provider is not None and wish.venue_id is not None:
            return await self._by_id(wish.provider, wish.venue_id)
        if wish.name is None or wish.provider is not None or wish.venue_id is not None:
            raise ValueError('a venue is {"provider": …, "venue_id": …} or {"name": …}')
        return await self._by_name(wish.name)

    async def _by_id(self, provider: str, venue_id: str) -> ChosenVenue:
        known = await self._book.get(provider, venue_id)
        if known is None:
            raise ValueError(
                f"no venue {provider}:{venue_id} was ever seen; GET /venues?name=… finds a venue's provider and id"
            )
        return ChosenVenue(provider=provider, venue_id=venue_id, name=known.venue.name)

    async def _by_name(self, name: str) -> ChosenVenue:
        key = name_key(name)
        if not key:
            raise ValueError("the name has neither letters nor digits")
        fitting = venues_named(name, [self._named(known) async for known in all_venues(self._book, key)])
        if len(fitting) == 1:
            one = fitting[0]
            return ChosenVenue(provider=one.provider, venue_id=one.venue_id, name=one.name)
        near = (
            () if fitting else closest(name, [self._named(known) async for known in all_venues(self._book)])
        )
        raise ValueError(refusal(name, fitting, near))

    def _named(self, known: KnownVenue) -> NamedVenue:
        venue = known.venue
        restaurant = self._listings.id_of(venue.provider, venue.venue_id)
        return NamedVenue(venue.provider, venue.venue_id, venue.name, restaurant)
