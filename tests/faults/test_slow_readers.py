"""Readers that do not read: they are cut, and nobody else notices."""

import asyncio
import socket

import pytest

from tablewire.live.audience import StreamLimits
from tests.unit.live.doubles import Server, World, serving, until


def lazy(server: Server, path: str) -> socket.socket:
    """A client with the smallest receive buffer, which sends its request and then reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.connect(("127.0.0.1", server.port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return client


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "plain"])
async def test_a_reader_that_stops_reading_is_cut_and_the_others_miss_nothing(direct: bool) -> None:
    world = World(limits=StreamLimits(buffer_bytes=256 * 1024))
    await world.hub.start()
    async with serving(world, direct=direct) as server, server.stream() as quick:
        await quick.frame()
        slow = lazy(server, "/feed/stream")
        try:
            await until(
                lambda: (
                    sum(len(s) for g in world.hub._audience.groups.values() for s in g.lanes.values()) == 2
                )
            )
            told = 0
            # What the kernel takes for the client counts for nobody; whatever it is, there is an end to it.
            while not world.hub.stats().slow_dropped:
                await world.drop(100)
                for _ in range(100):
                    told += 1
                    assert (await quick.frame()).id == str(told)
                assert told < 100_000
            await until(lambda: world.hub.stats().streams == 1)
        finally:
            slow.close()


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "plain"])
async def test_a_replay_waits_for_its_reader_and_is_not_cut(direct: bool) -> None:
    world = World(limits=StreamLimits(buffer_bytes=64 * 1024), ring_size=64)
    world.log.store(6_000)
    await world.hub.start()
    async with serving(world, direct=direct) as server, server.stream("/feed/stream?since=0") as client:
        await client.frame()
        await asyncio.sleep(0.2)  # the reader dawdles; nothing is waited for
        assert world.hub.stats().slow_dropped == 0
        for number in range(1, 6_001):
            assert (await client.frame()).id == str(number)
