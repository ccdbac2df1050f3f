"""The body of a Resy search, read strictly."""

import re
from datetime import date
from typing import Any

import msgspec

from tablewire.simulator.answers import Asked, BadCall

MOST_PER_PAGE = 75
_USUAL_PER_PAGE = 20
_USUAL_RADIUS = 19_000.0
_KNOWN = {
    "availability", "page", "per_page", "query", "types", "order_by", "geo", "include_tock_inventory", "slot_filter",
    "venue_filter", "highlight",
}  # fmt: skip
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class Area(msgspec.Struct, frozen=True):
    """Where to look: a circle in metres, a box (south, west, north, east), or neither."""

    centre: tuple[float, float] | None = None
    radius: float | None = None
    box: tuple[float, float, float, float] | None = None


class SearchQuery(msgspec.Struct, kw_only=True, frozen=True):
    """A search as understood. `minute` is the middle of the time filter, counted from midnight."""

    availability: bool
    day: date | None
    party_size: int | None
    minute: int | None
    page: int
    per_page: int
    text: str
    area: Area
    cuisine: str | None
    location: str | None
    with_tock: bool

    def asked(self) -> Asked:
        """The query as the log keeps it."""
        day = None if self.day is None else self.day.isoformat()
        return Asked(day=day, party_size=self.party_size, page=self.page, per_page=self.per_page)


def read_search(body: bytes) -> SearchQuery:
    """Understand a search; raises BadCall with the field that makes no sense."""
    raw = read_object(body)
    for field in raw:
        if field not in _KNOWN:
            raise BadCall(**{field: "Unknown field."})
    availability = _flag(raw, "availability")
    day, party_size, minute = _read_slot_filter(raw, needed=availability)
    venue_filter = _part(raw, "venue_filter")
    text = raw.get("query", "")
    if not isinstance(text, str):
        raise BadCall(query="Not a valid string.")
    types = raw.get("types", ["venue"])
    if not isinstance(types, list) or not all(one in ("venue", "cuisine") for one in types):
        raise BadCall(types="Not a valid choice.")
    return SearchQuery(
        availability=availability,
        day=day,
        party_size=party_size,
        minute=minute,
        page=_number(raw, "page", 1),
        per_page=min(MOST_PER_PAGE, _number(raw, "per_page", _USUAL_PER_PAGE)),
        text=text,
        area=_read_area(_part(raw, "geo")),
        cuisine=venue_filter.get("cuisine"),
        location=venue_filter.get("location_code"),
        with_tock=_flag(raw, "include_tock_inventory"),
    )


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object; raises BadCall for anything else."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise BadCall(body="Not a JSON object.") from error


def read_day(value: object, field: str) -> date:
    """A date `YYYY-MM-DD`; raises BadCall."""
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise BadCall(**{field: "Not a valid date."})


def read_count(value: object, field: str) -> int:
    """A whole number from 1 on, also as text; raises BadCall."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise BadCall(**{field: "Not a valid integer."})


def _read_slot_filter(raw: dict[str, Any], *, needed: bool) -> tuple[date | None, int | None, int | None]:
    given = _part(raw, "slot_filter")
    if not given:
        if needed:
            raise BadCall(slot_filter="Missing data for required field.")
        return None, None, None
    minute = None
    if given.get("time_filter") is not None:
        matched = _CLOCK.fullmatch(str(given["time_filter"]))
        if matched is None:
            raise BadCall(time_filter="Not a valid time.")
        minute = int(matched[1]) * 60 + int(matched[2])
    return read_day(given.get("day"), "day"), read_count(given.get("party_size"), "party_size"), minute


def _read_area(geo: dict[str, Any]) -> Area:
    if not geo:
        return Area()
    box = geo.get("bounding_box")
    if box is not None:
        if not isinstance(box, list) or len(box) != 4 or not all(_is_number(one) for one in box):
            raise BadCall(bounding_box="Not a valid box.")
        return Area(box=(float(box[0]), float(box[1]), float(box[2]), float(box[3])))
    latitude, longitude, radius = geo.get("latitude"), geo.get("longitude"), geo.get("radius", _USUAL_RADIUS)
    for field, value in (("latitude", latitude), ("longitude", longitude), ("radius", radius)):
        if not _is_number(value):
            raise BadCall(**{field: "Not a valid number."})
    return Area(centre=(float(latitude or 0.0), float(longitude or 0.0)), radius=float(radius))


def _part(raw: dict[str, Any], field: str) -> dict[str, Any]:
    value = raw.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadCall(**{field: "Not a valid object."})
    return value


def _flag(raw: dict[str, Any], field: str) -> bool:
    value = raw.get(field, False)
    if not isinstance(value, bool):
        raise BadCall(**{field: "Not a valid boolean."})
    return value


def _number(raw: dict[str, Any], field: str, usual: int) -> int:
    return usual if raw.get(field) is None else read_count(raw[field], field)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
