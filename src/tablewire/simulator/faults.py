"""Misbehaviour on request: which call goes wrong, and how."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal, get_args

import msgspec

from tablewire.simulator.local_time import instant_text
from tablewire.simulator.routes import OPENTABLE, PROVIDER_OF, RESY, ROUTES

FaultKind = Literal[
    "rate_limited", "error_500", "error_502", "error_503", "unauthorized_json", "block_419", "block_403", "block_200",
    "soft_block", "soft_block_no_hits", "cut_json", "slow_body", "hung_body", "reset", "malformed_hit",
    "malformed_slot", "changed_types", "missing_availability", "drifting_pages", "silent", "null_data", "stale_hash",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(FaultKind)
SLOW_SECONDS = 5.0
"""How long a slow body takes, where the rule does not say."""
_FITS: Mapping[str, frozenset[str]] = {
    "soft_block": frozenset({"search", "availability"}),
    "soft_block_no_hits": frozenset({"search", "multisearch", "availability"}),
    "malformed_hit": frozenset({"search", "multisearch", "availability"}),
    "malformed_slot": frozenset({"search", "availability"}),
    "changed_types": frozenset({"search", "multisearch", "availability"}),
    "missing_availability": frozenset({"search", "availability"}),
    "drifting_pages": frozenset({"search", "multisearch"}),
    "unauthorized_json": frozenset(ROUTES[RESY]),
    "block_419": frozenset(ROUTES[RESY]),
    "null_data": frozenset(ROUTES[OPENTABLE]),
    "stale_hash": frozenset(ROUTES[OPENTABLE]),
}
"""The routes that a kind can strike; a kind that is not listed strikes all."""
SPOILS_ANSWERS = frozenset(
    {
        "soft_block", "soft_block_no_hits", "malformed_hit", "malformed_slot", "changed_types", "missing_availability",
        "drifting_pages",
    }
)  # fmt: skip
"""Kinds that change something within an answer that is otherwise whole."""
NAMES_OF_ROUTES = (*PROVIDER_OF, *ROUTES, "*")
_FIELDS = ("route", "kind", "share", "from", "until", "seconds")


class FaultError(ValueError):
    """A rule that makes no sense; the message names the field, its value and what is allowed."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(f"{field}={value!r}: allowed are {allowed}")
        self.field = field


class FaultRule(msgspec.Struct, kw_only=True, frozen=True):
    """One way to misbehave. Of the calls to `route` between two instants, `share` (0 to 1) are struck.

    `route` may also be a platform, for all its routes, or "*" for all there are; a route that the kind makes no sense for
    is never struck.

    `starts` and `until` are aware times, None for no bound. `seconds` is how long a slow body takes (5 by default), or
    the Retry-After of a refusal (1 by default).
    """

    route: str = "*"
    kind: FaultKind
    share: float = 1.0
    starts: datetime | None = None
    until: datetime | None = None
    seconds: float | None = None

    def meets(self, route: str, now: float) -> bool:
        """Whether a call to the route at that instant falls under this rule."""
        if not _strikes(self.kind, self.route, route):
            return False
        if self.starts is not None and now < self.starts.timestamp():
            return False
        return self.until is None or now < self.until.timestamp()

    def shown(self) -> dict[str, Any]:
        """The rule as it stands in `GET /_faults`."""
        return {
            "route": self.route,
            "kind": self.kind,
            "share": self.share,
            "from": None if self.starts is None else instant_text(self.starts.timestamp()),
            "until": None if self.until is None else instant_text(self.until.timestamp()),
            "seconds": self.seconds,
        }


class Faults:
    """The rules in force, and the seeded dice that decide."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"faults {seed}")
        self._rules: tuple[FaultRule, ...] = ()

    @property
    def rules(self) -> tuple[FaultRule, ...]:
        """The rules in force, in the order in which they are tried."""
        return self._rules

    def set(self, rules: Sequence[FaultRule | Mapping[str, Any]]) -> None:
        """Replace all rules; raises FaultError, and then nothing has changed."""
        read = [rule.shown() if isinstance(rule, FaultRule) else rule for rule in rules]
        self._rules = tuple(read_rule(rule) for rule in read)

    def clear(self) -> None:
        """Behave again."""
        self._rules = ()

    def strike(self, route: str, now: float) -> FaultRule | None:
        """The rule that strikes this call, or None: the first, in order, whose dice fall so."""
        for rule in self._rules:
            if rule.meets(route, now) and self._rng.random() < rule.share:
                return rule
        return None

    @property
    def dice(self) -> random.Random:
        """For whoever must choose what exactly to spoil."""
        return self._rng


def kinds_of(provider: str) -> tuple[str, ...]:
    """The kinds that can strike some route of a platform."""
    return tuple(kind for kind in KINDS if any(_fits(kind, route) for route in ROUTES[provider]))


def _fits(kind: str, route: str) -> bool:
    routes = _FITS.get(kind)
    return routes is None or route in routes


@cache
def _strikes(kind: str, named: str, route: str) -> bool:
    return named in ("*", route, PROVIDER_OF[route]) and _fits(kind, route)


def read_rule(raw: object) -> FaultRule:
    """Read a rule as `PUT /_faults` takes it; raises FaultError."""
    if not isinstance(raw, Mapping):
        raise FaultError("rule", raw, "objects")
    for field in raw:
        if field not in _FIELDS:
            raise FaultError("field", field, ", ".join(_FIELDS))
    route, kind = raw.get("route", "*"), raw.get("kind")
    if route not in NAMES_OF_ROUTES:
        raise FaultError("route", route, ", ".join(NAMES_OF_ROUTES))
    if kind not in KINDS:
        raise FaultError("kind", kind, ", ".join(KINDS))
    if not any(_strikes(kind, route, one) for one in PROVIDER_OF):
        raise FaultError("route", route, f"{', '.join(sorted(_FITS[kind]))} and * with kind={kind!r}")
    return FaultRule(
        route=route,
        kind=kind,
        share=_number("share", raw.get("share", 1.0), 1.0),
        starts=_moment("from", raw.get("from")),
        until=_moment("until", raw.get("until")),
        seconds=None if raw.get("seconds") is None else _number("seconds", raw["seconds"], 3600.0),
    )


def _number(field: str, value: object, most: float) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0.0 <= value <= most:
        return float(value)
    raise FaultError(field, value, f"numbers from 0 to {most:g}")


def _moment(field: str, value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise FaultError(field, value, "RFC 3339 instants, such as 2026-11-21T19:00:00Z") from error
    if moment.tzinfo is None:
        raise FaultError(field, value, "instants with a zone, such as 2026-11-21T19:00:00Z")
    return moment
