"""`GET /feed` over a real socket."""

from tests.unit.live.doubles import Server, World, serving


async def ids(server: Server, query: str) -> list[int]:
    answer = await server.get(f"/feed?{query}")
    assert answer.status == 200, answer.body
    return [event["id"] for event in answer.json()["events"]]


async def world(count: int) -> World:
    made = World(ring_size=16)
    made.log.store(count)
    await made.hub.start()
    return made


async def test_the_newest_fifty_come_oldest_first() -> None:
    async with serving(await world(60)) as server:
        assert await ids(server, "") == list(range(11, 61))


async def test_cursors_follow_each_other() -> None:
    async with serving(await world(60)) as server:
        seen: list[int] = []
        cursor = "0"
        while True:
            page = (await server.get(f"/feed?since={cursor}&limit=7")).json()
            seen += [event["id"] for event in page["events"]]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                break
        assert seen == list(range(1, 61))


async def test_an_answer_that_is_remembered_is_not_out_of_date() -> None:
    rooms = await world(3)
    async with serving(rooms) as server:
        assert await ids(server, "limit=2") == [2, 3]
        assert await ids(server, "limit=2") == [2, 3]
        await rooms.drop()
        assert await ids(server, "limit=2") == [3, 4]


async def test_a_page_of_the_past_has_a_tag_and_is_not_sent_twice() -> None:
    async with serving(await world(30)) as server:
        first = await server.get("/feed?since=5&limit=5")
        again = await server.get("/feed?since=5&limit=5", If_None_Match=first.headers["etag"])
        other = await server.get("/feed?since=5&limit=5", If_None_Match='"something else"')
        assert "max-age" in first.headers["cache-control"]
        assert (again.status, again.body) == (304, b"")
        assert other.body == first.body


async def test_the_newest_page_is_never_stored() -> None:
    async with serving(await world(3)) as server:
        answer = await server.get("/feed")
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers


async def test_a_cursor_that_is_gone_says_where_to_begin() -> None:
    rooms = await world(20)
    rooms.log.forget_below(11)
    await rooms.hub.catch_up()
    async with serving(rooms) as server:
        answer = await server.get("/feed?since=3")
        assert answer.status == 410
        assert await ids(server, f"since={answer.json()['oldest_cursor']}&limit=1") == [11]
        assert (await server.get("/feed?since=21")).status == 410


async def test_a_cursor_that_is_none_is_a_400_of_its_own_type() -> None:
    async with serving(await world(3)) as server:
        answer = await server.get("/feed?since=yesterday")
        assert (answer.status, answer.json()["type"]) == (400, "/problems/bad-cursor")


async def test_an_older_page_without_the_store_is_a_503() -> None:
    rooms = await world(60)
    rooms.log.away = True
    async with serving(rooms) as server:
        assert (await server.get("/feed?limit=5")).status == 200
        assert (await server.get("/feed?since=1")).status == 503
