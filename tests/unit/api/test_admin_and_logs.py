"""The addresses of admins and of logs, and the older paths of both."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from tablewire.api.admin.controller import routes as admin_routes
from tablewire.api.logs.controller import routes as log_routes
from tablewire.api.older import OF_USERS, older
from tablewire.api.routes import AnyRequest, Operation, Reply, Route
from tests.api_client import ANN, ROOT, Client, serving
from tests.unit.services.test_admin import EVENING, Doors, admin

CLEAR_DB = ["/admin/clear-db", "/chat/admin/clear-db"]


class Asked:
    """A client, and the doors behind what it asks."""

    def __init__(self, client: Client, doors: Doors) -> None:
        self.client, self.doors = client, doors


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    does, doors = admin()
    told = [*admin_routes(does), *log_routes()]
    async with serving([*told, *older(told, OF_USERS)], user=ROOT) as client:
        yield Asked(client, doors)


@pytest.mark.parametrize("path", CLEAR_DB)
async def test_an_admin_empties_the_database_by_its_name(asked: Asked, path: str) -> None:
    answer = await asked.client.post(path, {"confirm": "tables"})
    assert (answer.status, answer.json()) == (200, {"emptied": ["venues"]})


@pytest.mark.parametrize("path", CLEAR_DB)
@pytest.mark.parametrize("body", [b"", b'{"confirm":"yes"}'])
async def test_without_the_confirmation_it_is_a_400_that_says_so(
    asked: Asked, path: str, body: bytes
) -> None:
    answer = await asked.client.request("POST", path, raw=body)
    assert (answer.status, answer.wrong) == (400, ["confirm"])
    assert "the name of the database" in answer.json()["detail"]
    assert asked.doors.cleared == 0


async def test_a_body_of_something_else_names_what_is_wrong_in_it(asked: Asked) -> None:
    answer = await asked.client.post(CLEAR_DB[0], {"sure": True})
    assert (answer.status, answer.wrong) == (400, ["sure", "confirm"])


@pytest.mark.parametrize("path", [*CLEAR_DB, f"/admin/buckets/{EVENING}/rebaseline"])
async def test_who_is_no_admin_is_refused(asked: Asked, path: str) -> None:
    asked.client.user = ANN
    assert (await asked.client.post(path, {"confirm": "tables"})).status == 403
    assert (asked.doors.cleared, asked.doors.rebaselined) == (0, [])


async def test_a_bucket_gets_a_new_baseline(asked: Asked) -> None:
    answer = await asked.client.post(f"/admin/buckets/{EVENING}/rebaseline")
    assert (answer.status, answer.wrong) == (400, ["market"])
    answer = await asked.client.request(
        "POST", f"/admin/buckets/{EVENING}/rebaseline", query={"market": "nyc"}
    )
    assert answer.json() == {
        "market": "nyc",
        "bucket_id": EVENING,
        "joined": 3,
        "providers": {"opentable": 1, "resy": 2},
    }


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/booking/logs", "attempts"),
        ("/booking/errors", "attempts"),
        ("/logs", "calls"),
        ("/chat/logs", "logs"),
        ("/chat/booking-errors", "attempts"),
    ],
)
async def test_a_log_is_an_empty_page_in_its_final_shape(asked: Asked, path: str, field: str) -> None:
    asked.client.user = ANN
    answer = await asked.client.get(path, limit=10, before="7")
    assert (answer.status, answer.json()) == (200, {field: [], "next_cursor": None, "has_more": False})
    assert (await asked.client.get(path, limit=0)).wrong == ["limit"]
    assert (await asked.client.get(path, before="x")).wrong == ["before"]
    assert (await asked.client.get(path, since="1")).wrong == ["since"]


async def test_older_paths_have_every_method_of_the_new_ones_and_are_deprecated() -> None:
    async def answer(request: AnyRequest) -> Reply:
        return Reply(body=msgspec.json.encode([request.method, request.path_params.get("id")]))

    plain = Operation(summary="a watch", tag="watches")
    new = [("GET", "/watches"), ("POST", "/watches"), ("PATCH", "/watches/{id}"), ("DELETE", "/watches/{id}")]
    told = [Route(path=path, method=method, operation=plain, answer=answer) for method, path in new]  # type: ignore[arg-type]  # they are methods
    made = list(older(told, OF_USERS))
    assert [(route.method, route.path) for route in made] == [
        (method, f"/chat{path}") for method, path in new
    ]
    assert all(route.operation.deprecated for route in made)
    async with serving([*told, *made]) as client:
        assert (await client.patch("/chat/watches/7", {})).json() == ["PATCH", "7"]
        assert (await client.delete("/chat/watches/7")).json() == ["DELETE", "7"]
