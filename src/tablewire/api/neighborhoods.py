"""Neighbourhoods in a query string: those that a venue was ever seen in."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, Protocol

from tablewire.api.query import Query
from tablewire.domain.names import name_key

_NEAREST: Final = 5
_ALIKE: Final = 0.5
"""Names that are less alike, of 1, are no help."""


class NeighborhoodBook(Protocol):
    """The store."""

    async def neighborhoods(self) -> Sequence[str]:
        """The neighbourhoods of all venues ever seen, each once, by name. Raises `StoreUnavailable`."""
        ...


async def read_neighborhoods(query: Query, book: NeighborhoodBook) -> frozenset[str]:
    """The name keys of the neighbourhoods that are asked for; one that there is not is noted. Raises `StoreUnavailable`."""
    asked = {name_key(text): text for text in query.texts("neighborhood")}
    if not asked:
        return frozenset()
    if "" in asked:
        query.refuse("neighborhood", "it has neither letters nor digits")
    known = {name_key(name): name for name in await book.neighborhoods()}
    for key, text in asked.items():
        if key and known and key not in known:
            query.refuse("neighborhood", _refusal(text, known, key))
    return frozenset(asked)


def _refusal(text: str, known: dict[str, str], key: str) -> str:
    near = [known[one] for one in get_close_matches(key, known, _NEAREST, _ALIKE)]
    listed = ", ".join(near or [*known.values()][:_NEAREST])
    which = "the closest are" if near else f"there are {len(known)}, such as"
    return f"no venue was ever seen in {text[:40]!r}; {which} {listed}"
