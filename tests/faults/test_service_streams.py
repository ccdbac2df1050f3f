"""Readers come, go, and fall behind: they leave nothing behind, hold nobody up, and miss nothing."""

import asyncio
import gc
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from tablewire.app import Service
from tablewire.serving import serve
from tablewire.settings import Settings
from tablewire.storage.memory import MemoryStore
from tablewire.telemetry import Metrics
from tests.faults.service import HANG, until
from tests.unit.live.doubles import Server, World, parse_frame, serving

AT_ONCE = 25
BYTES_A_CONNECTION = 100
"""More than this for each connection that is over would be a leak; measured: below 10."""


@asynccontextmanager
async def a_service_in_this_loop() -> AsyncIterator[tuple[Service, int]]:
    """A whole service over a store in memory, and its port."""
    settings = Settings.load({"TABLEWIRE_PORT": "0", "TABLEWIRE_MAX_STREAMS_PER_CLIENT": "1000"})
    service = Service(settings, MemoryStore(), {}, Metrics(version="0.1.0", demo=False))
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(settings, service, stop, address.set_result), name="service")
    try:
        await asyncio.wait({task, address}, timeout=HANG, return_when=asyncio.FIRST_COMPLETED)
        yield service, int(urlsplit(address.result()).port or 0)
    finally:
        stop.set()
        assert await asyncio.wait_for(task, HANG) == 0
        gc.unfreeze()


async def come_and_go(port: int, times: int) -> None:
    """Open that many streams, some at a time, and leave each once it has begun."""
    for _ in range(times // AT_ONCE):
        await asyncio.gather(*(_come_and_go(port) for _ in range(AT_ONCE)))


async def _come_and_go(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /feed/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await asyncio.wait_for(reader.readuntil(b"event: hello"), HANG)
    writer.transport.abort()


async def nothing_stays_behind(connects: int) -> None:
    async with a_service_in_this_loop() as (service, port):

        async def settled() -> tuple[set[str], int]:
            await until(lambda: service.hub.stats().streams == 0, "all streams are over")
            await until(lambda: len(asyncio.all_tasks()) <= len(idle), "all tasks are over")
            gc.collect()
            return {task.get_name() for task in asyncio.all_tasks()}, tracemalloc.get_traced_memory()[0]

        idle = asyncio.all_tasks()
        tracemalloc.start()
        try:
            # What is made once, such as caches and the log of requests, is there after the first ones.
            await come_and_go(port, 200)
            tasks, used = await settled()
            await come_and_go(port, connects)
            tasks_after, used_after = await settled()
        finally:
            tracemalloc.stop()
        assert tasks_after == tasks
        assert used_after - used < connects * BYTES_A_CONNECTION


async def test_a_thousand_connects_and_disconnects_leave_nothing_behind() -> None:
    await nothing_stays_behind(1_000)


@pytest.mark.soak
async def test_twenty_thousand_connects_and_disconnects_leave_nothing_behind() -> None:
    await nothing_stays_behind(20_000)


async def test_a_slow_reader_is_cut_and_comes_back_and_misses_nothing() -> None:
    world = World()
    await world.hub.start()
    async with serving(world) as server, server.stream() as quick:
        last = await quick.frame()
        slow = await asyncio.to_thread(dawdler, server)
        try:
            while not world.hub.stats().slow_dropped:
                await world.drop(100)
                for _ in range(100):
                    last = await quick.frame()
                assert world.log.last_id < 100_000, "nobody was cut"
            seen = await asyncio.to_thread(what_it_got, slow)
        finally:
            slow.close()
        assert 0 < len(seen) < world.log.last_id
        async with server.stream(last_event_id=seen[-1]) as back:
            await back.frame()
            while seen[-1] != last.id:
                seen.append(str((await back.frame()).id))
        assert seen == [str(number) for number in range(1, world.log.last_id + 1)]
        assert world.hub.stats().slow_dropped == 1


def dawdler(server: Server) -> socket.socket:
    """A client with a small receive buffer that has opened a stream, and reads nothing after its head."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.settimeout(HANG)
    client.connect(("127.0.0.1", server.port))
    client.sendall(b"GET /feed/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    head = b""
    while b"event: hello" not in head:
        head += client.recv(64)
    return client


def what_it_got(client: socket.socket) -> list[str]:
    """The ids of the events that reached it whole before it was cut."""
    raw = b""
    try:
        while some := client.recv(65_536):
            raw += some
    except ConnectionResetError:
        pass
    # Frames do not care for the chunks they come in: one chunk holds one or more of them, whole.
    frames = [part.partition(b"id: ")[1:] for part in raw.split(b"\n\n")[1:-1]]
    return [str(parse_frame((mark + rest).decode()).id) for mark, rest in frames if b"event: drop" in rest]
