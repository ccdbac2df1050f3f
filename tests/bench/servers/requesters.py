"""Clients of pages: connections that ask again as soon as they are answered, in one process with one epoll."""

import re
import select
import socket
import sys
import time
from typing import Any

import msgspec

from tests.bench.children import answer, raise_file_limit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class _Asker:
    """One connection."""

    __slots__ = ("left", "socket", "started")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = 0
        self.started = 0.0


def ask(port: int, paths: list[str], connections: int, seconds: float) -> dict[str, Any]:
    """Ask for the paths in turn over so many connections for so long."""
    questions = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode() for path in paths]
    poll, askers = select.epoll(), {}
    number, done, size, times = 0, 0, 0, list[float]()
    for _ in range(connections):
        one = _Asker(port)
        askers[one.socket.fileno()] = one
        poll.register(one.socket.fileno(), select.EPOLLIN)
        one.started = time.monotonic()
        one.socket.sendall(questions[number % len(questions)])
        number += 1
    begin = time.monotonic()
    end = begin + seconds
    now = begin
    while now < end:
        events = poll.poll(5.0, 256)
        if not events:
            raise TimeoutError("no answer within 5 s")
        for handle, _ in events:
            one = askers[handle]
            data = one.socket.recv(262_144)
            if not data:
                raise ConnectionError("the server closed a connection")
            if one.left:
                one.left -= len(data)
            else:
                one.left = _left(data)
            size += len(data)
            now = time.monotonic()
            if one.left == 0:
                done += 1
                times.append(now - one.started)
                one.started = now
                one.socket.sendall(questions[number % len(questions)])
                number += 1
    for one in askers.values():
        one.socket.close()
    poll.close()
    times.sort()
    return {
        "per_second": done / (now - begin),
        "bytes": size / max(1, done),
        "p99": times[int(len(times) * 0.99)] if times else 0.0,
    }


def _left(data: bytes) -> int:
    """How many bytes of an answer are still to come, by its head."""
    head, found, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if not found or length is None or not head.startswith(b"HTTP/1.1 200"):
        raise ValueError(f"no answer: {data[:200]!r}")
    return int(length[1]) - len(body)


def main() -> None:
    """Obey until the parent closes the line."""
    answer({"files": raise_file_limit()})
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line)
        try:
            answer(ask(order["port"], order["paths"], order["connections"], order["seconds"]))
        except Exception as error:  # noqa: BLE001 - the edge of the loop: the parent is told
            answer({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
