"""Wishes: what somebody would like of a table, as limits that an opening keeps to or not."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Literal, Protocol

import msgspec

from tablewire.domain.filters import EventFilter, Op, Term
from tablewire.domain.names import name_key
from tablewire.domain.notifications import opening_of
from tablewire.domain.restaurants import Listing

Limit = Literal["place", "date", "weekday", "hours", "party_size", "price"]
"""What can rule an opening out."""


class Table(Protocol):
    """An open table, as events and the rows of the board have it."""

    @property
    def id(self) -> int | None: ...  # noqa: D102 - as in `domain.events.Event`, like all of these
    @property
    def market(self) -> str: ...  # noqa: D102
    @property
    def provider(self) -> str: ...  # noqa: D102
    @property
    def venue_id(self) -> str: ...  # noqa: D102
    @property
    def venue_name(self) -> str: ...  # noqa: D102
    @property
    def neighborhood(self) -> str | None: ...  # noqa: D102
    @property
    def price_range(self) -> int | None: ...  # noqa: D102
    @property
    def service_date(self) -> date: ...  # noqa: D102
    @property
    def slot_id(self) -> str: ...  # noqa: D102
    @property
    def slot_date(self) -> date: ...  # noqa: D102
    @property
    def slot_time(self) -> time: ...  # noqa: D102
    @property
    def party_sizes(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def opened_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def first_seen_at(self) -> datetime: ...  # noqa: D102
    @property
    def book_url(self) -> str | None: ...  # noqa: D102
    @property
    def image_url(self) -> str | None: ...  # noqa: D102


class Opening(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An open table, with what wishes ask of it worked out once."""

    listings: tuple[Listing, ...]
    """All listings of its restaurant: a wish that names one of them means all."""
    slot_key: str
    opening: str
    """Which opening of the slot, see `domain.notifications.opening_of`."""
    event_id: int | None
    market: str | None
    venue_name: str
    neighborhood: str | None
    place: str | None
    """The name key of the neighbourhood."""
    price_range: int | None
    service_date: date
    slot_date: date
    slot_time: time
    party_sizes: tuple[int, ...]
    opened_at: datetime | None
    listing: Listing
    """The one at which it is booked."""
    book_url: str | None
    image_url: str | None


def opening_of_table(table: Table, listings: Iterable[Listing]) -> Opening:
    """A table as wishes see it; `listings` are all of its restaurant."""
    return Opening(
        listings=tuple(listings),
        slot_key=table.slot_id,
        opening=opening_of(table.id, table.first_seen_at),
        event_id=table.id,
        market=table.market,
        venue_name=table.venue_name,
        neighborhood=table.neighborhood,
        place=None if table.neighborhood is None else name_key(table.neighborhood),
        price_range=table.price_range,
        service_date=table.service_date,
        slot_date=table.slot_date,
        slot_time=table.slot_time,
        party_sizes=table.party_sizes,
        opened_at=table.opened_at,
        listing=Listing(table.provider, table.venue_id),
        book_url=table.book_url,
        image_url=table.image_url,
    )


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a table has to keep to. What is left out is no limit; what an opening does not say keeps to none."""

    venues: tuple[Listing, ...] = ()
    neighborhoods: tuple[str, ...] = ()
    """Name keys. Where both venues and neighbourhoods are named, one of them is enough."""
    dates: tuple[date, ...] = ()
    """Service dates."""
    date_from: date | None = None
    date_to: date | None = None
    weekdays: tuple[int, ...] = ()
    """Of the service date, Monday 0."""
    time_from: time | None = None
    time_to: time | None = None
    """The last start. Earlier than `time_from`: over midnight."""
    party_size: int | None = None
    price_max: int | None = None

    def ruled_out_by(self, opening: Opening) -> Limit | None:
        """The first limit that an opening does not keep to."""
        if (self.venues or self.neighborhoods) and not self._is_at(opening):
            return "place"
        day = opening.service_date
        if self.dates and day not in self.dates:
            return "date"
        if self.date_from is not None and day < self.date_from:
            return "date"
        if self.date_to is not None and day > self.date_to:
            return "date"
        if self.weekdays and day.weekday() not in self.weekdays:
            return "weekday"
        if not self._is_within_hours(opening.slot_time):
            return "hours"
        if self.party_size is not None and self.party_size not in opening.party_sizes:
            return "party_size"
        if self.price_max is not None and (
            opening.price_range is None or opening.price_range > self.price_max
        ):
            return "price"
        return None

    def _is_at(self, opening: Opening) -> bool:
        if opening.place is not None and opening.place in self.neighborhoods:
            return True
        return any(listing in self.venues for listing in opening.listings)

    def _is_within_hours(self, at: time) -> bool:
        start, end = self.time_from, self.time_to
        if start is not None and end is not None and start > end:
            return at >= start or at <= end
        return (start is None or at >= start) and (end is None or at <= end)

    def last_date(self) -> date | None:
        """After which no table can keep to them; None where there is no such date."""
        ends = [max(self.dates)] if self.dates else []
        ends += [self.date_to] if self.date_to is not None else []
        return min(ends, default=None)

    def as_filter(self, *, only_place: bool = False) -> EventFilter:
        """A filter that lets through every event that keeps to them, and as few others as filters can say."""
        terms = [*self._place_terms()]
        if not only_place:
            terms += [*self._date_terms(), *self._hours_terms()]
            if self.party_size is not None:
                terms.append(Term("party_sizes", Op.OVERLAPS, (self.party_size,)))
            if self.price_max is not None:
                terms.append(Term("price_range", Op.AT_MOST, (self.price_max,)))
        return EventFilter(tuple(terms))

    def _place_terms(self) -> Iterable[Term]:
        if self.venues and not self.neighborhoods:
            yield Term("listing", Op.ANY, tuple(sorted(map(str, self.venues))))
        elif self.neighborhoods and not self.venues:
            yield Term("neighborhood", Op.NAMED, self.neighborhoods)

    def _date_terms(self) -> Iterable[Term]:
        if self.dates:
            yield Term("service_date", Op.ANY, self.dates)
        if self.date_from is not None:
            yield Term("service_date", Op.AT_LEAST, (self.date_from,))
        if self.date_to is not None:
            yield Term("service_date", Op.AT_MOST, (self.date_to,))
        if self.weekdays:
            yield Term("service_date", Op.WEEKDAY, self.weekdays)

    def _hours_terms(self) -> Iterable[Term]:
        start, end = self.time_from, self.time_to
        if start is not None and end is not None and start > end:
            yield Term("slot_time", Op.WRAPS, (start, end))
            return
        if start is not None:
            yield Term("slot_time", Op.AT_LEAST, (start,))
        if end is not None:
            yield Term("slot_time", Op.AT_MOST, (end,))
