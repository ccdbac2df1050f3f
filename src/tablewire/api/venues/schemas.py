"""The answers about venues, as documents."""

from datetime import datetime

import msgspec

from tablewire.live.board import OpenRow


class ListingView(msgspec.Struct, frozen=True, kw_only=True):
    """A restaurant as one provider lists it."""

    provider: str
    venue_id: str
    name: str
    url: str | None
    open_slots: int


class SameAs(ListingView, frozen=True, kw_only=True):
    """Another listing that is held to be the same restaurant, and why."""

    confidence: float
    """From 0 to 1; 1 where a person decided."""
    evidence: list[str]
    by_hand: bool
    why: str | None
    """What the person who decided said."""


class VenueView(msgspec.Struct, frozen=True, kw_only=True):
    """A venue as it was seen last."""

    provider: str
    venue_id: str
    name: str
    neighborhood: str | None
    price_range: int | None
    cuisine: str | None
    latitude: float | None
    longitude: float | None
    url: str | None
    image_url: str | None
    address: str | None
    phone: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    open_slots: int
    """How many of its slots are open now."""
    restaurant_id: str
    """The same for all listings of one restaurant."""
    listings: list[ListingView]
    """Where the restaurant can be booked: this venue, and what is held to be the same one elsewhere."""


class OneVenue(VenueView, frozen=True, kw_only=True):
    """A venue, and what is open there now, by start."""

    same_as: list[SameAs]
    open: list[OpenRow]


class VenuePage(msgspec.Struct, frozen=True, kw_only=True):
    """Restaurants in order of their names, each once: as the first of its listings that the filters let through."""

    venues: list[VenueView]
    next_cursor: str | None
    """Hand it back as `before`: this list runs by name, and comes after it."""
    has_more: bool
