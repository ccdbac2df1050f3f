"""`GET /feed/stream` over a real socket, on the short way and over plain ASGI."""

import asyncio
import gc

import pytest

from tablewire.live.audience import StreamLimits
from tests.unit.live.doubles import StreamClient, World, serving, until

BOTH_WAYS = pytest.mark.parametrize("direct", [True, False], ids=["direct", "plain"])


async def world(count: int = 0, limits: StreamLimits | None = None, ring_size: int = 4_096) -> World:
    made = World(limits=limits, ring_size=ring_size)
    made.log.store(count)
    await made.hub.start()
    return made


async def drops(client: StreamClient, count: int) -> list[str | None]:
    found: list[str | None] = []
    while len(found) < count:
        frame = await client.frame()
        if frame.event == "drop":
            found.append(frame.id)
    return found


@BOTH_WAYS
async def test_hello_comes_first_with_the_place_and_when_to_come_back(direct: bool) -> None:
    async with serving(await world(3), direct=direct) as server, server.stream() as client:
        hello = await client.frame()
        assert (hello.event, hello.id, hello.retry) == ("hello", "3", 2_000)
        assert list(hello.data) == ["cursor", "server_time", "next_scan_at", "demo"]
        assert client.headers["content-type"].startswith("text/event-stream")
        assert client.headers["cache-control"] == "no-store"
        assert client.headers["x-accel-buffering"] == "no"


@BOTH_WAYS
async def test_a_stream_without_a_cursor_starts_now(direct: bool) -> None:
    rooms = await world(3)
    async with serving(rooms, direct=direct) as server, server.stream() as client:
        await client.frame()
        await until(lambda: rooms.hub._audience.groups)
        await rooms.drop(2)
        assert await drops(client, 2) == ["4", "5"]


@BOTH_WAYS
@pytest.mark.parametrize("ring_size", [4_096, 8])
async def test_a_stream_with_a_cursor_replays_and_goes_over_into_live(direct: bool, ring_size: int) -> None:
    rooms = await world(500, ring_size=ring_size)
    async with serving(rooms, direct=direct) as server, server.stream("/feed/stream?since=100") as client:
        await rooms.drop(5)
        assert await drops(client, 405) == [str(number) for number in range(101, 506)]


async def test_the_header_of_a_browser_wins_over_the_parameter() -> None:
    wanted = {"path": "/feed/stream?since=1", "Last_Event_ID": "7"}
    async with serving(await world(9)) as server, server.stream(**wanted) as client:
        assert (await client.frame()).id == "7"
        assert await drops(client, 2) == ["8", "9"]


@BOTH_WAYS
@pytest.mark.parametrize(("cursor", "reason"), [("10", "ahead"), ("x", "bad"), ("2", "too_old")])
async def test_a_cursor_that_cannot_be_resumed_is_a_reset(direct: bool, cursor: str, reason: str) -> None:
    rooms = await world(9)
    rooms.log.forget_below(5)
    await rooms.hub.catch_up()
    async with (
        serving(rooms, direct=direct) as server,
        server.stream(f"/feed/stream?since={cursor}") as client,
    ):
        await client.frame()
        reset = await client.frame()
        assert reset.event == "reset"
        assert reset.data == {"reason": reason, "oldest_cursor": "4", "cursor": "9"}
        await until(lambda: rooms.hub._audience.groups)
        await rooms.drop()
        assert await drops(client, 1) == ["10"]


@BOTH_WAYS
async def test_lines_of_json_say_the_same(direct: bool) -> None:
    wanted = {"path": "/feed/stream?since=1", "Accept": "application/x-ndjson"}
    async with serving(await world(2), direct=direct) as server, server.stream(**wanted) as client:
        assert client.headers["content-type"] == "application/x-ndjson"
        hello, drop = await client.line(), await client.line()
        assert (hello["event"], drop["event"], drop["id"], drop["data"]["id"]) == ("hello", "drop", "2", 2)


@BOTH_WAYS
async def test_a_bounded_stream_says_goodbye_and_ends_in_good_order(direct: bool) -> None:
    rooms = await world(3)
    async with serving(rooms, direct=direct) as server:
        async with server.stream("/feed/stream?since=0&max_events=4") as client:
            await drops(client, 3)
            await until(lambda: rooms.hub._audience.groups)
            await rooms.drop(2)
            assert await drops(client, 1) == ["4"]
            assert (await client.frame()).data == {"reason": "max_events"}
            with pytest.raises(EOFError):
                await client.frame()
        await until(lambda: rooms.hub.stats().streams == 0)


@BOTH_WAYS
async def test_a_bound_reached_in_the_replay_ends_the_stream_too(direct: bool) -> None:
    path = "/feed/stream?since=0&max_events=2"
    async with serving(await world(9), direct=direct) as server, server.stream(path) as client:
        assert await drops(client, 2) == ["1", "2"]
        assert (await client.frame()).data == {"reason": "max_events"}
        with pytest.raises(EOFError):
            await client.frame()


@BOTH_WAYS
async def test_the_service_says_goodbye_when_it_goes(direct: bool) -> None:
    rooms = await world()
    async with serving(rooms, direct=direct) as server, server.stream() as client:
        await client.frame()
        await until(lambda: rooms.hub._audience.groups)
        rooms.hub.close_all()
        bye = await client.frame()
        assert (bye.event, bye.data) == ("bye", {"reason": "shutdown"})
        assert bye.retry is not None
        with pytest.raises(EOFError):
            await client.frame()
        assert (await server.get("/feed/stream")).status == 503


@BOTH_WAYS
async def test_a_stream_past_the_limit_of_its_client_is_a_429(direct: bool) -> None:
    rooms = await world(limits=StreamLimits(per_client=1))
    async with serving(rooms, direct=direct) as server, server.stream() as client:
        await client.frame()
        answer = await server.get("/feed/stream")
        assert (answer.status, answer.json()["type"]) == (429, "/problems/too-many-streams")
        assert int(answer.headers["retry-after"]) > 0


async def test_a_stream_past_the_limit_of_all_is_a_503() -> None:
    rooms = await world(limits=StreamLimits(streams=1))
    async with serving(rooms) as server, server.stream() as client:
        await client.frame()
        answer = await server.get("/feed/stream")
        assert answer.status == 503
        assert "retry-after" in answer.headers


@pytest.mark.parametrize("query", ["nope=1", "party_size=99", "types=all", "max_age=0s", "max_events=0"])
async def test_bad_parameters_of_a_stream_are_a_400(query: str) -> None:
    async with serving(await world()) as server:
        answer = await server.get(f"/feed/stream?{query}")
        assert answer.status == 400
        assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


@BOTH_WAYS
async def test_a_store_that_goes_away_in_a_replay_ends_the_stream_and_the_client_can_come_back(
    direct: bool,
) -> None:
    rooms = await world(30, ring_size=8)
    rooms.log.away = True
    async with serving(rooms, direct=direct) as server, server.stream("/feed/stream?since=1") as client:
        await client.frame()
        bye = await client.frame()
        assert (bye.data, bye.retry) == ({"reason": "unavailable"}, 2_000)


@BOTH_WAYS
async def test_connections_that_come_and_go_leave_no_stream_and_no_task(direct: bool) -> None:
    rooms = await world()
    async with serving(rooms, direct=direct) as server:
        await server.get("/health/live")
        before = len(asyncio.all_tasks())
        for _ in range(20):
            opened = [await server.send("GET", "/feed/stream") for _ in range(10)]
            await until(lambda: rooms.hub.stats().streams == 10)
            for _, writer in opened:
                writer.transport.abort()
            await until(lambda: rooms.hub.stats().streams == 0)
        await until(lambda: len(asyncio.all_tasks()) <= before)
        gc.collect()
        from tablewire.live.audience import Stream

        assert not [kept for kept in gc.get_objects() if isinstance(kept, Stream)]


async def test_the_same_connection_can_be_used_again_after_a_bounded_stream() -> None:
    rooms = await world(1)
    async with serving(rooms) as server:
        reader, writer = await server.send("GET", "/feed/stream?since=0&max_events=1")
        client = StreamClient(reader)
        await client.read_head()
        while await client.chunk():
            pass
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in await asyncio.wait_for(reader.read(), 30)
        writer.close()
