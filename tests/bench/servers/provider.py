"""A provider that answers every search after a fixed time, with pages that were made and packed beforehand."""

import asyncio
import gzip
import re
from datetime import date
from typing import Any, cast

import msgspec
import uvloop

from tests.bench.children import obey, options
from tests.bench.city import page

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class _Filter(msgspec.Struct):
    day: date


class _Question(msgspec.Struct):
    page: int
    slot_filter: _Filter


class Provider:
    """The pages, and which generation of them is shown."""

    def __init__(self, *, latency: float, total: int, few: bool = False) -> None:
        self.latency = latency
        self.total = total
        self.few = few
        self.generation = 0
        self._packed: dict[tuple[date, int, int], bytes] = {}

    async def show(self, order: dict[str, Any]) -> Any:
        """Show a generation from now on, and make its pages of a day if one is named."""
        self.generation = order["generation"]
        days = [date.fromisoformat(day) for day in order.get("days", [])]
        sizes = [len(self.answer(day, number)) for day in days for number in range(1, self.total + 1)]
        return {"bytes": sizes}

    def answer(self, day: date, number: int) -> bytes:
        """A whole HTTP answer."""
        key = (day, number, self.generation)
        if key not in self._packed:
            if len(self._packed) > 600:
                self._packed.clear()
            body = gzip.compress(page(day, number, self.total, self.generation, few=self.few), 5)
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
            self._packed[key] = head % len(body) + body
        return self._packed[key]


class Line(asyncio.Protocol):
    """One connection: question, pause, answer."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember it."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class

    def data_received(self, data: bytes) -> None:
        """Answer once the question is whole."""
        self._seen += data
        head, end, body = self._seen.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or length is None or len(body) < int(length[1]):
            return
        self._seen = b""
        asked = msgspec.json.decode(body, type=_Question)
        answer = self._provider.answer(asked.slot_filter.day, asked.page)
        if self._provider.latency:
            asyncio.get_running_loop().call_later(self._provider.latency, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def main() -> None:
    """Listen, and obey."""
    given = options()
    provider = Provider(latency=given.get("latency", 0.0), total=given["total"], few=given.get("few", False))
    server = await asyncio.get_running_loop().create_server(lambda: Line(provider), "127.0.0.1", 0)
    await obey({"show": provider.show}, port=server.sockets[0].getsockname()[1])
    server.close()


if __name__ == "__main__":
    uvloop.run(main())
