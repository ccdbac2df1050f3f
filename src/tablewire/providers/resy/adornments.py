"""Fields that a venue or a table may go without: which of them it lacks, or has in another type."""

from collections.abc import Mapping

from tablewire.providers.drift import Flaw
from tablewire.providers.resy.wire import Hit, Slot, Template

WITH_TABLES = "venues with tables"
"""The sort of items that are judged by their first table."""

_WIRE_NAMES: Mapping[type, str] = {dict: "object", list: "array", type(None): "null"}
_NUMBER = (int, float)


def of_hit(hit: Hit) -> tuple[tuple[str, Flaw], ...]:
    """What is wrong with the adornments of a hit of the search."""
    location, place = _members(hit.location), _members(hit.geo)
    fields = (
        ("url_slug", hit.url_slug, (str,)),
        ("neighborhood", hit.neighborhood, (str,)),
        ("location.url_slug", location.get("url_slug"), (str,)),
        ("_geoloc.lat", place.get("lat"), _NUMBER),
        ("_geoloc.lng", place.get("lng"), _NUMBER),
        ("price_range_id", hit.price_range_id, (int,)),
        ("cuisine", hit.cuisine, (list,)),
        ("images", hit.images, (list,)),
    )
    return tuple(
        ("hits", _flaw(name, value, types)) for name, value, types in fields if not isinstance(value, types)
    )


def of_table(slot: Slot, template: Template | None) -> tuple[tuple[str, Flaw], ...]:
    """What is wrong with the adornments of a venue's first table."""
    config, shift = slot.config, slot.shift
    fields = (
        ("config.type", config.type if config is not None else None, (str,)),
        ("shift.day", shift.day if shift is not None else None, (str,)),
        ("template", template, (Template,)),
        ("template.reservation_config", template and template.reservation_config, (object,)),
    )
    return tuple(
        (WITH_TABLES, _flaw(name, value, types))
        for name, value, types in fields
        if value is None or not isinstance(value, types)
    )


def _members(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _flaw(name: str, value: object, types: tuple[type, ...]) -> Flaw:
    if value is None:
        return Flaw(name, "missing")
    return Flaw(name, f"{_wire_name(type(value))} instead of {_wire_name(types[0])}")


def _wire_name(found: type) -> str:
    return _WIRE_NAMES.get(found, found.__name__)
