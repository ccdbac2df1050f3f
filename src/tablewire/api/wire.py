"""The short way of a frame: written to the client's transport itself, past ASGI, as an HTTP/1.1 chunk."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from litestar.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

EXTENSION: Final = "tablewire.wire"


def http_chunk(data: bytes) -> bytes:
    """Bytes as one chunk of a chunked HTTP/1.1 body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


class Wire:
    """The transport behind one request, and how to wake the handler that waits on `receive`."""

    __slots__ = ("_protocol", "transport")

    def __init__(self, protocol: "WireProtocol") -> None:
        self._protocol = protocol
        self.transport: asyncio.Transport = protocol.transport

    @property
    def lost(self) -> bool:
        """Whether the client is gone."""
        return self.transport.is_closing()

    def wake(self) -> None:
        """Let a pending `receive` return."""
        cycle: RequestResponseCycle | None = self._protocol.cycle
        if cycle is not None:
            cycle.message_event.set()


class WireProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also hands its transport to the application: `uvicorn.Config(http=WireProtocol)`."""

    def on_message_begin(self) -> None:
        """A request begins: its scope carries the wire."""
        super().on_message_begin()
        # The server only passes it on: what an extension holds is between the two ends.
        self.scope["extensions"] = cast("dict[str, dict[object, object]]", {EXTENSION: Wire(self)})


def wire_of(scope: Scope) -> Wire | None:
    """The wire of a request, where its server has one and its answer is chunked HTTP/1.1."""
    if scope.get("http_version") != "1.1" or scope.get("method") != "GET":
        return None
    extensions: dict[str, Any] = scope.get("extensions") or {}
    found = extensions.get(EXTENSION)
    return found if isinstance(found, Wire) else None


class WireSink:
    """A sink that is a transport. The answer's head has to be sent, chunked, before anything is written."""

    __slots__ = ("_wire", "buffered", "over", "write")

    framing: Final = staticmethod(http_chunk)

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.write: Callable[[bytes], object] = wire.transport.write
        self.buffered: Callable[[], int] = wire.transport.get_write_buffer_size
        self.over = False
        """Whether the answer is to be ended."""

    @property
    def lost(self) -> bool:
        """Whether the client is gone."""
        return self._wire.lost

    def end(self) -> None:
        """Let the handler end the answer."""
        self.over = True
        self._wire.wake()

    def abort(self) -> None:
        """Cut the connection."""
        self.over = True
        self._wire.transport.abort()
