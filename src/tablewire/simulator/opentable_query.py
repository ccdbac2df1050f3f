"""The bodies of OpenTable's persisted queries, read strictly."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from tablewire.simulator.answers import Asked, BadCall

MOST_PER_PAGE = 50
MOST_RESTAURANTS = 50
OPERATIONS: Mapping[str, str] = {
    "multisearch": "MultiSearchResults",
    "availability": "RestaurantsAvailability",
}
_USUAL_MINUTES = 150
_MOST_MINUTES = 1440
_STEP = 15
_REGIONS = ("NA", "EU")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d)?")
_HASH = re.compile(r"[0-9a-f]{64}")

T = TypeVar("T")


class StaleHash(Exception):
    """The platform knows no query by that hash."""


class _PersistedQuery(msgspec.Struct, frozen=True, rename="camel"):
    version: int
    sha256_hash: str = msgspec.field(name="sha256Hash")


class _Extensions(msgspec.Struct, frozen=True, rename="camel"):
    persisted_query: _PersistedQuery


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    operation_name: str
    variables: msgspec.Raw
    extensions: _Extensions


class _Variables(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    date: str
    time: str
    party_size: int
    forward_minutes: int | None = None
    backward_minutes: int | None = None


class _SearchVariables(_Variables, frozen=True, kw_only=True, rename="camel"):
    latitude: float
    longitude: float
    metro_id: int | None = None
    max_search_results: int = MOST_PER_PAGE
    skip_search_results: int = 0
    with_anytime_availability: bool = True


class _AvailabilityVariables(_Variables, frozen=True, kw_only=True, rename="camel"):
    restaurant_ids: list[int]
    database_region: str
    correlation_id: str
    restaurant_availability_tokens: list[str] = []
    require_types: list[str] = []
    forward_timeslots: int | None = None
    backward_timeslots: int | None = None
    forward_days: int = 0


class Window(msgspec.Struct, frozen=True):
    """What is asked for: a day (a proleptic ordinal), and the first and last minute of it, around `minute`."""

    day: int
    minute: int
    first: int
    last: int


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A search for restaurants as understood."""

    window: Window
    party_size: int
    skip: int
    most: int
    centre: tuple[float, float]
    metro: int | None
    anytime: bool

    def asked(self) -> Asked:
        """The query as the log keeps it."""
        day = date.fromordinal(self.window.day).isoformat()
        page = self.skip // MOST_PER_PAGE + 1
        return Asked(day=day, party_size=self.party_size, page=page, per_page=self.most)


class AvailabilityQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A question for the tables of some restaurants as understood. `types` empty: all."""

    window: Window
    party_size: int
    restaurants: tuple[int, ...]
    types: frozenset[str]
    days_more: int


_envelope = msgspec.json.Decoder(_Envelope)
_search = msgspec.json.Decoder(_SearchVariables)
_availability = msgspec.json.Decoder(_AvailabilityVariables)


def variables_of(route: str, body: bytes, opname: str | None, hashes: Mapping[str, str]) -> msgspec.Raw:
    """The variables of a call; raises BadCall, or StaleHash for a hash that is not (or no longer) known.

    `hashes` has the hash that each operation wants; one that is not listed takes any that looks like one.
    """
    envelope = _read(_envelope, body)
    operation = OPERATIONS[route]
    if opname != operation or envelope.operation_name != operation:
        raise BadCall(operationName=f"{envelope.operation_name} is not the query that was called.")
    given = envelope.extensions.persisted_query.sha256_hash
    if not _HASH.fullmatch(given) or hashes.get(operation, given) != given:
        raise StaleHash
    return envelope.variables


def read_search(variables: msgspec.Raw) -> SearchQuery:
    """Understand a search for restaurants; raises BadCall."""
    given = _read(_search, variables)
    if given.skip_search_results < 0 or given.max_search_results < 1:
        raise BadCall(skipSearchResults="Not a page.")
    return SearchQuery(
        window=_window(given, given.backward_minutes, given.forward_minutes),
        party_size=_party_size(given),
        skip=given.skip_search_results,
        most=min(MOST_PER_PAGE, given.max_search_results),
        centre=(given.latitude, given.longitude),
        metro=given.metro_id,
        anytime=given.with_anytime_availability,
    )


def read_availability(variables: msgspec.Raw) -> AvailabilityQuery:
    """Understand a question for tables; raises BadCall."""
    given = _read(_availability, variables)
    if given.database_region not in _REGIONS:
        raise BadCall(databaseRegion=f"Expected one of {', '.join(_REGIONS)}.")
    if not given.correlation_id.strip():
        raise BadCall(correlationId="Must not be empty.")
    if not 1 <= len(given.restaurant_ids) <= MOST_RESTAURANTS:
        raise BadCall(restaurantIds=f"Expected 1 to {MOST_RESTAURANTS} ids.")
    if given.restaurant_availability_tokens and len(given.restaurant_availability_tokens) != len(
        given.restaurant_ids
    ):
        raise BadCall(restaurantAvailabilityTokens="Expected one for each id, or none.")
    if not 0 <= given.forward_days <= 7:
        raise BadCall(forwardDays="Expected 0 to 7.")
    return AvailabilityQuery(
        window=_window(
            given,
            _minutes(given.backward_minutes, given.backward_timeslots),
            _minutes(given.forward_minutes, given.forward_timeslots),
        ),
        party_size=_party_size(given),
        restaurants=tuple(given.restaurant_ids),
        types=frozenset(given.require_types),
        days_more=given.forward_days,
    )


def _minutes(minutes: int | None, slots: int | None) -> int | None:
    return slots * _STEP if minutes is None and slots is not None else minutes


def _window(given: _Variables, backward: int | None, forward: int | None) -> Window:
    matched = _CLOCK.fullmatch(given.time)
    if matched is None:
        raise BadCall(time="Not a time of day.")
    try:
        day = datetime.strptime(given.date, "%Y-%m-%d").toordinal()
    except ValueError as error:
        raise BadCall(date="Not a date.") from error
    backward = _USUAL_MINUTES if backward is None else backward
    forward = _USUAL_MINUTES if forward is None else forward
    if not (0 <= backward <= _MOST_MINUTES and 0 <= forward <= _MOST_MINUTES):
        raise BadCall(forwardMinutes=f"Expected 0 to {_MOST_MINUTES}.")
    minute = int(matched[1]) * 60 + int(matched[2])
    return Window(day, minute, minute - backward, minute + forward)


def _party_size(given: _Variables) -> int:
    if not 1 <= given.party_size <= 40:
        raise BadCall(partySize="Expected 1 to 40.")
    return given.party_size


def _read(decoder: msgspec.json.Decoder[T], raw: Any) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.MsgspecError as error:
        raise BadCall(body=str(error)) from error
