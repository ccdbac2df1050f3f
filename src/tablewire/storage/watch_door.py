"""The doors of stored watches and of the hourly list: what services and the engine ask of them, in their words."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Protocol

import msgspec

from tablewire.domain.venue_names import ChosenVenue
from tablewire.domain.watch_list import ListEntry, ListResult
from tablewire.domain.watches import CheckResult, Filters, Mode, Seen, Watch


class NewWatch(msgspec.Struct, frozen=True, kw_only=True):
    """A watch that is to be stored."""

    user_id: int
    mode: Mode
    venues: tuple[ChosenVenue, ...]
    filters: Filters
    criteria_key: str | None
    """Where it waits for names."""
    every_minutes: int
    paused: bool


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of a watch came to."""

    at: datetime
    next_due_at: datetime
    result: CheckResult
    seen: Seen
    seen_event: int | None = None
    seen_version: int | None = None


class Names(msgspec.Struct, frozen=True):
    """The names that were found for some criteria, as of one version."""

    version: int
    names: tuple[str, ...]


class Followed(msgspec.Struct, frozen=True):
    """What one watch that is not paused waits for."""

    venues: tuple[ChosenVenue, ...]
    filters: Filters


class WatchBook(Protocol):
    """The watches of all users; what is a user's own is asked for with their id."""

    async def make(self, new: NewWatch, at: datetime, *, most: int) -> Watch | None:
        """Store a watch, due at once; None where the user has `most` of them."""
        ...

    async def of_user(self, user_id: int, before: int | None, limit: int) -> list[Watch]:
        """The newest `limit` with an id below `before`, newest first."""
        ...

    async def get(self, user_id: int, watch_id: int) -> Watch | None:
        """One of a user's own."""
        ...

    async def change(self, user_id: int, watch_id: int, how: Callable[[Watch], Watch]) -> Watch | None:
        """Put what `how` makes of a user's watch in its place, in one transaction; None where there is none.

        A check that is under way has nothing to say of the changed watch: its outcome is not stored.
        """
        ...

    async def delete(self, user_id: int, watch_id: int) -> bool:
        """Remove one; answers whether there was one."""
        ...

    async def claim(self, now: datetime, until: datetime, limit: int) -> list[Watch]:
        """Take watches that are due, the longest due first: nobody else gets them until then."""
        ...

    async def claim_one(self, user_id: int, watch_id: int, now: datetime, until: datetime) -> Watch | None:
        """Take a user's watch, due or not; None where it is being checked, or is not there."""
        ...

    async def checked(self, watch: Watch, outcome: Outcome) -> Watch | None:
        """Store what the check of a watch that was taken came to, and give it back; None where it was changed, removed or lost meanwhile."""
        ...

    async def failed(self, watch: Watch, error: str, next_due_at: datetime) -> Watch | None:
        """Store why the check of a watch that was taken failed, and give it back."""
        ...

    async def followed(self) -> list[Followed]:
        """The watches for certain venues that are not paused."""
        ...

    async def names(self, criteria_key: str, version: int | None = None) -> Names | None:
        """The names found for some criteria as of a version, or newest; None where it is not kept."""
        ...

    async def add_names(
        self, criteria_key: str, expected: int, names: Sequence[str], at: datetime
    ) -> Names | None:
        """Append a version after the `expected` one (0: none); None where another one was appended meanwhile."""
        ...


class ListBook(Protocol):
    """The hourly watch list of all users."""

    async def add(self, user_id: int, wish: ListEntry, at: datetime, *, most: int) -> ListEntry | None:
        """Store an entry, due at once; `wish` has no id and no user yet. None where the user has `most` of them."""
        ...

    async def of_user(self, user_id: int, before: int | None, limit: int) -> list[ListEntry]:
        """The newest `limit` with an id below `before`, newest first."""
        ...

    async def delete(self, user_id: int, entry_id: int) -> bool:
        """Remove one; answers whether there was one."""
        ...

    async def claim(
        self, now: datetime, until: datetime, limit: int, *, only: tuple[int, int] | None = None
    ) -> list[ListEntry]:
        """Take entries that are due; `only` is the user and id of a single one."""
        ...

    async def checked(
        self, entry: ListEntry, at: datetime, next_due_at: datetime, result: ListResult
    ) -> ListEntry | None:
        """Store what a check found, and give the entry back; None where it was removed or lost meanwhile."""
        ...

    async def failed(self, entry: ListEntry, error: str, next_due_at: datetime) -> None:
        """Store why a check failed, and give the entry back."""
        ...

    async def followed(self, since: date) -> list[ListEntry]:
        """All entries that have a date from then on."""
        ...
