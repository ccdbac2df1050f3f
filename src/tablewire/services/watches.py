"""What users ask of their watches: to make, see, change, run and delete them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Protocol

import msgspec

from tablewire.domain.filters import EventFilter, Op
from tablewire.domain.markets import Market
from tablewire.domain.polled import Polled
from tablewire.domain.users import User
from tablewire.domain.venue_names import ChosenVenue, VenueWish
from tablewire.domain.watches import LONGEST_INTERVAL, Filters, FilterValue, Mode, Watch, filter_of, key_of
from tablewire.errors import BadInput, Conflict, FieldError, NotFound, StoreError
from tablewire.services.named_venues import MOST_VENUES, VenueFinder
from tablewire.storage.watch_door import NewWatch, WatchBook

MOST_WATCHES = 200
"""Of one user."""
DEFAULT_INTERVAL = 15
"""Minutes."""


Venues = Annotated[list[VenueWish], msgspec.Meta(max_length=MOST_VENUES)]
GivenFilters = Annotated[
    dict[str, FilterValue],
    msgspec.Meta(description="the parameters of GET /feed, each with one value or a list of them"),
]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_INTERVAL)]


class WatchWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A watch as a user asks for it."""

    mode: Mode
    venues: Venues = []
    filters: GivenFilters = {}
    every_minutes: Minutes = DEFAULT_INTERVAL
    paused: bool = False


class WatchChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a user changes of a watch; what is left out stays."""

    mode: Mode | msgspec.UnsetType = msgspec.UNSET
    venues: Venues | msgspec.UnsetType = msgspec.UNSET
    filters: GivenFilters | msgspec.UnsetType = msgspec.UNSET
    every_minutes: Minutes | msgspec.UnsetType = msgspec.UNSET
    paused: bool | msgspec.UnsetType = msgspec.UNSET


class Checker(Protocol):
    """Checks a watch at once."""

    async def run_now(self, user_id: int, watch_id: int) -> Watch | None:
        """Check one of a user's watches; None where it is being checked already, or gone."""
        ...


class Watches:
    """A watch is a user's own: whoever else asks for it is told that it is not there."""

    def __init__(
        self,
        *,
        book: WatchBook,
        finder: VenueFinder,
        checker: Checker,
        polled: Polled,
        now: Callable[[], datetime],
    ) -> None:
        self._book = book
        self._finder = finder
        self._checker = checker
        self._polled = polled
        self._now = now

    async def make(self, user: User, wish: WatchWish) -> Watch:
        """A new watch, checked at once, so that whatever opens from now on is news to it. Raises `BadInput`, `Conflict`."""
        new = NewWatch(
            user_id=user.id,
            mode=wish.mode,
            venues=await self.checked(wish),
            filters=wish.filters,
            criteria_key=key_of(wish.mode, wish.filters),
            every_minutes=wish.every_minutes,
            paused=wish.paused,
        )
        made = await self._book.make(new, self._now(), most=MOST_WATCHES)
        if made is None:
            raise Conflict(f"You have {MOST_WATCHES} watches, and that is the limit: delete one first.")
        if made.paused:
            return made
        with suppress(StoreError):  # the loop checks it within a minute
            return await self._checker.run_now(user.id, made.id) or made
        return made

    async def checked(self, wish: WatchWish) -> tuple[ChosenVenue, ...]:
        """The venues that a watch is for. Raises `BadInput` that names all that is wrong with it."""
        markets, venues = self._polled.markets, tuple[ChosenVenue, ...]()
        wrong = _wrong(wish.mode, wish.filters, wish.every_minutes, markets, has_venues=bool(wish.venues))
        if wish.mode is Mode.SPECIFIC and wish.venues:
            try:
                venues = await self._finder.choose(wish.venues)
            except BadInput as error:
                wrong += error.fields
        if wrong:
            raise BadInput(wrong)
        return venues

    async def list(self, user: User, before: int | None = None, limit: int = MOST_WATCHES) -> list[Watch]:
        """A user's watches, newest first."""
        return await self._book.of_user(user.id, before, limit)

    async def get(self, user: User, watch_id: int) -> Watch:
        """One watch. Raises `NotFound`."""
        found = await self._book.get(user.id, watch_id)
        if found is None:
            raise _not_there()
        return found

    async def change(self, user: User, watch_id: int, change: WatchChange) -> Watch:
        """Change a watch; where it then waits for something else, it starts over. Raises `BadInput`, `NotFound`."""
        before = await self.get(user, watch_id)
        mode = before.mode if change.mode is msgspec.UNSET else change.mode
        filters = before.filters if change.filters is msgspec.UNSET else change.filters
        every = before.every_minutes if change.every_minutes is msgspec.UNSET else change.every_minutes
        venues = await self._changed_venues(before, change, mode)
        wrong = _wrong(mode, filters, every, self._polled.markets, has_venues=bool(venues))
        if wrong:
            raise BadInput(wrong)
        paused = before.paused if change.paused is msgspec.UNSET else change.paused
        now = self._now()

        def changed(watch: Watch) -> Watch:
            wanted = msgspec.structs.replace(
                watch, mode=mode, venues=venues, filters=filters, every_minutes=every, paused=paused
            )
            return _restarted(watch, wanted, now)

        found = await self._book.change(user.id, watch_id, changed)
        if found is None:
            raise _not_there()
        return found

    async def delete(self, user: User, watch_id: int) -> None:
        """Delete a watch. Raises `NotFound`."""
        if not await self._book.delete(user.id, watch_id):
            raise _not_there()

    async def run(self, user: User, watch_id: int) -> Watch:
        """Check a watch now, and answer it with the outcome. Raises `NotFound`, `Conflict` where it is being checked already."""
        found = await self._checker.run_now(user.id, watch_id)
        if found is None:
            await self.get(user, watch_id)
            raise Conflict(
                "The watch is being checked already, or was changed meanwhile: ask again in a moment."
            )
        return found

    async def _changed_venues(
        self, before: Watch, change: WatchChange, mode: Mode
    ) -> tuple[ChosenVenue, ...]:
        if change.venues is msgspec.UNSET:
            return before.venues
        return await self._finder.choose(change.venues, least=int(mode is Mode.SPECIFIC))


def _restarted(before: Watch, after: Watch, now: datetime) -> Watch:
    """A changed watch: it starts over where it waits for something else, and goes on from now where it was paused."""
    what = (before.mode, before.venues, before.filters)
    if what != (after.mode, after.venues, after.filters):
        return msgspec.structs.replace(
            after,
            next_due_at=now,
            lease_until=None,
            last_result=None,
            last_error=None,
            seen=None,
            seen_event=None,
            seen_version=None,
        )
    if before.paused != after.paused:
        due = after.next_due_at if after.paused else now
        return msgspec.structs.replace(after, next_due_at=due, lease_until=None, seen_event=None)
    if before.every_minutes != after.every_minutes:
        since = before.last_checked_at or before.created_at
        return msgspec.structs.replace(after, next_due_at=max(now, since + after.interval))
    return after


def _not_there() -> NotFound:
    return NotFound("There is no such watch.")


def _wrong(
    mode: Mode, filters: Filters, every: int, markets: Sequence[Market], *, has_venues: bool
) -> list[FieldError]:
    """Everything that is wrong with a watch, but for its venues themselves."""
    wrong: list[FieldError] = []
    if mode is Mode.NEW and has_venues:
        message = "a watch for new names has criteria only; filters.restaurant can name venues"
        wrong.append(FieldError("venues", message))
    if mode is Mode.SPECIFIC and not has_venues:
        wrong.append(FieldError("venues", "a watch for certain venues names at least one"))
    if not 1 <= every <= LONGEST_INTERVAL:
        wrong.append(FieldError("every_minutes", f"1 to {LONGEST_INTERVAL} are allowed"))
    try:
        return [*wrong, *_wrong_terms(filter_of(filters), [market.id for market in markets])]
    except BadInput as error:
        return [*wrong, *error.fields]


def _wrong_terms(wanted: EventFilter, markets: Sequence[str]) -> Iterator[FieldError]:
    """What no table can ever pass."""
    dates = {term.op: term.values[0] for term in wanted.terms if term.field == "service_date"}
    if Op.AT_LEAST in dates and Op.AT_MOST in dates and dates[Op.AT_LEAST] > dates[Op.AT_MOST]:
        yield FieldError("filters.date_to", "it is before date_from")
    for term in wanted.terms:
        if term.field == "market" and not set(term.values) <= set(markets):
            yield FieldError("filters.market", f"there is no such market; there are: {', '.join(markets)}")
