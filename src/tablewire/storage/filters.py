"""Filters as WHERE clauses: the same terms that `EventFilter.matches` applies in memory."""

from collections.abc import Iterable
from typing import Any, assert_never

from tablewire.domain.events import EventType
from tablewire.domain.filters import EVENT_TYPES, EventFilter, Op, Term

_KEYS = {"venue_name": "name_key", "neighborhood": "neighborhood_key"}
"""The columns that hold the name keys of columns."""

_ARRAYS = {
    "price_range": "smallint[]",
    "party_sizes": "smallint[]",
    "service_date": "date[]",
    "slot_date": "date[]",
    "slot_time": "time[]",
}
"""The types of lists of values; text[] for all other fields."""

_FIELDS = frozenset(
    {
        "market", "provider", "bucket_id", "venue_id", "venue_name", "neighborhood", "price_range", "party_sizes",
        "service_date", "slot_date", "slot_time", "time_bucket", "origin", "event_type",
    }
)  # fmt: skip
"""What can be filtered on. Only these names ever come into a statement; values are always parameters."""


class Where:
    """A WHERE clause that is put together, and its parameters `$1`, `$2`, …"""

    def __init__(self) -> None:
        self.parameters: list[Any] = []
        self._conditions: list[str] = []

    def add(self, condition: str, *values: Any) -> None:
        """One more condition that has to hold; each `{}` in it is one of `values`."""
        places = []
        for value in values:
            self.parameters.append(value)
            places.append(f"${len(self.parameters)}")
        self._conditions.append(condition.format(*places))

    def add_filter(self, wanted: EventFilter) -> None:
        """All terms of a filter. Raises ValueError for a field that cannot be filtered on."""
        for term in wanted.terms:
            self._add_term(term)

    def add_types(self, types: Iterable[str]) -> None:
        """Only events of these types, in the words of `EVENT_TYPES`; other words name no event."""
        kinds = sorted(EVENT_TYPES[word].value for word in types if word in EVENT_TYPES)
        if len(kinds) < len(EventType):
            self.add("event_type = ANY ({}::text[])", kinds)

    @property
    def sql(self) -> str:
        """The clause, or nothing where there is no condition."""
        return f"WHERE {' AND '.join(self._conditions)}" if self._conditions else ""

    def _add_term(self, term: Term) -> None:
        if (term.field, term.op) == ("listing", Op.ANY):
            self._add_listings(term.values)
        else:
            self._add_column(term)

    def _add_listings(self, values: Iterable[str]) -> None:
        providers, venue_ids = zip(*(value.split(":", 1) for value in values), strict=True)
        condition = "(provider, venue_id) IN (SELECT * FROM unnest({}::text[], {}::text[]))"
        self.add(condition, list(providers), list(venue_ids))

    def _add_column(self, term: Term) -> None:
        field, values = term.field, list(term.values)
        if field not in _FIELDS:
            raise ValueError(f"there is no filter on {field!r}")
        key = _KEYS.get(field, field)
        array = _ARRAYS.get(field, "text[]")
        match term.op:
            case Op.ANY:
                self.add(f"{field} = ANY ({{}}::{array})", values)
            case Op.OVERLAPS:
                self.add(f"{field} && {{}}::{array}", values)
            case Op.CONTAINS:
                self.add(f"{key} LIKE ANY ({{}}::text[])", [f"%{_literally(value)}%" for value in values])
            case Op.NAMED:
                self.add(f"{key} = ANY ({{}}::text[])", values)
            case Op.AT_LEAST:
                self.add(f"{field} >= {{}}", values[0])
            case Op.AT_MOST:
                self.add(f"{field} <= {{}}", values[0])
            case Op.WRAPS:
                self.add(f"({field} >= {{}} OR {field} <= {{}})", values[0], values[1])
            case Op.WEEKDAY:
                self.add(f"extract(isodow FROM {field})::int - 1 = ANY ({{}}::int[])", values)
            case _:
                assert_never(term.op)


def _literally(text: str) -> str:
    """Text that LIKE takes as it is."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
