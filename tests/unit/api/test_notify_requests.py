"""The addresses of notify requests, on PostgreSQL."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tablewire.api.notify_requests.controller import routes
from tablewire.storage.store import PostgresStore
from tests.api_client import Client, serving
from tests.unit.domain.scenes import EIGHT, NINE, TEN
from tests.wish_scenes import WishScene

BODY: dict[str, Any] = {
    "venues": [{"name": "chez V"}],
    "dates": ["2026-02-19", "2026-02-18", "2026-02-18"],
    "time_from": "19:00",
    "time_to": "21:30",
    "party_size": 2,
}


@pytest.fixture
async def scene(store: PostgresStore) -> WishScene:
    return await WishScene.begin(store)


@pytest.fixture
async def client(scene: WishScene) -> AsyncIterator[Client]:
    async with serving(routes(scene.asking, scene.history), user=scene.ann) as client:
        yield client


async def test_a_request_is_made_listed_fulfilled_and_deleted(scene: WishScene, client: Client) -> None:
    made = await client.post("/notify-requests", BODY)
    assert made.status == 201
    said = made.json()
    assert said.pop("created_at").startswith("2026-02-18T17:00")
    assert said == {
        "id": said["id"],
        "venues": [{"provider": "resy", "venue_id": "v", "name": "Chez v"}],
        "dates": ["2026-02-18", "2026-02-19"],
        "time_from": "19:00",
        "time_to": "21:30",
        "party_size": 2,
        "once": True,
        "status": "active",
        "fulfilled_by": None,
    }
    await scene.poll(1, {"v": [EIGHT]})
    await scene.match()
    at = f"/notify-requests/{said['id']}"
    told = (await client.get(at)).json()
    assert (told["status"], told["fulfilled_by"]) == ("fulfilled", scene.one.told[0].id)
    assert (await client.delete(at)).status == 204
    assert (await client.delete(at)).status == 404
    assert (await client.get(at)).status == 404


async def test_requests_come_in_pages(client: Client) -> None:
    ids = [(await client.post("/notify-requests", BODY)).json()["id"] for _ in range(3)]
    first = (await client.get("/notify-requests", limit=2)).json()
    assert ([one["id"] for one in first["notify_requests"]], first["has_more"]) == ([ids[2], ids[1]], True)
    last = (await client.get("/notify-requests", limit=2, before=first["next_cursor"])).json()
    assert ([one["id"] for one in last["notify_requests"]], last["has_more"]) == ([ids[0]], False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"venues": []}, "venues"),
        ({"venues": [{"name": "Nobody's"}]}, "venues[0]"),
        ({"venues": [{"provider": "resy", "venue_id": "\x00"}]}, "venues[0].venue_id"),
        ({"venues": [{"name": "chez v"}] * 51}, "venues"),
        ({"dates": []}, "dates"),
        ({"dates": ["2026-02-17"]}, "dates"),
        ({"dates": ["2028-02-17"]}, "dates"),
        ({"dates": ["soon"]}, "dates[0]"),
        ({"time_from": "7pm"}, "time_from"),
        ({"party_size": 0}, "party_size"),
        ({"party_size": 21}, "party_size"),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_a_bad_request_is_refused_by_its_field(
    client: Client, change: dict[str, Any], field: str
) -> None:
    for path in ("/notify-requests", "/notify-requests/preview"):
        answer = await client.post(path, BODY | change)
        assert (answer.status, answer.wrong) == (400, [field])


async def test_another_users_request_is_not_there(scene: WishScene, client: Client) -> None:
    made = (await client.post("/notify-requests", BODY)).json()["id"]
    client.user = scene.bob
    for path in (f"/notify-requests/{made}", f"/notify-requests/{made}/preview", "/notify-requests/0"):
        assert (await client.get(path)).status == 404
    assert (await client.get(f"/notify-requests/{made}/explain")).status == 404
    assert (await client.delete(f"/notify-requests/{made}")).status == 404
    assert (await client.get("/notify-requests")).json()["notify_requests"] == []


async def test_a_preview_says_what_would_have_been_told_and_how_long_it_lasted(
    scene: WishScene, client: Client
) -> None:
    await scene.poll(1, {"v": [EIGHT, TEN], "w": [EIGHT]})
    for minute in (2, 3):
        await scene.poll(minute, {"v": [NINE, TEN], "w": [EIGHT]})
    preview = (await client.post("/notify-requests/preview", BODY | {"days": 1})).json()
    shown = [
        (one["event"]["slot_time"], one["still_open"], one["open_seconds"]) for one in preview["openings"]
    ]
    assert [(at, still) for at, still, _ in shown] == [("21:00:00", True), ("20:00:00", False)]
    assert shown[1][2] > 0
    assert (preview["complete"], preview["since"][:16]) == (True, "2026-02-17T17:03")
    made = (await client.post("/notify-requests", BODY)).json()["id"]
    assert len((await client.get(f"/notify-requests/{made}/preview", days=14)).json()["openings"]) == 2
    assert (await client.get(f"/notify-requests/{made}/preview", days=15)).wrong == ["days"]


async def test_silence_is_explained(scene: WishScene, client: Client) -> None:
    body = BODY | {
        "dates": ["2026-02-18", "2026-05-01"],
        "party_size": 2,
        "time_to": None,
        "time_from": "20:30",
    }
    made = (await client.post("/notify-requests", body)).json()["id"]
    await scene.poll(1, {"v": [EIGHT, NINE], "w": [TEN]})
    said = (await client.get(f"/notify-requests/{made}/explain")).json()
    assert [(one["date"], one["state"]) for one in said["dates"]] == [
        ("2026-02-18", "watched"),
        ("2026-05-01", "beyond"),
    ]
    assert (said["openings"], said["matched"], said["ruled_out"]) == (2, 1, {"hours": 1})
    assert [one["ruled_out_by"] for one in said["examples"]] == ["hours"]
    assert said["party_size_polled"]
    assert said["venues"][0]["last_looked_at"] is not None
