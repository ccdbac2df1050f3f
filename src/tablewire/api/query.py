"""Query strings: read strictly, so that a misspelt parameter is an error and not silence."""

import re
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import parse_qsl

from tablewire.domain.filters import PARAMETERS, EventFilter, parse_filter
from tablewire.errors import BadInput, FieldError

MAX_BYTES = 8_192
MAX_FIELDS = 200
DURATION = r"^([1-9][0-9]{0,3}(?:\.[0-9]{1,3})?|0\.[0-9]{0,2}[1-9])(ms|s|m|h|d)?$"
"""What a duration looks like; the same in the OpenAPI document."""
_DURATION = re.compile(DURATION)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}


class Query:
    """One query string. Its readers note what is wrong; `check` raises `BadInput` that names all of it."""

    def __init__(self, raw: bytes, own: Iterable[str] = (), *, filters: bool = False) -> None:
        self._values = _split(raw)
        self.wrong: list[FieldError] = []
        own = tuple(own)
        known = {*own, *(PARAMETERS if filters else ())}
        for name in self._values:
            if name not in known:
                there_are = ", ".join((*own, *(PARAMETERS if filters else ()))) or "none"
                self.refuse(name[:100], f"there is no such parameter; there are: {there_are}")
        self._filtered = {
            name: values for name, values in self._values.items() if filters and name in PARAMETERS
        }

    def check(self) -> None:
        """Raise `BadInput` if anything read so far was wrong."""
        if self.wrong:
            raise BadInput(self.wrong)

    def filter(self) -> EventFilter:
        """The filter that the parameters ask for."""
        try:
            return parse_filter(self._filtered)
        except BadInput as error:
            self.wrong.extend(error.fields)
            return EventFilter()

    def text(self, name: str, *, most: int = 200) -> str | None:
        """A parameter that may be given once."""
        values = self._values.get(name)
        if values is None:
            return None
        if len(values) > 1:
            self.refuse(name, "it can be given only once")
        elif not values[0] or "\x00" in values[0]:
            self.refuse(name, "it is empty or has a null character")
        elif len(values[0]) > most:
            self.refuse(name, f"it has more than {most} characters")
        else:
            return values[0]
        return None

    def texts(self, name: str, *, most: int = 200) -> tuple[str, ...]:
        """A parameter that may be given several times."""
        values = self._values.get(name, [])
        if len(values) > 50 or any(not value or len(value) > most or "\x00" in value for value in values):
            self.refuse(name, f"at most 50 values of 1 to {most} characters are allowed")
            return ()
        return tuple(values)

    def whole(self, name: str, default: int | None, low: int, high: int) -> int | None:
        """A whole number within bounds, both included."""
        value = self.text(name)
        if value is None:
            return default
        if value.isascii() and value.isdigit() and len(value) <= 9 and low <= int(value) <= high:
            return int(value)
        self.refuse(name, f"{value[:40]!r} is not allowed: a whole number from {low} to {high} is")
        return default

    def duration(self, name: str, default: timedelta | None, most: timedelta) -> timedelta | None:
        """A duration such as `30s`, `10m` or `1h`; a bare number is in seconds. It is above 0."""
        value = self.text(name)
        if value is None:
            return default
        found = _DURATION.fullmatch(value)
        if found is not None:
            seconds = float(found[1]) * _SECONDS[found[2]]
            if 0 < seconds <= most.total_seconds():
                return timedelta(seconds=seconds)
        self.refuse(
            name, f"{value[:40]!r} is not allowed: durations such as 30s, 10m or 1h are, up to {most}"
        )
        return default

    def flag(self, name: str) -> bool:
        """`true` or `false`; false where it is left out."""
        value = self.text(name)
        if value not in (None, "true", "false"):
            self.refuse(name, "true and false are allowed")
        return value == "true"

    def words(self, name: str, allowed: Iterable[str]) -> frozenset[str] | None:
        """Words of a closed set, separated by commas; None where the parameter is left out."""
        value = self.text(name)
        if value is None:
            return None
        words = frozenset(word.strip() for word in value.split(","))
        if not words <= set(allowed):
            self.refuse(name, f"{value[:40]!r} is not allowed: {', '.join(allowed)} are, separated by commas")
        return words

    def refuse(self, name: str, message: str) -> None:
        """Note that a parameter is wrong."""
        self.wrong.append(FieldError(name, message))


def _split(raw: bytes) -> dict[str, list[str]]:
    if len(raw) > MAX_BYTES:
        raise BadInput.of("query", f"the query string is over {MAX_BYTES} bytes")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        message = f"it is no query string in UTF-8 with at most {MAX_FIELDS} parameters"
        raise BadInput.of("query", message) from None
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values
