"""Channels over HTTP, on real PostgreSQL and with real receivers."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from aiohttp import web

from tablewire.api.channels.controller import routes
from tablewire.domain.users import User
from tablewire.notifications.courier import ChannelCourier
from tablewire.notifications.names import Names
from tablewire.notifications.sealing import FernetSealer
from tablewire.notifications.webpush import PushKey
from tablewire.services.channels import MOST_CHANNELS, Channels
from tablewire.storage.accounts import PostgresAccounts
from tablewire.storage.channels import PostgresChannels
from tablewire.storage.store import PostgresStore
from tests.api_client import Client, serving
from tests.clock import StepClock
from tests.receivers import LOOPBACK, Receiver, receiver

CLOCK = StepClock()


class People:
    """Two users, and a client that asks as either."""

    def __init__(self, client: Client, ann: User, bob: User, store: PostgresStore) -> None:
        self.client = client
        self.ann = ann
        self.bob = bob
        self.store = store

    async def make(self, **body: Any) -> Any:
        """A channel."""
        made = await self.client.post("/channels", {"name": "hook", "type": "webhook", **body})
        assert made.status == 201, made.body
        return made.json()


@pytest.fixture
async def people(store: PostgresStore) -> AsyncIterator[People]:
    accounts = PostgresAccounts(store._pool, store._engine)
    users = [
        await accounts.add(name, is_admin=False, time_zone="UTC", token=name.encode(), at=CLOCK.now())
        for name in ("ann", "bob")
    ]
    courier = ChannelCourier(
        sealer=FernetSealer(b"k" * 32),
        guard=LOOPBACK,
        push_key=PushKey(b"secret", "mailto:ann@tables.example"),
        user_agent="tablewire/test",
        now=CLOCK.now,
        names=Names(),
    )
    ann, bob = users
    assert ann is not None
    assert bob is not None
    async with serving(
        routes(Channels(PostgresChannels(store._engine), courier, CLOCK.now)), user=ann
    ) as client:
        yield People(client, ann, bob, store)
    await courier.aclose()


@pytest.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiver() as listening:
        yield listening


async def test_a_webhook_shows_its_secret_once_and_its_url_never(people: People, hook: Receiver) -> None:
    made = await people.make(
        url=hook.url("/very/secret"), quiet={"from": "22:00", "to": "07:30"}, kinds=["notify"]
    )
    assert made["secret"].startswith("whsec_")
    assert made["url"] == "http://127.0.0.1/…"
    shown = await people.client.get(f"/channels/{made['id']}")
    listed = await people.client.get("/channels")
    assert shown.json() == {name: value for name, value in made.items() if name != "secret"}
    assert listed.json() == {"channels": [shown.json()], "next_cursor": None, "has_more": False}
    assert shown.json()["quiet"] == {"from": "22:00", "to": "07:30"}
    kept = await people.store._pool.fetchval("SELECT address FROM channels")
    assert b"secret" not in kept
    assert b"whsec" not in kept


async def test_anothers_channels_are_not_there(people: People, hook: Receiver) -> None:
    id = (await people.make(url=hook.url()))["id"]
    people.client.user = people.bob
    client = people.client
    answers = [
        await client.get(f"/channels/{id}"),
        await client.patch(f"/channels/{id}", {"paused": True}),
        await client.delete(f"/channels/{id}"),
        await client.post(f"/channels/{id}/test"),
    ]
    assert [answer.status for answer in answers] == [404] * 4
    assert (await client.get("/channels")).json()["channels"] == []
    assert hook.taken == []


async def test_the_test_button_sends_and_says_how_it_went(people: People, hook: Receiver) -> None:
    id = (await people.make(url=hook.url(), paused=True))["id"]
    well = await people.client.post(f"/channels/{id}/test")
    assert (well.status, well.json()["ok"], well.json()["error"]) == (200, True, None)
    assert hook.taken[0].json()["type"] == "notification.test"
    too_soon = await people.client.post(f"/channels/{id}/test")
    assert too_soon.status == 409
    CLOCK.advance(5)
    hook.answers.append(web.Response(status=500))
    badly = await people.client.post(f"/channels/{id}/test")
    assert badly.json()["error"] == "the receiver answered 500"
    assert badly.json()["failure"] == "temporary"
    assert (await people.client.get(f"/channels/{id}")).json()["last_error"] == "the receiver answered 500"


async def test_a_channel_can_be_changed_and_removed(people: People, hook: Receiver) -> None:
    id = (await people.make(url=hook.url(), quiet={"from": "22:00", "to": "07:30"}))["id"]
    changed = await people.client.patch(
        f"/channels/{id}",
        {"name": "other", "quiet": None, "kinds": ["goal", "system"], "min_interval_seconds": 60},
    )
    assert changed.status == 200
    now = changed.json()
    assert (now["name"], now["quiet"], now["kinds"], now["min_interval_seconds"]) == (
        "other",
        None,
        ["goal", "system"],
        60,
    )
    assert (await people.client.patch(f"/channels/{id}", {})).json() == now
    assert (await people.client.delete(f"/channels/{id}")).status == 204
    assert (await people.client.get(f"/channels/{id}")).status == 404


async def test_what_waits_for_a_channel_that_is_paused_is_dropped(people: People, hook: Receiver) -> None:
    id = (await people.make(url=hook.url()))["id"]
    pool = people.store._pool
    await pool.execute(
        """INSERT INTO notifications (id, place, user_id, kind, title, body, facts, created_at)
           VALUES (1, 1, $1, 'system', 't', 'b', '{}', now())""",
        people.ann.id,
    )
    await pool.execute(
        """INSERT INTO deliveries (notification_id, channel_id, purpose, status, attempts, due_at, created_at)
           VALUES (1, $1, 'new', 'pending', 0, now(), now())""",
        id,
    )
    assert (await people.client.get(f"/channels/{id}")).json()["pending"] == 1
    assert (await people.client.patch(f"/channels/{id}", {"paused": True})).json()["pending"] == 0
    assert await pool.fetchval("SELECT status FROM deliveries") == "skipped"


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["name", "type"]),
    ({"name": "n", "type": "webhook"}, ["url"]),
    ({"name": "n", "type": "webpush", "url": "https://x.example"}, ["url"]),
    ({"name": "n", "type": "webpush"}, ["subscription"]),
    ({"name": "n", "type": "pigeon", "url": "https://x.example"}, ["type"]),
    ({"name": "n", "type": "webhook", "url": "http://10.0.0.1/"}, ["url"]),
    ({"name": "n", "type": "webhook", "url": "http://127.0.0.1/", "colour": 1}, ["colour"]),
    ({"name": "\x00", "type": "webhook", "url": "http://127.0.0.1/"}, ["name"]),
    ({"name": "n\n", "type": "webhook", "url": "http://127.0.0.1/"}, ["name"]),
    ({"name": "n", "type": "webhook", "url": "http://127.0.0.1/", "kinds": []}, ["kinds"]),
    ({"name": "n", "type": "webhook", "url": "http://127.0.0.1/", "kinds": ["goal", "goal"]}, ["kinds"]),
    ({"name": "n", "type": "webhook", "url": "http://127.0.0.1/", "min_interval_seconds": -1}, ["min_interval_seconds"]),
    ({"name": "n", "type": "webhook", "url": "http://127.0.0.1/", "quiet": {"from": "25:00", "to": "07:00"}}, ["quiet.from"]),
    ({"name": "n", "type": "webhook", "url": "http://127.0.0.1/", "quiet": {"from": "07:00", "to": "07:00"}}, ["quiet"]),
]  # fmt: skip


async def test_what_is_wrong_is_named(people: People) -> None:
    for body, wrong in WRONG:
        answer = await people.client.post("/channels", body)
        assert (answer.status, answer.wrong) == (400, wrong), body


async def test_a_user_has_a_bounded_number_of_channels(people: People, hook: Receiver) -> None:
    for _ in range(MOST_CHANNELS):
        await people.make(url=hook.url())
    one_more = await people.client.post("/channels", {"name": "n", "type": "webhook", "url": hook.url()})
    assert one_more.status == 409
    page = (await people.client.get("/channels", limit=15)).json()
    rest = (await people.client.get("/channels", limit=15, before=page["next_cursor"])).json()
    ids = [one["id"] for one in page["channels"] + rest["channels"]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), page["has_more"], rest["has_more"]) == (MOST_CHANNELS, True, False)


async def test_browsers_learn_the_key_to_subscribe_with(people: People) -> None:
    answer = await people.client.get("/channels/webpush-key")
    assert len(msgspec.json.decode(answer.body)["key"]) == 87
