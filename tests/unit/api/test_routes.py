"""Addresses with several methods, bodies and statuses, behind a gate."""

import msgspec
import pytest
from litestar.types import Receive, Scope, Send

from tablewire.api.openapi import document
from tablewire.api.requests import body_of, id_of, user_of
from tablewire.api.routes import AnyRequest, Operation, Reply, Route
from tests.api_client import ANN, BOB, ROOT, serving


class Thing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class Kept(msgspec.Struct, frozen=True):
    id: int
    name: str
    owner: str


async def listed(request: AnyRequest) -> Kept:
    return Kept(1, "first", user_of(request).name)


async def made(request: AnyRequest) -> Kept:
    return Kept(2, (await body_of(request, Thing)).name, user_of(request).name)


async def changed(request: AnyRequest) -> Kept:
    return Kept(id_of(request), (await body_of(request, Thing)).name, user_of(request).name)


async def gone(request: AnyRequest) -> None:
    id_of(request)


async def replied(request: AnyRequest) -> Reply:
    return Reply(body=b"moved", media_type="text/plain", status=302, headers={"location": "/elsewhere"})


async def raw(scope: Scope, receive: Receive, send: Send) -> None:
    name = scope["state"]["user"].name.encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": name, "more_body": False})


def operation(**fields: object) -> Operation:
    return Operation(summary="A thing", tag="things", **fields)  # type: ignore[arg-type]  # any of its fields


ROUTES = [
    Route(path="/things", operation=operation(answer=Kept), answer=listed),
    Route(
        path="/things", method="POST", operation=operation(body=Thing, answer=Kept, status=201), answer=made
    ),
    Route(path="/things/mine", operation=operation(answer=Kept), answer=listed),
    Route(path="/things/{id}", method="PATCH", operation=operation(body=Thing, answer=Kept), answer=changed),
    Route(path="/things/{id}", method="DELETE", operation=operation(status=204), answer=gone),
    Route(path="/raw", operation=operation(), raw=raw),
    Route(path="/open", operation=operation(), answer=replied, access="open"),
    Route(path="/admin/things", method="POST", operation=operation(), answer=listed, access="admin"),
]


async def test_an_address_answers_each_of_its_methods_as_its_user() -> None:
    async with serving(ROUTES, user=ANN) as client:
        assert (await client.get("/things")).json() == {"id": 1, "name": "first", "owner": "ann"}
        answer = await client.post("/things", {"name": "new"})
        assert (answer.status, answer.json()["name"]) == (201, "new")
        client.user = BOB
        assert (await client.patch("/things/7", {"name": "x"})).json() == {
            "id": 7,
            "name": "x",
            "owner": "bob",
        }


async def test_what_is_deleted_has_no_body() -> None:
    async with serving(ROUTES) as client:
        answer = await client.delete("/things/7")
        assert (answer.status, answer.body) == (204, b"")


async def test_a_reply_goes_out_as_it_is() -> None:
    async with serving(ROUTES, user=None) as client:
        answer = await client.get("/open")
        assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/things", "DELETE", {"GET", "POST"}),
        ("/things/1", "GET", {"PATCH", "DELETE"}),
        ("/raw", "POST", {"GET"}),
    ],
)
async def test_another_method_is_a_405_that_says_which_are_allowed(
    path: str, method: str, allowed: set[str]
) -> None:
    async with serving(ROUTES) as client:
        answer = await client.request(method, path)
        assert answer.status == 405
        assert allowed <= set(answer.headers["allow"].split(", "))
        assert method not in answer.headers["allow"].split(", ")


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "9" * 19, "9" * 30, "%00", "+1", "٣"])
async def test_an_id_that_can_be_nobodys_is_not_there(text: str) -> None:
    async with serving(ROUTES) as client:
        assert (await client.delete(f"/things/{text}")).status == 404


async def test_nobody_gets_in_who_is_not_known_be_the_route_raw_or_not() -> None:
    async with serving(ROUTES, user=None) as client:
        for path in ("/things", "/raw"):
            assert (await client.get(path)).status == 401, path
        client.user = ANN
        assert (await client.get("/raw")).body == b"ann"


async def test_an_admins_route_takes_admins_only() -> None:
    async with serving(ROUTES, user=ANN) as client:
        answer = await client.post("/admin/things")
        assert (answer.status, answer.json()["type"]) == (403, "/problems/admins-only")
        client.user = ROOT
        assert (await client.post("/admin/things")).status == 200


async def test_a_body_over_one_mebibyte_is_a_413_even_if_it_does_not_say_its_length() -> None:
    async with serving(ROUTES) as client:
        big = b'{"name":"' + b"x" * 1_100_000 + b'"}'
        assert (await client.request("POST", "/things", raw=big)).status == 413
        honest = await client.request("POST", "/things", raw=big, headers={"content-length": "0"})
        assert honest.status == 413


def test_the_document_has_methods_bodies_and_who_may_ask() -> None:
    paths = document(ROUTES, "0")["paths"]
    assert set(paths["/things"]) == {"get", "post"}
    assert paths["/things"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(
        "/Thing"
    )
    assert {"201", "400", "401", "403", "413", "429", "503"} <= set(paths["/things"]["post"]["responses"])
    assert "content" not in paths["/things/{id}"]["delete"]["responses"]["204"]
    assert "404" in paths["/things/{id}"]["delete"]["responses"]
    assert paths["/things"]["get"]["security"] == [{"bearer": []}, {"session": []}]
    assert paths["/open"]["get"]["security"] == []
    assert "401" not in paths["/open"]["get"]["responses"]
    names = [one["operationId"] for item in paths.values() for one in item.values()]
    assert len(set(names)) == len(ROUTES)
