"""Pages of what belongs to users: newest first, from an id downwards."""

from collections.abc import Sequence
from typing import Final, Protocol, TypeVar

import msgspec

from tablewire.api import parameters
from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest
from tablewire.live.feed import parse_cursor

DEFAULT_LIMIT: Final = 50
MOST: Final = 200
PAGING: Final = (parameters.BEFORE, parameters.limit(DEFAULT_LIMIT, MOST))
"""The parameters of a page."""


class Numbered(Protocol):
    """What has an id."""

    @property
    def id(self) -> int:
        """Newer ones have higher ids."""
        ...


T = TypeVar("T", bound=Numbered)


class PageWish(msgspec.Struct, frozen=True):
    """The page that a client wants."""

    limit: int
    before: int | None
    """An id: what is shown is below it."""

    @property
    def enough(self) -> int:
        """How many to look for: one more than are shown tells whether there are more."""
        return self.limit + 1

    def cut(self, found: Sequence[T]) -> tuple[Sequence[T], str | None]:
        """Those that are shown of as many as were looked for, and the cursor of the next page where there are more."""
        shown = found[: self.limit]
        return shown, str(shown[-1].id) if len(found) > self.limit else None


def page_of(request: AnyRequest) -> PageWish:
    """The page that a request asks for. Raises `BadInput`."""
    return read_page(Query(request.scope["query_string"], ("limit", "before")))


def read_page(query: Query) -> PageWish:
    """The page that a query string asks for, whose other parameters have been read. Raises `BadInput`."""
    limit, before = query.whole("limit", DEFAULT_LIMIT, 1, MOST), query.text("before")
    query.check()
    return PageWish(limit or DEFAULT_LIMIT, None if before is None else parse_cursor(before, "before"))
