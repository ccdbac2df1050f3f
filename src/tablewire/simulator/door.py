"""The in-process door: calls to the wires without sockets, through the very same desk."""

import asyncio
from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qsl

import msgspec

from tablewire.simulator.answers import Answer, Call
from tablewire.simulator.desk import Desk, Taken
from tablewire.simulator.faults import SLOW_SECONDS, FaultRule

Trouble = Literal["reset", "hung"]
_REASONS = {404: b"404: Not Found", 405: b"405: Method Not Allowed"}
_TROUBLES: Mapping[str, Trouble] = {"reset": "reset", "hung_body": "hung", "silent": "hung"}


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a call.

    With `trouble` nothing whole ever comes: the connection is reset, or hangs until the caller gives up. `slow` is how many
    seconds the body takes.
    """

    status: int
    content_type: str
    retry_after: str | None = None
    body: bytes
    trouble: Trouble | None = None
    slow: float = 0.0


class Door:
    """Answers calls of the same process."""

    def __init__(self, desk: Desk, latency: float = 0.0) -> None:
        self._desk = desk
        self._latency = latency

    def respond(
        self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None = b""
    ) -> Reply:
        """Answer a call at once, by the clock as it stands.

        A slow body is noted as delivered at once, too: whoever wants to give one up in the middle uses `exchange`.
        """
        taken = self._take(method, path_and_query, headers, body)
        if isinstance(taken, int):
            return _no_such(taken)
        answer, rule = self._desk.answer(taken)
        reply = _reply(answer, rule)
        if reply.trouble is None:
            self._desk.finished(taken, answer)
        return reply

    async def exchange(
        self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None = b""
    ) -> Reply:
        """Answer a call as HTTP would: after the latency, slowly, or never.

        Raises ConnectionResetError for a reset. Cancelled before the end, nothing was delivered.
        """
        taken = self._take(method, path_and_query, headers, body)
        if isinstance(taken, int):
            return _no_such(taken)
        if self._latency:
            await asyncio.sleep(self._latency)
        answer, rule = self._desk.answer(taken)
        reply = _reply(answer, rule)
        if reply.trouble == "reset":
            raise ConnectionResetError("the make-believe city reset the connection")
        if reply.trouble == "hung":
            await asyncio.Event().wait()
        if reply.slow:
            await asyncio.sleep(reply.slow)
        self._desk.finished(taken, answer)
        return reply

    def _take(
        self, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes | None
    ) -> Taken | int:
        path, _, query = path_and_query.partition("?")
        call = Call(
            method,
            dict(parse_qsl(query, keep_blank_values=True)) if query else {},
            body or b"",
            _header(headers, "User-Agent"),
            _header(headers, "Authorization"),
            _header(headers, "X-CSRF-Token"),
        )
        return self._desk.take(path, call)


def _header(headers: Mapping[str, str], name: str) -> str:
    """A header by its name; capitals do not matter."""
    value = headers.get(name)
    if value is None:
        small = name.lower()
        value = headers.get(small)
        if value is None:
            return next((found for key, found in headers.items() if key.lower() == small), "")
    return value


def _reply(answer: Answer, rule: FaultRule | None) -> Reply:
    kind = None if rule is None else rule.kind
    slow = 0.0
    if rule is not None and kind == "slow_body":
        slow = SLOW_SECONDS if rule.seconds is None else rule.seconds
    return Reply(
        status=answer.status,
        content_type=answer.content_type,
        retry_after=answer.headers.get("Retry-After"),
        body=answer.body,
        trouble=None if kind is None else _TROUBLES.get(kind),
        slow=slow,
    )


def _no_such(status: int) -> Reply:
    return Reply(status=status, content_type="text/plain", body=_REASONS[status])
