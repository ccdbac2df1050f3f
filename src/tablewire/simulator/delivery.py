"""How an answer leaves: whole, slowly, in part, or not at all."""

import asyncio
import contextlib
import gzip
import socket
import struct

from aiohttp import web

from tablewire.simulator.answers import Answer
from tablewire.simulator.faults import SLOW_SECONDS, FaultRule

_PIECES = 10
_GZIP_LEVEL = 1


class NeverSent(Exception):
    """The connection was cut or held on purpose; there is nothing more to send."""


async def deliver(
    request: web.Request, answer: Answer, rule: FaultRule | None, *, compress: bool
) -> web.StreamResponse:
    """Send the answer as the fault asks for. Raises NeverSent where not all of it went out."""
    headers = dict(answer.headers)
    body = answer.body
    if compress and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body, _GZIP_LEVEL)
        headers["Content-Encoding"] = "gzip"
    match rule.kind if rule is not None else None:
        case "reset":
            _reset(request)
            raise NeverSent
        case "silent":
            await asyncio.Event().wait()  # until the caller gives up or the server stops: both cancel
            raise NeverSent
        case "slow_body":
            seconds = rule.seconds if rule is not None and rule.seconds is not None else SLOW_SECONDS
            return await _slowly(request, answer, headers, body, seconds)
        case "hung_body":
            await _begin(request, answer, headers, body)
            await asyncio.Event().wait()  # until the caller gives up or the server stops: both cancel
            raise NeverSent
        case _:
            headers["Content-Type"] = f"{answer.content_type}; charset=utf-8"
            response = web.Response(status=answer.status, body=body, headers=headers)
            await response.prepare(request)
            await response.write_eof()
            return response


async def _begin(
    request: web.Request, answer: Answer, headers: dict[str, str], body: bytes
) -> web.StreamResponse:
    """Promise the whole body and send a first part of it."""
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_type = answer.content_type
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // _PIECES])
    return response


async def _slowly(
    request: web.Request, answer: Answer, headers: dict[str, str], body: bytes, seconds: float
) -> web.StreamResponse:
    response = await _begin(request, answer, headers, body)
    sent = len(body) // _PIECES
    for piece in range(2, _PIECES + 1):
        await asyncio.sleep(seconds / (_PIECES - 1))
        upto = len(body) if piece == _PIECES else len(body) * piece // _PIECES
        await response.write(body[sent:upto])
        sent = upto
    await response.write_eof()
    return response


def _reset(request: web.Request) -> None:
    """Drop the connection so that the caller sees a reset, not an end."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
