"""The inbox: each user's notifications to each of their streams, in order, without gap or repeat."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tablewire.domain.notifications import Kind, Notification, Telling
from tablewire.errors import StoreUnavailable, TooManyStreams
from tablewire.live.audience import StreamLimits
from tablewire.live.hub import Hub
from tablewire.live.inbox import Inbox, Listener, wish_for
from tablewire.live.moments import Moments
from tablewire.live.sse import NDJSON, SSE, Encoding
from tablewire.storage.memory_notifications import MemoryNotifications
from tests.unit.live.doubles import NOW, Frame, ListSink, MemoryLog, parse_frame, until

ANN, BOB = 1, 2


class Store(MemoryNotifications):
    """Counts how often it is read, and can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.users = {ANN, BOB}
        self.reads = 0
        self.away = False

    async def after(self, *args: Any, **options: Any) -> list[Notification]:
        self.reads += 1
        if self.away:
            raise StoreUnavailable("away")
        return await super().after(*args, **options)

    async def say(self, user: int = ANN, count: int = 1) -> tuple[Notification, ...]:
        """Store notifications, and announce nothing."""
        telling = Telling(user_id=user, kind=Kind.SYSTEM, title="told", body="")
        return await self.tell([telling] * count, NOW)


class Scene:
    """An inbox over a store in memory, and streams to it."""

    def __init__(self, limits: StreamLimits | None = None) -> None:
        self.store = Store()
        self.hub = Hub(MemoryLog(), limits=limits)
        self.inbox = Inbox(self.hub, self.store, self.show, lambda: NOW)

    @staticmethod
    def show(one: Notification) -> bytes:
        return msgspec.json.encode({"id": one.id, "read": one.read_at is not None})

    async def tell(self, user: int = ANN, count: int = 1) -> None:
        await self.inbox.announce(await self.store.say(user, count))

    @contextmanager
    def open(
        self, user: int = ANN, *, since: int | None = None, encoding: Encoding = SSE, most: int | None = None
    ) -> Iterator[tuple[Listener, ListSink]]:
        sink = ListSink()
        wish = wish_for(self.inbox.encoding(encoding), max_events=most, max_age=None)
        start = self.inbox.newest if since is None else since
        with self.inbox.open(user, wish, sink, f"user {user}", start) as listener:
            yield listener, sink

    @contextmanager
    def live(self, user: int = ANN, **options: Any) -> Iterator[ListSink]:
        with self.open(user, **options) as (listener, sink):
            assert self.inbox.go_live(listener)
            yield sink


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.inbox.start()
    return scene


def frames(sink: ListSink) -> list[Frame]:
    return [parse_frame(text) for text in sink.data.decode().split("\n\n") if text]


def told(sink: ListSink) -> list[tuple[str | None, str | None, int]]:
    return [(frame.event, frame.id, frame.data["id"]) for frame in frames(sink)]


async def test_a_notification_reaches_every_stream_of_its_user_and_of_nobody_else(scene: Scene) -> None:
    with scene.live() as one, scene.live() as two, scene.live(BOB) as other:
        await scene.tell(ANN, 2)
        assert told(one) == told(two) == [("notification", "1", 1), ("notification", "2", 2)]
        assert other.data == b""
    assert scene.store.reads == 0


async def test_what_another_process_stored_comes_first(scene: Scene) -> None:
    with scene.live() as sink:
        await scene.store.say()
        await scene.tell()
        assert [frame.id for frame in frames(sink)] == ["1", "2"]


async def test_what_another_process_stored_is_found_by_catching_up(scene: Scene) -> None:
    with scene.live() as sink:
        await scene.store.say(ANN, 3)
        await scene.inbox.catch_up()
        await scene.inbox.catch_up()
        assert [frame.id for frame in frames(sink)] == ["1", "2", "3"]


async def test_a_nudge_has_the_store_read_at_once(scene: Scene) -> None:
    with scene.live() as sink:
        running = asyncio.create_task(scene.inbox.run())
        await scene.store.say()
        scene.inbox.nudge()
        await until(lambda: sink.data)
        running.cancel()
        assert [frame.id for frame in frames(sink)] == ["1"]


async def test_nothing_is_announced_twice(scene: Scene) -> None:
    with scene.live() as sink:
        fresh = await scene.store.say()
        await scene.inbox.announce(fresh)
        await scene.inbox.announce(fresh)
        await scene.inbox.catch_up()
        assert len(frames(sink)) == 1


async def test_a_change_comes_as_an_update_with_a_place_of_its_own(scene: Scene) -> None:
    with scene.live() as sink:
        await scene.tell(ANN, 2)
        await scene.store.mark_read(ANN, [1], NOW)
        await scene.inbox.catch_up()
        assert told(sink)[-1] == ("update", "3", 1)
        assert frames(sink)[-1].data["read"]


async def test_who_comes_back_gets_what_is_new_and_what_has_changed_then_what_comes(scene: Scene) -> None:
    await scene.tell(ANN, 3)
    await scene.tell(BOB)
    await scene.store.mark_read(ANN, [1, 3], NOW)
    await scene.inbox.catch_up()
    with scene.open(since=2) as (listener, sink):
        assert not scene.inbox.go_live(listener)
        sink.data += await scene.inbox.missed(listener)
        assert scene.inbox.go_live(listener)
        await scene.tell()
        assert told(sink) == [("update", "5", 1), ("notification", "6", 3), ("notification", "7", 7)]


async def test_a_long_replay_comes_in_parts(scene: Scene) -> None:
    await scene.tell(ANN, 450)
    with scene.open(since=0) as (listener, sink):
        parts = 0
        while not scene.inbox.go_live(listener):
            sink.data += await scene.inbox.missed(listener)
            parts += 1
        assert parts == 3
        assert [frame.id for frame in frames(sink)] == [str(place) for place in range(1, 451)]


async def test_a_sign_of_life_carries_the_inbox_s_place(scene: Scene) -> None:
    await scene.tell(BOB, 5)
    with scene.live() as sink:
        for _ in range(15):
            await scene.hub.tick()
        assert [(frame.id, frame.comment) for frame in frames(sink)] == [("5", True)]


async def test_a_log_that_is_emptied_resets_at_the_inbox_s_place(scene: Scene) -> None:
    await scene.tell(ANN, 4)
    with scene.live() as sink:
        scene.hub.forget()
        (frame,) = frames(sink)
        assert (frame.event, frame.id) == ("reset", "4")
        assert frame.data == {"reason": "cleared", "oldest_cursor": "4", "cursor": "4"}


@pytest.mark.parametrize(
    ("cursor", "start"),
    [(None, (3, None)), ("2", (2, None)), ("0", (0, None)), ("9", (3, "ahead")), ("x", (3, "bad"))],
)
async def test_a_stream_starts_where_its_client_was_or_says_why_not(
    scene: Scene, cursor: str | None, start: tuple[int, str | None]
) -> None:
    await scene.tell(ANN, 3)
    resumed = await scene.inbox.resume(cursor)
    assert (resumed.cursor, resumed.reset) == start


async def test_a_cursor_that_another_process_gave_is_asked_for_in_the_store(scene: Scene) -> None:
    await scene.store.say(ANN, 2)
    assert (await scene.inbox.resume("2")).reset is None


async def test_streams_count_among_the_hub_s(scene: Scene) -> None:
    crowded = Scene(StreamLimits(per_client=1))
    with crowded.live(), pytest.raises(TooManyStreams), crowded.open():
        pass
    assert crowded.hub.stats().streams == 0


async def test_a_reader_that_does_not_keep_up_is_cut_and_the_others_are_not(scene: Scene) -> None:
    with scene.live() as slow, scene.live() as quick:
        slow.waiting = 10**9
        await scene.tell(ANN, 2)
        assert (slow.lost, quick.lost) == (True, False)
        assert len(frames(quick)) == 2


async def test_a_bounded_stream_says_goodbye_after_so_many(scene: Scene) -> None:
    with scene.live(most=2) as sink:
        await scene.tell(ANN, 3)
        assert [frame.event for frame in frames(sink)] == ["notification", "notification", "bye"]
        assert sink.ended


async def test_everyone_is_sent_goodbye_when_the_service_ends(scene: Scene) -> None:
    with scene.live(encoding=NDJSON) as sink:
        scene.hub.close_all()
        assert msgspec.json.decode(sink.data) == {"event": "bye", "id": None, "data": {"reason": "shutdown"}}


async def test_a_store_that_is_away_loses_nothing(scene: Scene) -> None:
    with scene.live() as sink:
        await scene.store.say()
        scene.store.away = True
        await scene.tell()
        assert sink.data == b""
        scene.store.away = False
        await scene.inbox.catch_up()
        assert [frame.id for frame in frames(sink)] == ["1", "2"]


async def test_where_nobody_listens_nothing_is_read(scene: Scene) -> None:
    await scene.store.say(ANN, 5)
    await scene.inbox.catch_up()
    assert (scene.inbox.newest, scene.store.reads) == (5, 0)


async def test_it_is_remembered_when_a_notification_was_streamed(scene: Scene) -> None:
    with scene.live():
        await scene.tell(ANN)
        await scene.tell(BOB)
    assert (scene.inbox.streamed.of(1), scene.inbox.streamed.of(2)) == (NOW, None)


def test_moments_keep_the_first_of_each_and_forget_the_oldest() -> None:
    moments = Moments(most=2)
    moments.note([1, 2], NOW)
    moments.note([2, 3], NOW + timedelta(seconds=1))
    assert [moments.of(id) for id in (1, 2, 3)] == [None, NOW, NOW + timedelta(seconds=1)]
