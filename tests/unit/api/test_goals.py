"""The addresses of goals, on PostgreSQL."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tablewire.api.goals.controller import routes
from tablewire.storage.store import PostgresStore
from tests.api_client import Client, serving
from tests.unit.domain.scenes import EIGHT, NINE, NOON
from tests.wish_scenes import WishScene

BODY: dict[str, Any] = {
    "name": "Friday dinner",
    "date_from": "2026-02-01",
    "weekdays": ["fri", "wed"],
    "time_from": "19:00",
    "time_to": "21:00",
    "preferred_time": "20:00",
    "party_size": 2,
    "neighborhoods": ["NoMad"],
    "venues": [{"provider": "resy", "venue_id": "v"}],
    "min_score": 0.3,
}


@pytest.fixture
async def scene(store: PostgresStore) -> WishScene:
    return await WishScene.begin(store)


@pytest.fixture
async def client(scene: WishScene) -> AsyncIterator[Client]:
    async with serving(routes(scene.wishing, scene.history), user=scene.ann) as client:
        yield client


async def test_a_goal_is_made_met_changed_and_deleted(scene: WishScene, client: Client) -> None:
    made = await client.post("/goals", BODY)
    assert made.status == 201
    at = f"/goals/{made.json()['id']}"
    await scene.poll(1, {"v": [EIGHT, NINE], "w": [EIGHT]})
    await scene.match()
    said = (await client.get(at)).json()
    assert (said["seen"], said["matched"], said["told"], said["converted"]) == (3, 2, 2, 0)
    assert said["weekdays"] == ["wed", "fri"]
    assert [one["name"] for one in said["venues"]] == ["Chez v"]
    changed = await client.patch(at, {"active": False, "time_to": None, "min_score": 0.9})
    assert changed.status == 200
    told = changed.json()
    assert (told["active"], told["time_to"], told["min_score"], told["told"]) == (False, None, 0.9, 2)
    assert told["neighborhoods"] == ["NoMad"]
    assert (await client.delete(at)).status == 204
    assert (await client.get(at)).status == 404


async def test_a_booking_after_a_notification_counts_as_converted(scene: WishScene, client: Client) -> None:
    made = (await client.post("/goals", BODY)).json()["id"]
    await scene.poll(1, {"v": [EIGHT]})
    await scene.match()
    statement = (
        "INSERT INTO alert_events (user_id, client_id, event_type, occurred_at, received_at, notification_id, metadata)"
        " VALUES ($1, $2, 'booking_confirmed', $3, $3, $4, '{}')"
    )
    async with scene.store._pool.acquire() as connection:
        for client_id in ("one", "two"):
            told = scene.one.told[0]
            await connection.execute(statement, scene.ann.id, client_id, NOON, told.id)
    (goal,) = (await client.get("/goals")).json()["goals"]
    assert (goal["id"], goal["converted"]) == (made, 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"date_from": "2026-03-01", "date_to": "2026-02-28"}, "date_to"),
        ({"date_to": "2026-02-17"}, "date_to"),
        ({"weekdays": ["friday"]}, "weekdays[0]"),
        ({"time_from": "25:00"}, "time_from"),
        ({"preferred_time": "8"}, "preferred_time"),
        ({"neighborhoods": ["SoHo", "…"]}, "neighborhoods[1]"),
        ({"neighborhoods": ["SoHo"] * 51}, "neighborhoods"),
        ({"venues": [{"name": "Nobody's"}]}, "venues[0]"),
        ({"price_max": 5}, "price_max"),
        ({"min_score": 1.1}, "min_score"),
        ({"name": None}, "name"),
    ],
)
async def test_a_bad_goal_is_refused_by_its_field(client: Client, change: dict[str, Any], field: str) -> None:
    made = (await client.post("/goals", BODY)).json()["id"]
    for answer in (
        await client.post("/goals", BODY | change),
        await client.post("/goals/preview", BODY | change),
        await client.patch(f"/goals/{made}", change),
    ):
        assert (answer.status, answer.wrong) == (400, [field])


async def test_another_users_goal_is_not_there(scene: WishScene, client: Client) -> None:
    made = (await client.post("/goals", BODY)).json()["id"]
    client.user = scene.bob
    for path in (f"/goals/{made}", f"/goals/{made}/preview", f"/goals/{made}/explain"):
        assert (await client.get(path)).status == 404
    assert (await client.patch(f"/goals/{made}", {"active": False})).status == 404
    assert (await client.delete(f"/goals/{made}")).status == 404
    assert (await client.get("/goals")).json() == {"goals": [], "next_cursor": None, "has_more": False}


async def test_what_hardly_misses_the_score_is_not_told_and_not_in_the_preview(
    scene: WishScene, client: Client
) -> None:
    scene.scarcity = {"v": 0.49999}
    wanted = BODY | {"min_score": 0.5}
    await client.post("/goals", wanted)
    await scene.poll(1, {"v": [EIGHT]})
    assert await scene.match() == []
    assert (await client.post("/goals/preview", wanted)).json()["openings"] == []


async def test_a_preview_and_an_explanation_know_the_score(scene: WishScene, client: Client) -> None:
    scene.scarcity = {"v": 0.5}
    await scene.poll(1, {"v": [EIGHT], "w": [EIGHT]})
    preview = (await client.post("/goals/preview", BODY)).json()
    assert [(one["event"]["venue_id"], one["score"]) for one in preview["openings"]] == [("v", 0.5)]
    made = (await client.post("/goals", BODY | {"min_score": 0.6})).json()["id"]
    said = (await client.get(f"/goals/{made}/explain")).json()
    assert (said["openings"], said["matched"], said["ruled_out"]) == (1, 0, {"score": 1})
    assert said["examples"][0]["score"] == 0.5
