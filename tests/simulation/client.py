"""A client of the live stream: follows with its cursor, loses its connection now and then, and comes back."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tests.simulation.ended import Ended
from tests.simulation.loop import context_of
from tests.simulation.process import Process
from tests.simulation.records import Story

_QUERY = b"types=drop,reopened,closed"


class Connection:
    """One connection of a client: what is written arrives in order and a little later, or never."""

    def __init__(self, number: int, received: Callable[[bytes], None], dice: random.Random) -> None:
        self.closed = asyncio.Event()
        self.ended = Ended(number, self.break_off)
        self._received = received
        self._dice = dice
        self._gone = asyncio.Event()
        self._under_way: deque[bytes] = deque()

    async def receive(self) -> dict[str, Any]:
        """What the server hears of the client: that it is gone."""
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Take a part of the answer."""
        body = message.get("body")
        if body and not self.closed.is_set():
            self._under_way.append(body)
            loop = asyncio.get_running_loop()
            loop.call_later(self._dice.choice((0.0, 0.05, 0.5)), self._deliver, context=context_of(None))

    def break_off(self) -> None:
        """It breaks; what is under way is lost."""
        self._under_way.clear()
        self.closed.set()
        self._gone.set()

    def _deliver(self) -> None:
        if self._under_way:
            self._received(self._under_way.popleft())


class Client:
    """One client, which wants to hear everything from its first connection on."""

    def __init__(
        self,
        number: int,
        processes: Callable[[], list[Process]],
        story: Story,
        dice: random.Random,
        *,
        lines: bool,
        stays: float,
    ) -> None:
        """`lines`: it reads lines of JSON, else server-sent events. `stays` is how many seconds it holds a connection, on average."""
        self.number = number
        self.first: int | None = None
        """The cursor with which it was let in first."""
        self.heard: list[int] = []
        self.cursor: int | None = None
        self._processes = processes
        self._story = story
        self._dice = dice
        self._lines = lines
        self._stays = stays
        self._buffer = b""
        self._connections = 0

    async def follow(self) -> None:
        """Follow for ever."""
        while True:
            ready = self._processes()
            if ready:
                await self._connect(self._dice.choice(ready))
            await asyncio.sleep(self._dice.uniform(0.01, 5.0 if ready else 20.0))

    async def _connect(self, process: Process) -> None:
        self._connections += 1
        self._buffer = b""
        connection = Connection(self.number * 10**6 + self._connections, self._take, self._dice)
        headers = [(b"accept", b"application/x-ndjson" if self._lines else b"text/event-stream")]
        if self.cursor is not None:
            headers.append((b"last-event-id", b"%d" % self.cursor))
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/feed/stream",
            "query_string": _QUERY,
            "headers": headers,
            "state": {"client": f"client {self.number}"},  # as the gate leaves it
        }
        process.serve(scope, connection.receive, connection.send, connection.ended)
        try:
            async with asyncio.timeout(self._dice.expovariate(1 / self._stays)):
                await connection.closed.wait()
        except TimeoutError:
            connection.break_off()

    # --- what comes

    def _take(self, data: bytes) -> None:
        self._buffer += data
        end = b"\n" if self._lines else b"\n\n"
        *frames, self._buffer = self._buffer.split(end)
        for frame in frames:
            self._take_frame(frame)

    def _take_frame(self, frame: bytes) -> None:
        if self._lines:
            told = msgspec.json.decode(frame)
            kind, place = told["event"], told["id"]
        else:
            fields = dict(line.partition(b": ")[::2] for line in frame.split(b"\n"))
            kind = fields.get(b"event", b"ping").decode()
            place = fields.get(b"id")
        id = None if place is None else int(place)
        if kind == "reset":
            self._wrong(f"was told to start over: {frame!r}")
        elif kind in ("drop", "reopened", "closed"):
            self._hear(kind, id)
        elif id is not None:
            self._move(kind, id)

    def _hear(self, kind: str, id: int | None) -> None:
        if id is None or self.cursor is None or id != self.cursor + 1:
            self._wrong(f"heard {kind} {id} at {self.cursor}")
        if id is not None:
            self.heard.append(id)
            self.cursor = id

    def _move(self, kind: str, id: int) -> None:
        if self.first is None:
            self.first = self.cursor = id
        elif id != self.cursor:
            self._wrong(f"{kind} puts it at {id}, and it has heard up to {self.cursor}")
            self.cursor = id

    def _wrong(self, what: str) -> None:
        self._story.wrong.append(f"client {self.number} {what}")
