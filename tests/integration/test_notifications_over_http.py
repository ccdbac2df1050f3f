"""Notifications over HTTP: listed, read, explained, followed by their links, and what clients say of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tablewire.api.alert_events import controller as alert_events
from tablewire.api.go import controller as go
from tablewire.api.notifications import controller as notifications
from tablewire.api.notifications.schemas import view_of
from tablewire.api.notifications.stream import InboxStream
from tablewire.api.routes import Route
from tablewire.domain.channels import ChannelType, Quiet
from tablewire.domain.notifications import Facts, Kind, Telling
from tablewire.live.hub import Hub
from tablewire.live.inbox import Inbox
from tablewire.live.moments import Moments
from tablewire.live.sse import encode_json
from tablewire.notifications.sealing import FernetSealer
from tablewire.services.alert_events import AlertEvents
from tablewire.services.links import Links
from tablewire.services.notifications import Notifications
from tablewire.storage.alert_events import PostgresAlertEvents
from tablewire.storage.channel_door import NewChannel
from tablewire.storage.channels import PostgresChannels
from tablewire.storage.notification_door import Gone
from tablewire.storage.notifications import PostgresNotifications
from tablewire.storage.store import PostgresStore
from tablewire.storage.trails import PostgresTrails
from tests.api_client import ANN, BOB, Answer, Client, serving
from tests.stored_wishes import NOW, PostgresWishes
from tests.unit.live.doubles import MemoryLog, Server, World, make_event
from tests.unit.live.doubles import serving as served

LATER = NOW + timedelta(seconds=2)
BOOK = "https://resy.com/carbone?seats=2"


class Scene:
    """The services of notifications over one store, and two users in it."""

    def __init__(self, store: PostgresStore, hub: Hub | None = None) -> None:
        pool, engine = store._pool, store._engine
        self.pool, self.engine = pool, engine
        self.wishes = PostgresWishes(pool)
        self.kept = PostgresNotifications(pool)
        book = PostgresAlertEvents(engine)
        self.links = Links(FernetSealer(b"k" * 32), book, lambda: LATER, public_url="http://127.0.0.1:8000")
        self.hub = hub or Hub(MemoryLog())
        self.inbox = Inbox(
            self.hub, self.kept, lambda one: encode_json(view_of(one, self.links.url_of)), lambda: LATER
        )
        self.announced = Moments()
        self.service = Notifications(
            self.kept,
            PostgresTrails(engine),
            self.inbox,
            lambda: LATER,
            announced=self.announced,
            streamed=self.inbox.streamed,
        )
        self.events = AlertEvents(book, lambda: LATER)

    def routes(self) -> list[Route]:
        stream = InboxStream(self.hub, self.inbox, lambda: LATER)
        return [
            *notifications.routes(self.service, self.links.url_of, stream),
            *alert_events.routes(self.events),
            *go.routes(self.links),
        ]

    async def people(self) -> None:
        assert (await self.wishes.user(), await self.wishes.user("bob")) == (ANN.id, BOB.id)

    async def tell(self, source: int, opening: str = "1", **fields: Any) -> None:
        telling = Telling(
            user_id=ANN.id,
            kind=Kind.NOTIFY,
            source_id=source,
            title="Carbone: table for 2",
            body="Wed 18 Feb 20:30",
            slot_key="4eb06f70fcedd7420e26f59a5ea0adb7",
            opening=opening,
            book_url=BOOK,
            facts=Facts(provider="resy", venue_id="834"),
        )
        await self.inbox.announce(await self.kept.tell([msgspec.structs.replace(telling, **fields)], NOW))

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[Client]:
        async with serving(self.routes(), user=ANN) as client:
            yield client


@pytest.fixture
async def scene(store: PostgresStore) -> Scene:
    scene = Scene(store)
    await scene.people()
    return scene


def ids(answer: Answer) -> list[int]:
    return [one["id"] for one in answer.json()["notifications"]]


async def test_notifications_are_listed_and_marked_by_their_user_alone(scene: Scene) -> None:
    source = await scene.wishes.request(ANN.id)
    for opening in "123":
        await scene.tell(source, opening)
    async with scene.asked() as client:
        first = await client.get("/notifications", limit=2)
        body = first.json()
        assert (ids(first), body["unread"], body["has_more"]) == ([3, 2], 3, True)
        assert body["stream_cursor"] == "3"
        one = body["notifications"][0]
        assert (one["kind"], one["source_id"], one["read_at"]) == ("notify", source, None)
        assert one["url"].startswith("http://127.0.0.1:8000/go/")
        assert one["table"] == {"provider": "resy", "venue_id": "834"}
        assert ids(await client.get("/notifications", before=body["next_cursor"])) == [1]

        read = await client.post("/notifications/2/read")
        assert (read.status, read.json()["read_at"]) == (200, "2026-02-11T15:04:07.123000Z")
        assert ids(await client.get("/notifications", unread="true")) == [3, 1]
        client.user = BOB
        assert ids(await client.get("/notifications")) == []
        for path in ("/notifications/1/read", "/notifications/999/read", "/notifications/x/read"):
            assert (await client.post(path)).status == 404
        assert (await client.get("/notifications/1/explain")).status == 404
        assert (await client.post("/notifications/read-all")).json() == {"marked": 0}
        client.user = ANN
        assert (await client.post("/notifications/read-all")).json() == {"marked": 2}
        assert (await client.get("/notifications", limit=0, before="x")).wrong == ["limit"]
        assert (await client.get("/notifications", unread="perhaps")).wrong == ["unread"]


async def test_a_link_is_followed_by_anybody_and_counted_once(scene: Scene) -> None:
    await scene.tell(await scene.wishes.request(ANN.id))
    channel = await scene.wishes.channel(ANN.id)
    async with scene.asked() as client:
        client.user = None
        paths = [scene.links.url_of(1, place).partition("8000")[2] for place in (0, channel)]
        looked = await client.request("HEAD", paths[0])
        assert (looked.status, looked.headers["location"]) == (302, BOOK)
        for path in (*paths, *paths):
            answer = await client.get(path)
            assert (answer.status, answer.headers["location"]) == (302, BOOK)
            assert answer.headers["referrer-policy"] == "no-referrer"
        assert (await client.get("/go/nonsense")).status == 404
    rows = await scene.pool.fetch(
        "SELECT client_id, event_type, channel, notification_id, provider, time_to_action_seconds FROM alert_events"
        " WHERE event_type <> 'alert_sent' ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        ("go:1:app", "tap_to_reserve", "app", 1, "resy", 2.0),
        (f"go:1:{channel}", "tap_to_reserve", "phone", 1, "resy", 2.0),
    ]


async def test_alert_events_are_taken_one_or_many_and_count_once(scene: Scene) -> None:
    await scene.tell(await scene.wishes.request(ANN.id))
    opened = {
        "client_id": "c1",
        "event_type": "alert_opened",
        "occurred_at": "2026-02-11T10:04:06.123-05:00",
        "notification_id": 1,
        "session": "s",
        "metadata": {"screen": "list"},
    }
    booked = {**opened, "client_id": "c2", "event_type": "booking_confirmed", "notification_id": None}
    async with scene.asked() as client:
        assert (await client.post("/alert-events", opened)).json() == {"accepted": 1, "repeated": 0}
        both = await client.post("/alert-events", [opened, booked])
        assert (both.status, both.json()) == (200, {"accepted": 1, "repeated": 1})
        client.user = BOB
        assert (await client.post("/alert-events", opened)).wrong == ["notification_id"]
        hostile: list[tuple[Any, list[str]]] = [
            ({}, ["client_id", "event_type", "occurred_at"]),
            ([booked, {**booked, "event_type": "alert_sent", "mood": 1}], ["[1].mood", "[1].event_type"]),
            ({**booked, "occurred_at": "2026-02-11T10:04:06"}, ["occurred_at"]),
            ({**booked, "client_id": "a\x00b"}, ["client_id"]),
            ({**booked, "event_id": 2**64}, ["event_id"]),
            ([], ["body"]),
            ("text", ["body"]),
        ]
        for body, wrong in hostile:
            answer = await client.post("/alert-events", body)
            assert (answer.status, answer.wrong) == (400, wrong)
        for raw in (b'{"client_id":"\\ud800"}', b'{"metadata":{"x":1e999}}', b"[" * 10_000, b"\xff", b""):
            assert (await client.request("POST", "/alert-events", raw=raw)).status == 400
    row = await scene.pool.fetchrow(
        "SELECT occurred_at, received_at, time_to_action_seconds, venue_id, session, metadata FROM alert_events WHERE client_id = 'c1'"
    )
    assert row is not None
    assert tuple(row) == (NOW + timedelta(seconds=1), LATER, 1.0, "834", "s", '{"screen": "list"}')


async def test_an_alert_is_explained_from_the_table_to_the_tap(scene: Scene) -> None:
    event = make_event(5)
    await scene.pool.execute(
        "INSERT INTO availability_events (id, event_type, market, bucket_id, service_date, provider, slot_id, venue_id,"
        " venue_name, name_key, slot_date, slot_time, time_bucket, origin, party_sizes, opened_at, opened_after, first_seen_at,"
        " payload, dedupe_key) VALUES (5, 'NEW_DROP', 'nyc', 'b', $1, 'resy', $2, '834', 'Carbone', 'carbone', $1, $3, 'prime',"
        " 'drop', '{2}', $4, $5, $4, '{}', 'k')",
        event.service_date,
        event.slot_id,
        event.slot_time,
        NOW - timedelta(seconds=1),
        NOW - timedelta(seconds=31),
    )
    source = await scene.wishes.request(ANN.id)
    channel = await scene.wishes.channel(ANN.id)
    await scene.tell(source, "5", event_id=5)
    scene.announced.note([5], NOW - timedelta(seconds=0.5))
    await scene.pool.execute(
        "UPDATE deliveries SET due_at = $1, sent_at = $2, status = 'sent', attempts = 1",
        NOW + timedelta(seconds=60),
        NOW + timedelta(seconds=61),
    )
    async with scene.asked() as client:
        await client.get(scene.links.url_of(1, channel).partition("8000")[2])
        told = (await client.get("/notifications/1/explain")).json()
    assert told["notification"]["id"] == 1
    assert (told["source"]["id"], told["source"]["status"]) == (source, "active")
    assert "since_event" not in told["source"]
    steps = {one["step"]: (one["at"], one["seconds"]) for one in told["steps"]}
    assert list(steps) == ["not_open", "open", "committed", "matched", "stored", "streamed"]
    assert steps["open"] == ("2026-02-11T15:04:04.123000Z", 30.0)
    assert (steps["committed"][1], steps["matched"][1]) == (0.5, 0.5)
    assert steps["stored"][0] is not None
    assert steps["streamed"] == (None, None)
    (delivery,) = told["deliveries"]
    assert (delivery["channel"], delivery["held_because"], delivery["seconds"]) == ("phone", "pace", 61.0)
    (act,) = told["acts"]
    assert (act["event_type"], act["channel"], act["seconds"]) == ("tap_to_reserve", "phone", 2.0)


async def test_an_alert_that_quiet_hours_hold_back_says_so(scene: Scene) -> None:
    wanted = NewChannel(
        user_id=ANN.id,
        name="bedside",
        type=ChannelType.WEBHOOK,
        address=b"sealed",
        shown="https://hooks.example/…",
        quiet=Quiet(time(22), time(7)),
    )
    assert await PostgresChannels(scene.engine).make(wanted, NOW, 1) is not None
    await scene.tell(await scene.wishes.request(ANN.id))
    morning = datetime(2026, 2, 12, 7, tzinfo=ZoneInfo(ANN.time_zone))
    await scene.pool.execute("UPDATE deliveries SET due_at = $1", morning)
    async with scene.asked() as client:
        told = (await client.get("/notifications/1/explain")).json()
    (delivery,) = told["deliveries"]
    assert (delivery["channel"], delivery["held_because"]) == ("bedside", "quiet_hours")


async def test_an_alert_whose_source_and_event_are_gone_is_explained_as_far_as_is_known(scene: Scene) -> None:
    source = await scene.wishes.request(ANN.id)
    await scene.tell(source, event_id=99, facts=Facts(opened_at=NOW))
    await scene.pool.execute("DELETE FROM notify_requests")
    async with scene.asked() as client:
        told = (await client.get("/notifications/1/explain")).json()
    assert told["source"] is None
    steps = {one["step"]: one["at"] for one in told["steps"]}
    assert (steps["not_open"], steps["open"]) == (None, "2026-02-11T15:04:05.123000Z")


@asynccontextmanager
async def streaming(store: PostgresStore, *, direct: bool = True) -> AsyncIterator[tuple[Scene, Server]]:
    world = World()
    scene = Scene(store, world.hub)
    await scene.people()
    await scene.inbox.start()
    world.rooms = msgspec.structs.replace(world.rooms, more_routes=scene.routes())
    async with served(world, direct=direct) as server:
        yield scene, server


@pytest.mark.parametrize("direct", [True, False])
async def test_the_stream_goes_on_from_the_list_without_gap_or_repeat(
    store: PostgresStore, direct: bool
) -> None:
    async with streaming(store, direct=direct) as (scene, server):
        source = await scene.wishes.request(ANN.id)
        await scene.tell(source, "1")
        page = (await server.get("/notifications")).json()
        await scene.tell(source, "2")
        path = f"/notifications/stream?since={page['stream_cursor']}"
        async with server.stream(path) as stream:
            assert stream.status == 200
            assert stream.headers["cache-control"] == "no-store"
            hello = await stream.frame()
            assert (hello.event, hello.id, hello.retry) == ("hello", "1", 2_000)
            missed = await stream.frame()
            assert (missed.event, missed.id, missed.data["id"]) == ("notification", "2", 2)
            await scene.tell(source, "3")
            assert (await stream.frame()).id == "3"
            await server.request("POST", "/notifications/2/read")
            update = await stream.frame()
            assert (update.event, update.id, update.data["id"]) == ("update", "4", 2)
            assert update.data["read_at"] is not None
            gone = Gone(
                slot_key="4eb06f70fcedd7420e26f59a5ea0adb7", opening="3", closed_at=LATER, open_seconds=2.0
            )
            await scene.kept.tell([], LATER, gone=[gone])
            await scene.inbox.catch_up()
            closed = await stream.frame()
            assert (closed.event, closed.data["open_seconds"]) == ("update", 2.0)
        async with server.stream("/notifications/stream", Last_Event_ID="3") as back:
            assert (await back.frame()).event == "hello"
            assert [(await back.frame()).data["id"] for _ in range(2)] == [2, 3]


async def test_a_stream_of_lines_ends_after_as_many_as_were_asked_for(store: PostgresStore) -> None:
    async with streaming(store) as (scene, server):
        await scene.tell(await scene.wishes.request(ANN.id))
        path = "/notifications/stream?since=ahead&max_events=1"
        async with server.stream(path, Accept="application/x-ndjson") as stream:
            assert [(await stream.line())["event"] for _ in range(2)] == ["hello", "reset"]
            await scene.tell(await scene.wishes.request(ANN.id))
            assert [(await stream.line())["event"] for _ in range(2)] == ["notification", "bye"]
        head = await server.request("HEAD", "/notifications/stream")
        assert (head.status, head.body) == (200, b"")
        assert (await server.get("/notifications/stream?types=drop")).status == 400
