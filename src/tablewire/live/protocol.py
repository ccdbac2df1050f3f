"""The doors of the live room: the log it reads from, the connections it writes to, and what it knows of restaurants."""

from collections.abc import Callable
from typing import Protocol

from tablewire.domain.events import Event
from tablewire.domain.filters import EventFilter
from tablewire.domain.restaurants import Listing

Framing = Callable[[bytes], bytes]
"""What a connection wants wrapped around the bytes it is given, e.g. an HTTP chunk; done once for all that want the same."""


class LogEnds(Protocol):
    """The ends of the log. An empty log has `oldest == newest + 1`."""

    @property
    def oldest(self) -> int:
        """The id of the oldest event that is kept, or the next id to be given where none is."""
        ...

    @property
    def newest(self) -> int:
        """The newest id ever given; 0 where none was."""
        ...


class EventReader(Protocol):
    """The log of events, read by cursor. Whoever has read up to an id never finds a new event at or below it later."""

    async def bounds(self) -> LogEnds:
        """The ends of the log as stored now."""
        ...

    async def after(
        self, cursor: int, limit: int, *, wanted: EventFilter, types: frozenset[str], upto: int | None = None
    ) -> list[Event]:
        """Events with an id above `cursor` (and at most `upto`), oldest first."""
        ...

    async def before(
        self, cursor: int | None, limit: int, *, wanted: EventFilter, types: frozenset[str]
    ) -> list[Event]:
        """The newest `limit` events with an id below `cursor` (None: of all), oldest first."""
        ...


class Sink(Protocol):
    """One client's connection. Nothing here waits: what cannot be sent yet is buffered, and `buffered` says how much."""

    @property
    def framing(self) -> Framing:
        """What has to be wrapped around the bytes before `write`."""
        ...

    @property
    def write(self) -> Callable[[bytes], object]:
        """Send bytes, framed. Raises RuntimeError where the connection is closed already."""
        ...

    @property
    def buffered(self) -> Callable[[], int]:
        """How many bytes the client has not taken yet."""
        ...

    @property
    def lost(self) -> bool:
        """Whether the client is gone, or given up."""
        ...

    def end(self) -> None:
        """End the answer in good order, after all that was written."""
        ...

    def abort(self) -> None:
        """Cut the connection at once."""
        ...


class ListingsDoor(Protocol):
    """Which listings are one restaurant; `live.restaurants.Restaurants` knows it from memory."""

    def listings_of(self, provider: str, venue_id: str) -> tuple[Listing, ...]:
        """All listings of the restaurant that a listing belongs to, itself among them; a listing never heard of is alone."""
        ...

    def id_of(self, provider: str, venue_id: str) -> str:
        """The name of the restaurant, the same for all its listings."""
        ...
