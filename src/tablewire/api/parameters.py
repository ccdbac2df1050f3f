"""The parameters that many addresses share, as the OpenAPI document says them."""

from tablewire.api import query
from tablewire.api.feed.pages import DEFAULT_LIMIT, MAX_LIMIT
from tablewire.api.routes import Parameter, Schema
from tablewire.domain.filters import EVENT_TYPES, MAX_VALUES, PARAMETERS, WEEKDAYS

_CURSOR: Schema = {"type": "string", "pattern": "^[0-9]{1,18}$"}
DURATION: Schema = {"type": "string", "pattern": query.DURATION, "examples": ["30s", "10m", "1h"]}
_TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\x00]+$"}
_NAME: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 200,
    "pattern": "^[A-Za-z0-9 &.,'-]*[A-Za-z0-9][A-Za-z0-9 &.,'-]*$",
}
_TIME: Schema = {
    "type": "string",
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
    "examples": ["19:30"],
}
_DATE: Schema = {"type": "string", "format": "date"}
_SCHEMAS: dict[str, Schema] = {
    "market": _TEXT,
    "provider": _TEXT,
    "venue_id": _TEXT,
    "restaurant": {
        "type": "string",
        "pattern": "^[^:\\x00]+:[^\\x00]+$",
        "maxLength": 200,
        "examples": ["resy:834"],
    },
    "venue": _NAME,
    "neighborhood": _NAME,
    "date_from": _DATE,
    "date_to": _DATE,
    "time_from": _TIME,
    "time_to": _TIME,
    "time_bucket": {"type": "string", "enum": ["prime", "off_peak"]},
    "party_size": {"type": "integer", "minimum": 1, "maximum": 20},
    "price_max": {"type": "integer", "minimum": 1, "maximum": 4},
    "weekday": {"type": "string", "enum": list(WEEKDAYS)},
}


def _filter_parameter(name: str) -> Parameter:
    schema = _SCHEMAS[name]
    if not PARAMETERS[name].is_bound:
        schema = {"type": "array", "items": schema, "minItems": 1, "maxItems": MAX_VALUES}
    return Parameter(name=name, description=PARAMETERS[name].meaning, schema=schema)


FILTERS = tuple(_filter_parameter(name) for name in PARAMETERS)


def days(default: int, most: int) -> Parameter:
    """How far back a preview looks."""
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return Parameter(name="days", description="how far back", schema=schema)


def limit(default: int = DEFAULT_LIMIT, most: int = MAX_LIMIT) -> Parameter:
    """How many rows at most."""
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return Parameter(name="limit", description="how many at most", schema=schema)


def words(name: str, description: str, allowed: tuple[str, ...]) -> Parameter:
    """Words of a closed set, separated by commas."""
    schema = {"type": "array", "items": {"type": "string", "enum": list(allowed)}, "minItems": 1}
    return Parameter(name=name, description=description, schema=schema, explode=False)


def path(name: str, description: str) -> Parameter:
    """A part of the address."""
    return Parameter(name=name, description=description, schema={"type": "string"}, where="path")


SINCE = Parameter(
    name="since", description="the cursor after which to begin; 0: from the oldest kept", schema=_CURSOR
)
BEFORE = Parameter(name="before", description="the cursor before which to end", schema=_CURSOR)
TYPES = words("types", "kinds of events; drops where left out", tuple(EVENT_TYPES))
STREAM_TYPES = words(
    "types", "kinds of events; drops where left out; scan: every poll", (*EVENT_TYPES, "scan")
)
