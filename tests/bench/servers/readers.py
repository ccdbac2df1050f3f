"""Subscribers: many connections that count the events that reach them, in one process with one epoll."""

import select
import socket
import sys
import time
from typing import Any

import msgspec

from tests.bench.children import answer, raise_file_limit

MARK = b"~"
"""Stands once in every event, and nowhere else in what a server sends."""
_AT_ONCE = 200


class Readers:
    """The connections and what has reached them."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._counts: dict[int, int] = {}
        self._buffer = bytearray(1 << 18)
        self.lost = 0

    def connect(self, port: int, paths: list[str], count: int) -> int:
        """Open so many streams, and wait until each has been greeted."""
        for start in range(0, count, _AT_ONCE):
            fresh = []
            for number in range(start, min(count, start + _AT_ONCE)):
                one = socket.create_connection(("127.0.0.1", port), timeout=30)
                path = paths[number % len(paths)]
                one.sendall(
                    f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n".encode()
                )
                fresh.append(one)
            for one in fresh:
                self._await_greeting(one)
        return len(self._sockets)

    def _await_greeting(self, one: socket.socket) -> None:
        seen = b""
        while b"hello" not in seen:
            data = one.recv(65_536)
            if not data:
                raise ConnectionError(f"no stream: {seen[:200]!r}")
            seen += data
        one.setblocking(False)
        self._sockets[one.fileno()] = one
        self._counts[one.fileno()] = 0
        self._poll.register(one.fileno(), select.EPOLLIN)

    def wait(self, marks: int, patience: float) -> dict[str, Any]:
        """Read until every connection has had so many events; when the last came, and when each did."""
        buffer, counts, sockets = self._buffer, self._counts, self._sockets
        waiting = len(sockets)
        arrivals: list[list[float]] = [[] for _ in range(marks)]
        deadline = time.monotonic() + patience
        finished = time.monotonic()
        while waiting and time.monotonic() < deadline:
            for handle, _ in self._poll.poll(1.0, 512):
                try:
                    size = sockets[handle].recv_into(buffer)
                except BlockingIOError:
                    continue
                if not size:
                    self._lose(handle)
                    waiting -= 1
                    continue
                fresh = buffer.count(MARK, 0, size)
                if not fresh:
                    continue
                at = time.monotonic()
                before = counts[handle]
                counts[handle] = before + fresh
                for number in range(before, min(before + fresh, marks)):
                    arrivals[number].append(at)
                if before + fresh == marks:
                    waiting -= 1
                    finished = at
        short = waiting
        self._counts = dict.fromkeys(counts, 0)
        return {"finished": finished, "short": short, "lost": self.lost, "arrivals": arrivals}

    def _lose(self, handle: int) -> None:
        self._poll.unregister(handle)
        self._sockets.pop(handle).close()
        del self._counts[handle]
        self.lost += 1


def main() -> None:
    """Obey until the parent closes the line."""
    readers = Readers()
    answer({"files": raise_file_limit()})
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line)
        try:
            if order["order"] == "connect":
                answer({"open": readers.connect(order["port"], order["paths"], order["count"])})
            else:
                found = readers.wait(order["marks"], order.get("patience", 60.0))
                if not order.get("each"):
                    del found["arrivals"]
                answer(found)
        except Exception as error:  # noqa: BLE001 - the edge of the loop: the parent is told
            answer({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
