"""What users ask of the hourly watch list."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Annotated, Protocol

import msgspec

from tablewire.domain.users import User
from tablewire.domain.venue_names import ChosenVenue, VenueWish
from tablewire.domain.watch_list import MOST_DATES, ListEntry
from tablewire.errors import BadInput, Conflict, FieldError, NotFound, StoreError
from tablewire.services.named_venues import VenueFinder
from tablewire.storage.watch_door import ListBook

MOST_ENTRIES = 200
"""Of one user."""
LARGEST_PARTY = 20


class ListWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry as a user asks for it: a venue by its id, at Resy where nothing else is said, or by its name."""

    venue_id: str | None = None
    provider: str | None = None
    name: str | None = None
    party_size: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_PARTY)]
    dates: Annotated[list[date], msgspec.Meta(min_length=1, max_length=MOST_DATES)]


class ListChecker(Protocol):
    """Looks at an entry at once."""

    async def run_now(self, user_id: int, entry_id: int) -> ListEntry | None:
        """Look at one of a user's entries; None where somebody does already, or it is gone."""
        ...


class WatchList:
    """An entry is a user's own."""

    def __init__(
        self, *, book: ListBook, finder: VenueFinder, checker: ListChecker, now: Callable[[], datetime]
    ) -> None:
        self._book = book
        self._finder = finder
        self._checker = checker
        self._now = now

    async def add(self, user: User, wish: ListWish) -> ListEntry:
        """A new entry, looked at at once. Raises `BadInput`, `Conflict`."""
        now = self._now()
        chosen = await self._choose(wish, _wrong(wish, now.date() - timedelta(days=1)))
        entry = ListEntry(
            provider=chosen.provider,
            venue_id=chosen.venue_id,
            venue_name=chosen.name,
            party_size=wish.party_size,
            dates=tuple(sorted(set(wish.dates))),
            created_at=now,
            next_due_at=now,
        )
        made = await self._book.add(user.id, entry, now, most=MOST_ENTRIES)
        if made is None:
            raise Conflict(f"Your list has {MOST_ENTRIES} entries, and that is the limit: delete one first.")
        with suppress(StoreError):  # the loop looks at it within a minute
            return await self._checker.run_now(user.id, made.id) or made
        return made

    async def _choose(self, wish: ListWish, wrong: Sequence[FieldError]) -> ChosenVenue:
        provider = "resy" if wish.venue_id is not None and wish.provider is None else wish.provider
        venue = VenueWish(provider=provider, venue_id=wish.venue_id, name=wish.name)
        found: tuple[ChosenVenue, ...] = ()
        try:
            found = await self._finder.choose([venue], "venue")
        except BadInput as error:
            # There is one venue only, and its fields are the entry's own.
            field = "name" if wish.name else "venue_id"
            wrong = [*wrong, *(FieldError(field, one.message) for one in error.fields)]
        if wrong:
            raise BadInput(list(wrong))
        return found[0]

    async def list(self, user: User, before: int | None = None, limit: int = MOST_ENTRIES) -> list[ListEntry]:
        """A user's entries, newest first."""
        return await self._book.of_user(user.id, before, limit)

    async def delete(self, user: User, entry_id: int) -> None:
        """Delete an entry. Raises `NotFound`."""
        if not await self._book.delete(user.id, entry_id):
            raise NotFound("There is no such entry.")


def _wrong(wish: ListWish, first: date) -> list[FieldError]:
    wrong: list[FieldError] = []
    if not 1 <= wish.party_size <= LARGEST_PARTY:
        wrong.append(FieldError("party_size", f"1 to {LARGEST_PARTY} are allowed"))
    if not 1 <= len(wish.dates) <= MOST_DATES:
        wrong.append(FieldError("dates", f"it has {len(wish.dates)} dates; 1 to {MOST_DATES} are allowed"))
    elif max(wish.dates) < first:
        wrong.append(FieldError("dates", "all of them have passed"))
    return wrong
