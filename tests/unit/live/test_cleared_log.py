"""A log that is emptied while it is listened to."""

import pytest

from tablewire.errors import CursorGone
from tablewire.live.feed import Feed, PageWish
from tablewire.live.hub import EVERYTHING
from tests.unit.live.doubles import ListSink, MemoryLog, World, serving
from tests.unit.live.test_hub import DROPS, frames, started, wish


def empty(log: MemoryLog) -> None:
    log.forget_below(log.last_id + 1)


async def test_streams_are_told_and_hear_what_comes_after_it() -> None:
    log = MemoryLog()
    hub = await started(log)
    sink = ListSink()
    with hub.open(wish(), sink, "a") as stream:
        hub.go_live(stream)
        await hub.publish(log.store(2))
        async with hub.still():
            empty(log)
            hub.forget()
        await hub.publish(log.store(1))
    assert [(frame.event, frame.id) for frame in frames(sink)] == [
        ("drop", "1"),
        ("drop", "2"),
        ("reset", "2"),
        ("drop", "3"),
    ]
    assert frames(sink)[2].data == {"reason": "cleared", "oldest_cursor": "2", "cursor": "2"}


async def test_a_stream_in_its_replay_is_ended_and_comes_back_with_its_place() -> None:
    log = MemoryLog()
    log.store(2)
    hub = await started(log)
    with hub.open(wish(), ListSink(), "a") as stream:
        async with hub.still():
            empty(log)
            hub.forget()
        assert stream.ending == "cleared"
        assert not hub.go_live(stream)


async def test_nothing_older_can_be_read_and_the_newest_cursor_goes_on() -> None:
    log = MemoryLog()
    hub = await started(log)
    await hub.publish(log.store(3))
    feed = Feed(hub)
    hub.selection(EVERYTHING, DROPS)
    async with hub.still():
        empty(log)
        hub.forget()
    page = await feed.page(PageWish(wanted=EVERYTHING, types=DROPS, limit=10))
    assert (page.entries, page.next_cursor) == ([], 3)
    assert (await feed.page(PageWish(wanted=EVERYTHING, types=DROPS, limit=10, since=3))).entries == []
    with pytest.raises(CursorGone):
        await feed.page(PageWish(wanted=EVERYTHING, types=DROPS, limit=10, since=1))


async def test_a_page_that_was_remembered_is_made_anew() -> None:
    world = World()
    await world.hub.start()
    await world.drop(2)
    async with serving(world) as server:
        assert len((await server.get("/feed")).json()["events"]) == 2
        async with world.hub.still():
            empty(world.log)
            world.hub.forget()
        assert (await server.get("/feed")).json()["events"] == []


@pytest.mark.parametrize("unheard", [0, 1])
async def test_a_process_that_did_not_empty_it_notices_within_a_second(unheard: int) -> None:
    log = MemoryLog()
    hub = await started(log)
    sink = ListSink()
    with hub.open(wish(), sink, "a") as stream:
        hub.go_live(stream)
        await hub.publish(log.store(2))
        log.store(unheard)  # by the other process, which then empties the log
        empty(log)
        await hub.catch_up()
        await hub.catch_up()
    assert [frame.event for frame in frames(sink)] == ["drop", "drop", "reset"]
    assert (hub.newest, hub.oldest) == (2 + unheard, 3 + unheard)


async def test_retention_alone_is_no_clearing() -> None:
    log = MemoryLog()
    hub = await started(log)
    sink = ListSink()
    with hub.open(wish(), sink, "a") as stream:
        hub.go_live(stream)
        await hub.publish(log.store(2))
        log.forget_below(2)
        await hub.catch_up()
    assert [frame.event for frame in frames(sink)] == ["drop", "drop"]
