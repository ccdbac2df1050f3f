"""Watches in the file of everything."""

from collections.abc import Sequence

from tablewire.domain.users import User
from tablewire.domain.venue_names import ChosenVenue, VenueWish
from tablewire.services.watches import Watches, WatchWish


class WatchShelf:
    """Venues are written by provider and id, with the name that they had."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches

    async def kept(self, user: User, *, secrets: bool) -> Sequence[WatchWish]:  # noqa: ARG002 - nothing of it is secret
        """The user's watches."""
        return [
            WatchWish(
                mode=watch.mode,
                venues=as_wishes(watch.venues),
                filters=dict(watch.filters),
                every_minutes=watch.every_minutes,
                paused=watch.paused,
            )
            for watch in reversed(await self._watches.list(user))
        ]

    async def check(self, user: User, body: WatchWish) -> WatchWish:  # noqa: ARG002 - the same for all
        """The watch as it is kept. Raises `BadInput`."""
        return WatchWish(
            mode=body.mode,
            venues=as_wishes(await self._watches.checked(body)),
            filters=body.filters,
            every_minutes=body.every_minutes,
            paused=body.paused,
        )

    async def make(self, user: User, body: WatchWish) -> int:
        """Make a watch. Raises `BadInput`, `Conflict`."""
        return (await self._watches.make(user, body)).id

    async def remove(self, user: User, id: int) -> None:
        """Remove a watch."""
        await self._watches.delete(user, id)


def as_wishes(venues: Sequence[ChosenVenue]) -> list[VenueWish]:
    """Venues as they would be asked for again."""
    return [VenueWish(provider=one.provider, venue_id=one.venue_id, name=one.name) for one in venues]
