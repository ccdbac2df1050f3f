"""Python's limit: a bare uvloop protocol that writes one bytes object to everybody who has connected."""

import asyncio
import time
from typing import Any, ClassVar, cast

import uvloop

from tablewire.live.sse import SSE, Entry
from tests.bench.children import obey, raise_file_limit
from tests.bench.things import burst_of

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: hello\ndata: {}\n\n"


class Everybody(asyncio.Protocol):
    """One connection; all of them are in `transports`."""

    transports: ClassVar[set[asyncio.Transport]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember it."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class

    def data_received(self, data: bytes) -> None:
        """Greet it."""
        self._transport.write(_HEAD)
        self.transports.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.transports.discard(self._transport)


async def burst(order: dict[str, Any]) -> Any:
    """Publish so many events, one after the other."""
    cpu, times = time.process_time(), []
    begin = time.monotonic()
    for number, one in enumerate(burst_of(order, 1)):
        if order.get("pause"):
            await asyncio.sleep(begin + number * order["pause"] - time.monotonic())
        times.append(time.monotonic())
        frame = SSE.event(Entry(one))
        for transport in Everybody.transports:
            transport.write(frame)
        await asyncio.sleep(0)
    return {"times": times, "cpu": time.process_time() - cpu}


async def main() -> None:
    """Listen, and obey."""
    raise_file_limit()
    server = await asyncio.get_running_loop().create_server(Everybody, "127.0.0.1", 0, backlog=4096)
    await obey({"burst": burst}, port=server.sockets[0].getsockname()[1])
    for transport in list(Everybody.transports):
        transport.abort()
    server.close()


if __name__ == "__main__":
    uvloop.run(main())
