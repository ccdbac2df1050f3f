"""Pages by cursor, and the way from history into live."""

import asyncio
import random

import pytest

from tablewire.domain.filters import EventFilter, parse_filter
from tablewire.errors import BadCursor, CursorGone, StoreUnavailable
from tablewire.live.audience import Stream, Wish
from tablewire.live.feed import Page, PageWish, parse_cursor
from tablewire.live.sse import SSE
from tests.unit.live.doubles import ListSink, World, parse_frame

DROPS = frozenset({"drop"})
SEVENS = parse_filter({"venue_id": ["7"]})


def ask(
    since: int | None = None, before: int | None = None, limit: int = 50, wanted: EventFilter | None = None
) -> PageWish:
    return PageWish(wanted=wanted or EventFilter(), types=DROPS, limit=limit, since=since, before=before)


def ids(page: Page) -> list[int]:
    return [entry.id for entry in page.entries]


async def world(count: int, *, ring_size: int = 4_096, sevens: int = 0) -> World:
    made = World(ring_size=ring_size)
    for number in range(1, count + 1):
        made.log.store(1, venue_id="7" if sevens and number % sevens == 0 else "834")
    await made.hub.start()
    return made


@pytest.mark.parametrize("ring_size", [4_096, 8])
async def test_without_a_cursor_the_newest_come_oldest_first(ring_size: int) -> None:
    rooms = await world(30, ring_size=ring_size)
    page = await rooms.feed.page(ask(limit=20))
    assert ids(page) == list(range(11, 31))
    assert (page.next_cursor, page.prev_cursor, page.has_more) == (30, 11, True)


@pytest.mark.parametrize("ring_size", [4_096, 8])
@pytest.mark.parametrize("limit", [1, 3, 7, 50])
async def test_following_cursors_forward_sees_every_event_once(ring_size: int, limit: int) -> None:
    rooms = await world(40, ring_size=ring_size)
    seen: list[int] = []
    cursor = 0
    while True:
        page = await rooms.feed.page(ask(since=cursor, limit=limit))
        seen += ids(page)
        cursor = page.next_cursor
        if not page.has_more:
            break
    assert seen == list(range(1, 41))


@pytest.mark.parametrize("ring_size", [4_096, 8])
@pytest.mark.parametrize("limit", [1, 3, 7, 50])
async def test_following_cursors_backward_sees_every_event_once(ring_size: int, limit: int) -> None:
    rooms = await world(40, ring_size=ring_size)
    page = await rooms.feed.page(ask(limit=limit))
    seen = ids(page)
    while page.prev_cursor is not None:
        page = await rooms.feed.page(ask(before=page.prev_cursor, limit=limit))
        seen = ids(page) + seen
    assert seen == list(range(1, 41))


@pytest.mark.parametrize("ring_size", [4_096, 8])
async def test_a_filtered_page_is_filled_from_memory_and_store_together(ring_size: int) -> None:
    rooms = await world(40, ring_size=ring_size, sevens=5)
    page = await rooms.feed.page(ask(limit=6, wanted=SEVENS))
    assert ids(page) == [15, 20, 25, 30, 35, 40]
    assert page.has_more


async def test_the_cursor_moves_on_over_what_the_filter_left_out() -> None:
    rooms = await world(40)
    page = await rooms.feed.page(ask(since=10, wanted=SEVENS))
    assert (ids(page), page.next_cursor, page.has_more) == ([], 40, False)


async def test_a_page_before_a_cursor_leads_forward_to_that_cursor_again() -> None:
    rooms = await world(20)
    page = await rooms.feed.page(ask(before=11, limit=5))
    forward = await rooms.feed.page(ask(since=page.next_cursor, limit=2))
    assert (ids(page), ids(forward)) == ([6, 7, 8, 9, 10], [11, 12])


async def test_an_empty_page_leads_back_to_the_newest_event() -> None:
    rooms = await world(5)
    page = await rooms.feed.page(ask(since=5))
    assert page.prev_cursor is not None
    back = await rooms.feed.page(ask(before=page.prev_cursor, limit=2))
    assert ids(back) == [4, 5]


async def test_the_recent_feed_asks_the_store_nothing() -> None:
    rooms = await world(30)
    rooms.log.reads.clear()
    await rooms.feed.page(ask())
    await rooms.feed.page(ask(since=3, wanted=SEVENS))
    assert rooms.log.reads == []


async def test_a_cursor_ahead_is_gone_only_after_the_store_was_asked() -> None:
    rooms = await world(5)
    rooms.log.store(3)
    assert ids(await rooms.feed.page(ask(since=7))) == [8]
    with pytest.raises(CursorGone) as gone:
        await rooms.feed.page(ask(since=9))
    assert (gone.value.reason, gone.value.oldest_cursor) == ("ahead", "0")


async def test_a_cursor_older_than_what_is_kept_is_gone() -> None:
    rooms = await world(20)
    rooms.log.forget_below(11)
    await rooms.hub.catch_up()
    with pytest.raises(CursorGone) as gone:
        await rooms.feed.page(ask(since=9))
    assert (gone.value.reason, gone.value.oldest_cursor) == ("too_old", "10")
    assert ids(await rooms.feed.page(ask(since=10, limit=1))) == [11]


async def test_before_a_cursor_older_than_what_is_kept_is_gone() -> None:
    rooms = await world(20)
    rooms.log.forget_below(11)
    await rooms.hub.catch_up()
    with pytest.raises(CursorGone):
        await rooms.feed.page(ask(before=10))


async def test_nought_is_always_valid_and_means_the_oldest_kept() -> None:
    rooms = await world(20)
    rooms.log.forget_below(11)
    await rooms.hub.catch_up()
    assert ids(await rooms.feed.page(ask(since=0, limit=2))) == [11, 12]


async def test_an_empty_log_has_an_empty_page() -> None:
    rooms = await world(0)
    page = await rooms.feed.page(ask())
    assert (ids(page), page.next_cursor, page.prev_cursor, page.has_more) == ([], 0, None, False)
    assert ids(await rooms.feed.page(ask(since=page.next_cursor))) == []


async def test_a_log_whose_events_are_all_gone_has_an_empty_page() -> None:
    rooms = await world(9)
    rooms.log.forget_below(10)
    await rooms.hub.catch_up()
    page = await rooms.feed.page(ask())
    assert (ids(page), page.next_cursor) == ([], 9)
    assert ids(await rooms.feed.page(ask(since=9))) == []


@pytest.mark.parametrize(
    ("wish", "settled"),
    [
        (ask(since=1, limit=3), True),
        (ask(since=1), False),
        (ask(before=5), True),
        (ask(), False),
        (ask(before=11), False),
    ],
)
async def test_only_pages_of_the_past_never_change(wish: PageWish, settled: bool) -> None:
    rooms = await world(10)
    assert (await rooms.feed.page(wish)).settled is settled


async def test_a_store_that_is_away_is_said_and_the_recent_feed_still_answers() -> None:
    rooms = await world(40, ring_size=8)
    rooms.log.away = True
    assert ids(await rooms.feed.page(ask(since=35))) == [36, 37, 38, 39, 40]
    with pytest.raises(StoreUnavailable):
        await rooms.feed.page(ask(since=1))


@pytest.mark.parametrize("text", ["", "x", "-1", "1.0", " 1", "1 ", "٣", "9" * 19, "0x1"])
def test_what_was_never_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        parse_cursor(text)


async def follow(rooms: World, cursor: int, wanted: EventFilter, sink: ListSink, until: int) -> None:
    """A stream as its handler leads it: replay, then live, until an id has been published."""
    wish = Wish(wanted=wanted, types=DROPS, encoding=SSE)
    with rooms.hub.open(wish, sink, "a") as stream:
        stream.position = cursor
        await _replay(rooms, stream, sink)
        async with asyncio.timeout(30):
            while rooms.hub.newest < until:
                await asyncio.sleep(0)


async def _replay(rooms: World, stream: Stream, sink: ListSink) -> None:
    while not rooms.hub.go_live(stream):
        sink.data += stream.frame(await rooms.feed.missed(stream))
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(20))
async def test_history_goes_over_into_live_without_a_gap_and_without_a_repeat(seed: int) -> None:
    chance = random.Random(seed)
    rooms = await world(300, ring_size=64, sevens=3)
    total = 900

    async def write() -> None:
        while rooms.log.last_id < total:
            venue = chance.choice(["7", "834"])
            stored = rooms.log.store(min(chance.randint(1, 40), total - rooms.log.last_id), venue_id=venue)
            if chance.random() < 0.7:
                await rooms.hub.publish(stored)
            if chance.random() < 0.3:
                await asyncio.sleep(0)
        await rooms.hub.catch_up()

    sinks = [ListSink() for _ in range(6)]
    starts = [chance.randint(0, 300) for _ in sinks]
    filters = [chance.choice([SEVENS, EventFilter()]) for _ in sinks]
    follows = [follow(rooms, *parts, until=total) for parts in zip(starts, filters, sinks, strict=True)]
    await asyncio.gather(write(), *follows)
    for start, wanted, sink in zip(starts, filters, sinks, strict=True):
        told = [int(parse_frame(text).id or 0) for text in sink.data.decode().split("\n\n") if text]
        assert told == [event.id for event in rooms.log.events if event.id > start and wanted.matches(event)]


async def test_a_stream_with_a_bad_cursor_is_reset_to_now() -> None:
    rooms = await world(9)
    start = await rooms.feed.resume("nonsense")
    assert (start.cursor, start.reset) == (9, "bad")


async def test_a_stream_with_a_cursor_ahead_is_reset_to_now() -> None:
    rooms = await world(9)
    start = await rooms.feed.resume("10")
    assert (start.cursor, start.reset) == (9, "ahead")


async def test_a_stream_with_a_cursor_too_old_is_reset_to_now() -> None:
    rooms = await world(9)
    rooms.log.forget_below(5)
    await rooms.hub.catch_up()
    start = await rooms.feed.resume("2")
    assert (start.cursor, start.reset) == (9, "too_old")
