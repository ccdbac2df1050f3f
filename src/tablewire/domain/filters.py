"""Filters: which events a client wants. One definition, used as a predicate here and as a WHERE clause by the store."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from enum import StrEnum
from typing import Any

import msgspec

from tablewire.domain.events import Event, EventType
from tablewire.domain.names import name_key
from tablewire.domain.restaurants import parse_listing
from tablewire.errors import BadInput, FieldError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_VALUES = 50
"""Values that one parameter may have."""
MAX_LENGTH = 200
"""Characters that one value may have."""


class Op(StrEnum):
    """How a term compares a field of an event with its values."""

    ANY = "any"
    """The field equals one of the values."""
    OVERLAPS = "overlaps"
    """The field, a list, has one of the values."""
    CONTAINS = "contains"
    """The field's name key has one of the values in it."""
    NAMED = "named"
    """The field's name key equals one of the values."""
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    WRAPS = "wraps"
    """The field is at or after the first value, or at or before the second: hours that go over midnight."""
    WEEKDAY = "weekday"
    """The field's weekday, Monday 0, is one of the values."""


class Term(msgspec.Struct, frozen=True):
    """One condition: a field of the event, how it is compared, and with what."""

    field: str
    op: Op
    values: tuple[Any, ...]


class EventFilter(msgspec.Struct, frozen=True):
    """All terms have to hold; no term means every event. Equal filters are equal values, whatever order they were given in."""

    terms: tuple[Term, ...] = ()

    def matches(self, event: Event) -> bool:
        """Whether an event satisfies every term; a field that is null satisfies none."""
        return all(_HOLDS[term.op](getattr(event, term.field), term.values) for term in self.terms)


def _overlaps(field: Iterable[Any], values: tuple[Any, ...]) -> bool:
    return any(item in values for item in field)


def _contains(field: str, values: tuple[Any, ...]) -> bool:
    key = name_key(field)
    return any(value in key for value in values)


def _holds(test: Callable[[Any, tuple[Any, ...]], bool]) -> Callable[[Any, tuple[Any, ...]], bool]:
    return lambda field, values: field is not None and test(field, values)


_HOLDS: Mapping[Op, Callable[[Any, tuple[Any, ...]], bool]] = {
    Op.ANY: _holds(lambda field, values: field in values),
    Op.OVERLAPS: _holds(_overlaps),
    Op.CONTAINS: _holds(_contains),
    Op.NAMED: _holds(lambda field, values: name_key(field) in values),
    Op.AT_LEAST: _holds(lambda field, values: field >= values[0]),
    Op.AT_MOST: _holds(lambda field, values: field <= values[0]),
    Op.WRAPS: _holds(lambda field, values: field >= values[0] or field <= values[1]),
    Op.WEEKDAY: _holds(lambda field, values: field.weekday() in values),
}


# --- from the parameters of a query


def _text(value: str) -> str:
    if not value:
        raise ValueError("it is empty")
    return value


def _name(value: str) -> str:
    key = name_key(value)
    if not key:
        raise ValueError("it has neither letters nor digits")
    return key


def _listing(value: str) -> str:
    return str(parse_listing(value))


def _size(value: str) -> int:
    size = _int(value)
    if not 1 <= size <= 20:
        raise ValueError("a party size is 1 to 20")
    return size


def _price(value: str) -> int:
    price = _int(value)
    if not 1 <= price <= 4:
        raise ValueError("a price range is 1 to 4")
    return price


def _int(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise ValueError("a whole number is wanted")
    return int(value)


def _date(value: str) -> date:
    wrong = ValueError("a date is written 2026-02-18")
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        raise wrong from None
    if parsed.isoformat() != value:  # ISO has other spellings, by week for one
        raise wrong
    return parsed


def _time(value: str) -> time:
    wrong = ValueError("a time is written 19:30")
    try:
        parsed = time.fromisoformat(value)
    except ValueError:
        raise wrong from None
    if value not in (f"{parsed:%H:%M}", f"{parsed:%H:%M:%S}"):
        raise wrong
    return parsed


def _time_bucket(value: str) -> str:
    if value not in ("prime", "off_peak"):
        raise ValueError("prime and off_peak are allowed")
    return value


def _weekday(value: str) -> int:
    if value.lower() not in WEEKDAYS:
        raise ValueError("mon, tue, wed, thu, fri, sat and sun are allowed")
    return WEEKDAYS.index(value.lower())


class _Parameter(msgspec.Struct, frozen=True):
    field: str
    op: Op
    parse: Callable[[str], Any]
    meaning: str

    @property
    def is_bound(self) -> bool:
        return self.op in (Op.AT_LEAST, Op.AT_MOST)


PARAMETERS: Mapping[str, _Parameter] = {
    "market": _Parameter("market", Op.ANY, _text, "market id"),
    "provider": _Parameter("provider", Op.ANY, _text, "provider id"),
    "venue_id": _Parameter("venue_id", Op.ANY, _text, "the provider's id of a venue"),
    "restaurant": _Parameter(
        "listing", Op.ANY, _listing, "a venue as provider:id, and its restaurant's venues at other providers"
    ),
    "venue": _Parameter(
        "venue_name", Op.CONTAINS, _name, "venue name, whole or part, in any spelling of case and accents"
    ),
    "neighborhood": _Parameter("neighborhood", Op.NAMED, _name, "neighbourhood, whole"),
    "date_from": _Parameter("service_date", Op.AT_LEAST, _date, "first service date"),
    "date_to": _Parameter("service_date", Op.AT_MOST, _date, "last service date"),
    "time_from": _Parameter(
        "slot_time", Op.AT_LEAST, _time, "earliest local start; later than time_to: over midnight"
    ),
    "time_to": _Parameter("slot_time", Op.AT_MOST, _time, "latest local start"),
    "time_bucket": _Parameter("time_bucket", Op.ANY, _time_bucket, "prime or off_peak"),
    "party_size": _Parameter("party_sizes", Op.OVERLAPS, _size, "party size, 1 to 20"),
    "price_max": _Parameter("price_range", Op.AT_MOST, _price, "highest price range, 1 to 4"),
    "weekday": _Parameter("service_date", Op.WEEKDAY, _weekday, "mon to sun, of the service date"),
}
"""The parameters that every view of events takes: what each filters on, how, and what it means."""

EVENT_TYPES: Mapping[str, EventType] = {
    "drop": EventType.NEW_DROP,
    "reopened": EventType.REOPENED,
    "closed": EventType.CLOSED,
}
"""The words of `types=` and of a stream's `event:` line."""


def parse_filter(query: Mapping[str, list[str]]) -> EventFilter:
    """The filter that a query's parameters ask for.

    Raises `BadInput` that names every parameter that is unknown, repeated where it must not be, or has a bad value.
    """
    wrong: list[FieldError] = []
    terms: dict[str, Term] = {}
    for name, values in query.items():
        parameter = PARAMETERS.get(name)
        if parameter is None:
            wrong.append(FieldError(name, f"there is no such parameter; there are {', '.join(PARAMETERS)}"))
            continue
        parsed = _parse_values(name, parameter, values, wrong)
        if parsed:
            terms[name] = Term(parameter.field, parameter.op, parsed)
    if wrong:
        raise BadInput(wrong)
    return EventFilter(tuple(terms[name] for name in sorted(_wrap_hours(terms))) if terms else ())


def _parse_values(
    name: str, parameter: _Parameter, values: list[str], wrong: list[FieldError]
) -> tuple[Any, ...]:
    if parameter.is_bound and len(values) > 1:
        wrong.append(FieldError(name, "a bound can be given only once"))
        return ()
    if len(values) > MAX_VALUES:
        wrong.append(FieldError(name, f"it has {len(values)} values; {MAX_VALUES} are allowed"))
        return ()
    parsed = []
    for value in values:
        try:
            if len(value) > MAX_LENGTH:
                raise ValueError(f"a value has at most {MAX_LENGTH} characters")
            if "\x00" in value:
                raise ValueError("it has a null character")
            parsed.append(parameter.parse(value))
        except ValueError as error:
            wrong.append(FieldError(name, f"{value[:MAX_LENGTH]!r} is not allowed: {error}"))
    return tuple(sorted(set(parsed)))


def _wrap_hours(terms: dict[str, Term]) -> dict[str, Term]:
    start, end = terms.get("time_from"), terms.get("time_to")
    if start is not None and end is not None and start.values[0] > end.values[0]:
        del terms["time_to"]
        terms["time_from"] = Term(start.field, Op.WRAPS, (start.values[0], end.values[0]))
    return terms


def parse_types(text: str | None, *, also: tuple[str, ...] = ()) -> frozenset[str]:
    """The event types of `types=drop,reopened,closed`; only drops where it is left out. Raises `BadInput`."""
    if text is None:
        return frozenset({"drop"})
    allowed = (*EVENT_TYPES, *also)
    words = frozenset(word.strip() for word in text.split(","))
    unknown = sorted(words - set(allowed))
    if unknown:
        raise BadInput.of(
            "types", f"{', '.join(map(repr, unknown))[:200]} is not allowed; {', '.join(allowed)} are"
        )
    return words
