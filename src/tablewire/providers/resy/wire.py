"""Resy's answers as they are on the wire: of all their fields only those that are used."""

from typing import Any, TypeVar

import msgspec

from tablewire.providers.texts import mended

T = TypeVar("T")

# Fields that a slot's meaning hangs on are typed and required: one that is gone or changed makes that item unreadable, and
# drift names it. Fields that only adorn it are taken as they come, and looked at when they are converted.


class HitId(msgspec.Struct, frozen=True, gc=False):
    """A hit's ids, by platform."""

    resy: int


class Hit(msgspec.Struct, frozen=True, rename={"geo": "_geoloc"}):
    """One venue of a search."""

    id: HitId
    name: str
    url_slug: Any = None
    neighborhood: Any = None
    location: Any = None
    geo: Any = None
    price_range_id: Any = None
    cuisine: Any = None
    images: Any = None
    contact: Any = None
    is_tock_inventory: Any = False
    availability: msgspec.Raw = msgspec.Raw(b"null")


class ReservationConfig(msgspec.Struct, frozen=True, gc=False):
    """When a template's tables go off the market."""

    secs_off_market: Any = None
    time_off_market: Any = None


class Template(msgspec.Struct, frozen=True):
    """The terms under which tables are offered."""

    is_event: Any = False
    is_pickup: Any = False
    reservation_config: ReservationConfig | None = None


class SlotDate(msgspec.Struct, frozen=True, gc=False):
    """When a table begins, in the venue's wall time: `YYYY-MM-DD HH:MM:SS`."""

    start: str


class Exclusive(msgspec.Struct, frozen=True, gc=False):
    """For whom a table is."""

    is_eligible: bool
    id: int | None = None


class SlotConfig(msgspec.Struct, frozen=True, gc=False):
    """Where in the house a table is."""

    type: Any = None


class TemplateRef(msgspec.Struct, frozen=True, gc=False):
    """Which of the hit's templates a table is offered under."""

    id: Any = None


class Shift(msgspec.Struct, frozen=True, gc=False):
    """The service a table belongs to; its day is the evening before for tables after midnight."""

    day: Any = None


class Slot(msgspec.Struct, frozen=True):
    """One table, for the party size that was asked for; only the per-venue call says when it is on the market."""

    date: SlotDate
    exclusive: Exclusive
    config: SlotConfig | None = None
    template: TemplateRef | None = None
    shift: Shift | None = None
    is_global_dining_access: bool | None = False
    market: Any = None


class Availability(msgspec.Struct, frozen=True):
    """What is free at a venue, where every part of it is as expected."""

    slots: list[Slot]
    templates: dict[str, Template] | None = None


class RoughAvailability(msgspec.Struct, frozen=True):
    """What is free at a venue, part by part, where something in it is not as expected."""

    slots: list[msgspec.Raw]
    templates: Any = None


class Search(msgspec.Struct, frozen=True):
    """The hits, each still as bytes, so that one that makes no sense harms no other."""

    hits: list[msgspec.Raw]
    nbPages: Any = None  # noqa: N815 - the wire's own name


class SearchAnswer(msgspec.Struct, frozen=True):
    """One page of a search."""

    search: Search
    meta: Any = None


class FoundVenue(msgspec.Struct, frozen=True):
    """The restaurant as the per-venue call describes it: some fields have other names or types than in a search."""

    id: HitId
    name: str
    url_slug: Any = None
    location: Any = None
    price_range: Any = None
    type: Any = None
    responsive_images: Any = None


class Found(msgspec.Struct, frozen=True):
    """What the per-venue call says of one venue; its slots and templates stand beside it."""

    venue: FoundVenue


class FindResults(msgspec.Struct, frozen=True):
    """The venues, each still as bytes: one, or none."""

    venues: list[msgspec.Raw]


class FindAnswer(msgspec.Struct, frozen=True):
    """The answer for one venue, date and party size."""

    results: FindResults


_answer = msgspec.json.Decoder(SearchAnswer)
_find = msgspec.json.Decoder(FindAnswer)
_found = msgspec.json.Decoder(Found)
_hit = msgspec.json.Decoder(Hit)
_availability = msgspec.json.Decoder(Availability)
_rough = msgspec.json.Decoder(RoughAvailability)
_slot = msgspec.json.Decoder(Slot)


def decode_answer(body: bytes) -> SearchAnswer:
    """One page, its hits undecoded. Raises ValueError, or RecursionError, where it is no search answer."""
    return _decode_mended(_answer, body)


def decode_find(body: bytes) -> FindAnswer:
    """One venue's answer, undecoded. Raises ValueError, or RecursionError, where it is no such answer."""
    return _decode_mended(_find, body)


def decode_found(raw: msgspec.Raw) -> FoundVenue:
    """The restaurant of a per-venue answer. Raises ValueError, or RecursionError, where it makes no sense."""
    return _found.decode(raw).venue


def decode_hit(raw: msgspec.Raw) -> Hit:
    """One hit. Raises ValueError, or RecursionError, where it makes no sense."""
    return _hit.decode(raw)


def decode_availability(raw: msgspec.Raw) -> Availability:
    """What is free at a venue. Raises ValueError, or RecursionError, where any part of it makes no sense."""
    return _availability.decode(raw)


def decode_rough_availability(raw: msgspec.Raw) -> RoughAvailability:
    """What is free at a venue, its slots undecoded. Raises ValueError, or RecursionError, where it makes no sense."""
    return _rough.decode(raw)


def decode_slot(raw: msgspec.Raw) -> Slot:
    """One slot. Raises ValueError, or RecursionError, where it makes no sense."""
    return _slot.decode(raw)


def _decode_mended(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except msgspec.DecodeError:
        whole = mended(body)
        if whole == body:
            raise
        return decoder.decode(whole)


def whole_number(value: object) -> int | None:
    """A whole number that is not negative, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


class PageCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says of itself."""

    page: int
    total_pages: int
    total: int | None
    """Venues over all pages."""


def page_counts(answer: SearchAnswer, asked: int) -> PageCounts:
    """What an answer says of itself, `asked` being the page that was asked for.

    How many pages there are follows from how many hits a page were granted, which can be fewer than were asked for.
    """
    meta = answer.meta if isinstance(answer.meta, dict) else {}
    total = whole_number(meta.get("total"))
    granted = whole_number(meta.get("per_page")) or len(answer.search.hits)
    page = whole_number(meta.get("page")) or asked
    pages = whole_number(meta.get("total_pages"))
    if pages is None:
        pages = whole_number(answer.search.nbPages)
    if pages is None:
        pages = -(-total // granted) if total and granted else page
    return PageCounts(page=page, total_pages=max(1, pages), total=total)
