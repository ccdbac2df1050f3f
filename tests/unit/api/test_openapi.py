"""The document against the application."""

from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.routes import ASGIRoute, HTTPRoute

from tablewire.api.feed.controller import MORE_KINDS
from tablewire.api.openapi import document
from tablewire.api.parameters import FILTERS
from tablewire.api.router import all_routes
from tablewire.domain.filters import PARAMETERS
from tests.unit.live.doubles import World

OLDER = {
    "/chat/providers", "/chat/watches/availability", "/chat/watches/feed", "/chat/watches/just-opened",
    "/chat/watches/still-open", "/chat/watches/new-drops", "/chat/watches/discovery-health", "/chat/watches/db-debug",
    "/chat/watches/discovery-debug",
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def said(world: World) -> dict[str, Any]:
    return document(all_routes(world.rooms), "0.1.0")


def addresses(app: Litestar) -> set[str]:
    found = {route.path_format for route in app.routes if isinstance(route, HTTPRoute | ASGIRoute)}
    return {path.replace(":str", "") for path in found}


def test_the_document_has_every_address_of_the_application_and_no_other(
    world: World, said: dict[str, Any]
) -> None:
    assert set(said["paths"]) == addresses(world.app())


def test_the_older_paths_are_there_and_deprecated_and_nothing_else_is(said: dict[str, Any]) -> None:
    assert {path for path, item in said["paths"].items() if item["get"].get("deprecated")} == OLDER


def test_it_is_openapi_3_1_and_survives_json(said: dict[str, Any]) -> None:
    assert said["openapi"].startswith("3.1")
    assert set(msgspec.json.decode(msgspec.json.encode(said))) == set(said)


def test_operations_have_names_of_their_own(said: dict[str, Any]) -> None:
    names = [item["get"]["operationId"] for item in said["paths"].values()]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(said: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in said["components"]["schemas"]}
    assert set(references(said)) <= known


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for value in node.values() for found in references(value)]
    if isinstance(node, list):
        return [found for value in node for found in references(value)]
    return []


def test_every_filter_is_documented() -> None:
    assert {parameter.name for parameter in FILTERS} == set(PARAMETERS)


def test_every_event_view_takes_every_filter(said: dict[str, Any]) -> None:
    views = ("/feed", "/feed/stream", "/just-opened", "/still-open", "/new-drops", "/availability")
    for path in views:
        names = {parameter["name"] for parameter in said["paths"][path]["get"]["parameters"]}
        assert set(PARAMETERS) <= names, path


def test_the_kinds_that_still_open_can_include_are_those_of_the_specification() -> None:
    assert MORE_KINDS == ("reopened", "baseline", "gap")
