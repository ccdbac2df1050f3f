"""What users ask to be notified of: made, listed and taken back."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated

import msgspec

from tablewire.domain.notifications import Kind
from tablewire.domain.notify_requests import MAX_DATES, MAX_VENUES, NotifyRequest, NotifyWish
from tablewire.domain.polled import Polled
from tablewire.domain.users import User
from tablewire.domain.venue_names import VenueWish
from tablewire.domain.wishes import Limits
from tablewire.errors import BadInput, NotFound
from tablewire.services.named_venues import VenueFinder
from tablewire.services.wish_fields import (
    MatcherDoor,
    PartySize,
    WallTime,
    check_day,
    listings_of,
    time_text,
    wall_time,
)
from tablewire.storage.wish_door import NotifyRequestBook

PAGE = 50


class NotifyRequestBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notify request as a client writes it."""

    venues: Annotated[list[VenueWish], msgspec.Meta(min_length=1, max_length=MAX_VENUES)]
    dates: Annotated[list[date], msgspec.Meta(min_length=1, max_length=MAX_DATES)]
    """Evenings: a table at half past midnight belongs to the evening before."""
    time_from: WallTime | None = None
    time_to: WallTime | None = None
    """The latest start. Earlier than `time_from`: over midnight."""
    party_size: PartySize | None = None
    """Left out: any."""
    once: bool = True
    """Whether it is over when its user has been told once."""


class NotifyRequests:
    """Each user's own; the matcher hears of every change at once."""

    def __init__(
        self,
        book: NotifyRequestBook,
        finder: VenueFinder,
        matcher: MatcherDoor,
        polled: Polled,
        now: Callable[[], datetime],
    ) -> None:
        self._book = book
        self._finder = finder
        self._matcher = matcher
        self._polled = polled
        self._now = now

    async def make(self, user: User, body: NotifyRequestBody) -> NotifyRequest:
        """A new request. Raises `BadInput` that names what is wrong, `Conflict` where the user has too many."""
        request = await self._book.make(user.id, await self.wish_of(body), self._now())
        self._matcher.changed(request)
        return request

    async def wish_of(self, body: NotifyRequestBody) -> NotifyWish:
        """What a body asks for. Raises `BadInput`."""
        dates = self._dates(body.dates)
        venues = await self._finder.choose(body.venues)
        limits = Limits(
            venues=listings_of(venues),
            dates=dates,
            time_from=wall_time(body.time_from),
            time_to=wall_time(body.time_to),
            party_size=body.party_size,
        )
        return NotifyWish(venues=venues, limits=limits, once=body.once)

    async def list(self, user: User, before: int | None = None, limit: int = PAGE) -> list[NotifyRequest]:
        """A page, newest first."""
        return await self._book.of_user(user.id, before, limit)

    async def get(self, user: User, request_id: int) -> NotifyRequest:
        """One of the user's own. Raises `NotFound`."""
        request = await self._book.get(user.id, request_id)
        if request is None:
            raise NotFound("There is no such notify request.")
        return request

    async def delete(self, user: User, request_id: int) -> None:
        """Take one of the user's own back. Raises `NotFound`."""
        if not await self._book.delete(user.id, request_id):
            raise NotFound("There is no such notify request.")
        self._matcher.deleted(Kind.NOTIFY, request_id)

    def _dates(self, days: Sequence[date]) -> tuple[date, ...]:
        today = self._polled.today(self._now())
        dates = tuple(sorted(set(days)))
        if dates[-1] < today:
            raise BadInput.of("dates", f"all of them have passed; dates from {today} on are allowed")
        check_day("dates", dates[-1], today)
        return dates


def body_of(wish: NotifyWish) -> NotifyRequestBody:
    """A request as a client would write it."""
    limits = wish.limits
    return NotifyRequestBody(
        venues=[VenueWish(provider=venue.provider, venue_id=venue.venue_id) for venue in wish.venues],
        dates=list(limits.dates),
        time_from=time_text(limits.time_from),
        time_to=time_text(limits.time_to),
        party_size=limits.party_size,
        once=wish.once,
    )
