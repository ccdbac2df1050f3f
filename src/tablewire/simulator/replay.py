"""Replaying a recording: each call is answered as the same call was when it was recorded."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tablewire.simulator.answers import JSON_TYPE
from tablewire.simulator.door import Reply, Trouble
from tablewire.simulator.recordings import Exchange, Recording

SCRUBBED = "***"
_VOLATILE = frozenset(
    {"correlationId", "attributionToken", "csrf", "csrfToken", "userLatitude", "userLongitude"}
)
"""Fields that are new in every call, or nobody's business."""
_TROUBLES: Mapping[str, Trouble] = {"timeout": "hung", "connection": "reset"}
_MOST_TOLD = 20

Same = tuple[str, str, str, bytes]
"""What makes two calls the same: method, path, query, body."""


class _Tape:
    """The exchanges of one and the same call, in their order; the last one again once they are used up."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self._next = 0

    def add(self, exchange: Exchange) -> None:
        self._exchanges.append(exchange)

    def play(self) -> Exchange:
        exchange = self._exchanges[min(self._next, len(self._exchanges) - 1)]
        self._next += 1
        return exchange


class Replay:
    """Answers calls from a recording."""

    def __init__(self, recording: Recording) -> None:
        self.started_at = recording.header.started_at
        self.provider = recording.header.provider
        self.count = len(recording.exchanges)
        self._volatile = _VOLATILE | {
            name for one in recording.exchanges for name in _scrubbed_fields(one.path, one.request)
        }
        self._tapes: dict[Same, _Tape] = {}
        self._told: dict[str, int] = {}
        for one in recording.exchanges:
            same = self._same(one.method, one.path, (one.request or "").encode())
            self._tapes.setdefault(same, _Tape()).add(one)
            what = f"{one.method} {one.path}"
            self._told[what] = self._told.get(what, 0) + 1

    def respond(
        self, method: str, path_and_query: str, _headers: Mapping[str, str], body: bytes | None = b""
    ) -> Reply:
        """What came of the same call: the first time its first exchange, then its second, and so on."""
        tape = self._tapes.get(self._same(method, path_and_query, body or b""))
        if tape is None:
            return self._unknown(method, path_and_query, body or b"")
        exchange = tape.play()
        return Reply(
            status=exchange.status or 0,
            content_type=(exchange.content_type or "").partition(";")[0].strip(),
            retry_after=exchange.retry_after,
            body=exchange.content(),
            trouble=None if exchange.error is None else _TROUBLES[exchange.error],
        )

    def _same(self, method: str, path_and_query: str, body: bytes) -> Same:
        path, _, query = path_and_query.partition("?")
        given = parse_qsl(query, keep_blank_values=True)
        pairs = sorted(pair for pair in given if pair[0] not in self._volatile)
        return method.upper(), path, repr(pairs), self._plain_body(body)

    def _plain_body(self, body: bytes) -> bytes:
        """The body without what is new in every call, its fields in one order."""
        try:
            value = msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return body
        return msgspec.json.encode(self._plain(value), order="deterministic")

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._plain(inner) for name, inner in value.items() if name not in self._volatile}
        if isinstance(value, list):
            return [self._plain(inner) for inner in value]
        return value

    def _unknown(self, method: str, path_and_query: str, body: bytes) -> Reply:
        """Which call the recording has no answer to, and which ones it has."""
        told = {
            "error": "the recording has no answer to this call",
            "asked": {"method": method, "path": path_and_query, "request": body.decode(errors="replace")},
            "has": dict(list(self._told.items())[:_MOST_TOLD]),
            "started_at": self.started_at,
        }
        return Reply(status=404, content_type=JSON_TYPE, body=msgspec.json.encode(told))


def _scrubbed_fields(path: str, request: str | None) -> set[str]:
    """Fields whose values were taken out of the recording: a call that has them must still be found."""
    found = {name for name, value in parse_qsl(path.partition("?")[2]) if _is_scrubbed(value)}
    try:
        value = msgspec.json.decode(request or "null")
    except (msgspec.MsgspecError, RecursionError):
        return found
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found |= {name for name, inner in one.items() if _is_scrubbed(inner)}
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found


def _is_scrubbed(value: Any) -> bool:
    if isinstance(value, list):
        return any(_is_scrubbed(one) for one in value)
    return isinstance(value, str) and SCRUBBED in value
