"""The addresses of watches and of the hourly list, on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from tablewire.api.watch_list.controller import routes as list_routes
from tablewire.api.watches.controller import routes
from tablewire.api.watches.mine import routes as mine_routes
from tablewire.domain.notify_requests import NotifyRequest
from tablewire.domain.users import User
from tablewire.storage.store import PostgresStore
from tests.api_client import Client, serving
from tests.unit.domain.scenes import EIGHT
from tests.watch_scenes import WatchScene


@pytest.fixture
async def scene(store: PostgresStore) -> WatchScene:
    return await WatchScene.begin(store)


@pytest.fixture
async def client(scene: WatchScene) -> AsyncIterator[Client]:
    every = [*routes(scene.watches, scene.history), *list_routes(scene.watch_list)]
    async with serving(every, user=scene.ann) as client:
        yield client


async def test_a_watch_is_made_changed_run_and_deleted(scene: WatchScene, client: Client) -> None:
    wish = {
        "mode": "specific",
        "venues": [{"name": "CHEZ V"}],
        "filters": {"party_size": 2},
        "every_minutes": 5,
    }
    made = await client.post("/watches", wish)
    assert made.status == 201
    told = made.json()
    assert told["venues"] == [{"provider": "resy", "venue_id": "v", "name": "Chez v"}]
    assert (told["filters"], told["every_minutes"], told["paused"]) == ({"party_size": 2}, 5, False)
    at = f"/watches/{told['id']}"
    assert (await client.get(at)).json() == told
    changed = (await client.patch(at, {"paused": True})).json()
    assert (changed["paused"], changed["next_due_at"], changed["venues"]) == (True, None, told["venues"])
    await scene.poll(1, {"v": [EIGHT]})
    run = (await client.post(f"{at}/run")).json()
    assert [one["slot_time"] for one in run["last_result"]["tables"]] == ["20:00:00"]
    assert (await client.delete(at)).status == 204
    assert (await client.get(at)).status == 404


async def test_watches_come_in_pages(client: Client) -> None:
    ids = [(await client.post("/watches", {"mode": "new"})).json()["id"] for _ in range(3)]
    first = (await client.get("/watches", limit=2)).json()
    assert ([one["id"] for one in first["watches"]], first["has_more"]) == ([ids[2], ids[1]], True)
    last = (await client.get("/watches", limit=2, before=first["next_cursor"])).json()
    assert ([one["id"] for one in last["watches"]], last["has_more"]) == ([ids[0]], False)


async def test_bad_bodies_are_refused_field_by_field(client: Client) -> None:
    bad = {
        "mode": "specific",
        "venues": [{"name": "zzz"}, {"provider": "resy", "venue_id": "nowhere"}],
        "filters": {"party_size": [0], "colour": "red", "date_from": []},
    }
    refused = await client.post("/watches", bad)
    assert refused.status == 400
    assert sorted(refused.wrong) == [
        "filters.colour",
        "filters.date_from",
        "filters.party_size",
        "venues[0]",
        "venues[1]",
    ]
    assert (await client.post("/watches", {"mode": "sometimes", "every": 3})).wrong == ["every", "mode"]
    both = {"mode": "new", "venues": [{"name": "Chez v"}]}
    assert (await client.post("/watches", both)).wrong == ["venues"]


async def test_what_is_anothers_is_not_there(scene: WatchScene, client: Client) -> None:
    mine = (await client.post("/watches", {"mode": "new"})).json()["id"]
    client.user = scene.bob
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/run"),
        ("GET", "/explain"),
        ("GET", "/preview"),
    ):
        body = {"paused": True} if method == "PATCH" else None
        assert (await client.request(method, f"/watches/{mine}{path}", json=body)).status == 404
    assert (await client.get("/watches")).json()["watches"] == []


async def test_previews_and_explanations_are_documents(scene: WatchScene, client: Client) -> None:
    await scene.poll(1, {"v": [EIGHT]})
    wish = {"mode": "specific", "venues": [{"name": "Chez v"}], "filters": {"party_size": 4}}
    preview = await client.post("/watches/preview", {**wish, "filters": {}, "days": 14})
    assert [one["venue_name"] for one in preview.json()["tellings"]] == ["Chez v"]
    made = (await client.post("/watches", wish)).json()["id"]
    assert (await client.get(f"/watches/{made}/preview", days=3)).json()["tellings"] == []
    silence = (await client.get(f"/watches/{made}/explain")).json()
    assert silence["ruled_out"][0]["limit"] == "party_size"
    assert "party_size alone ruled out 1 of 1" in silence["reasons"][-1]


async def test_the_hourly_list_keeps_what_it_found(scene: WatchScene, client: Client) -> None:
    await scene.poll(1, {"v": [EIGHT]})
    wish = {"venue_id": "v", "party_size": 2, "dates": ["2026-02-18"]}
    added = await client.post("/resy/watch", wish)
    assert added.status == 201
    assert added.json()["last_result"]["open_now"] == 1
    await scene.poll(2, {"v": []})
    assert await scene.list_loop.turn() == 0
    scene.clock.advance(3700)
    assert await scene.list_loop.turn() == 1
    [entry] = (await client.get("/resy/watch")).json()["watches"]
    assert (entry["last_result"]["open_now"], entry["venue_name"]) == (0, "Chez v")
    assert [(one.venue_id, one.sizes) for one in scene.wanted["watch_list"]] == [("v", frozenset({2}))]
    client.user = scene.bob
    assert (await client.delete(f"/resy/watch/{entry['id']}")).status == 404
    client.user = scene.ann
    assert (await client.delete(f"/resy/watch/{entry['id']}")).status == 204


async def test_a_wrong_entry_is_refused(client: Client) -> None:
    bad = {"venue_id": "nowhere", "party_size": 2, "dates": ["2026-01-01"]}
    assert sorted((await client.post("/resy/watch", bad)).wrong) == ["dates", "venue_id"]


class NoRequests:
    """Somebody without notify requests."""

    async def list(self, user: User, before: int | None = None, limit: int = 50) -> list[NotifyRequest]:
        return []


async def test_what_is_mine_comes_in_one_answer(scene: WatchScene) -> None:
    every = [
        *routes(scene.watches, scene.history),
        *mine_routes(scene.watches, NoRequests(), scene.notifications, "/go/{}".format),
    ]
    async with serving(every, user=scene.ann) as client:
        made = await client.post("/watches", {"mode": "specific", "venues": [{"name": "Chez v"}]})
        await scene.poll(1, {"v": [EIGHT]})
        await client.post(f"/watches/{made.json()['id']}/run")
        mine = (await client.get("/watches/mine")).json()
        assert [one["id"] for one in mine["watches"]] == [made.json()["id"]]
        assert [one["kind"] for one in mine["notifications"]] == ["watch"]
        assert (mine["unread"], mine["notify_requests"]) == (1, [])
        client.user = scene.bob
        assert (await client.get("/watches/mine")).json()["watches"] == []
