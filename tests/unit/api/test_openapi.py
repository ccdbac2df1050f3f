"""The document against the application, all of it as it is wired."""

from typing import Any

import asyncpg
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import ASGIRoute, HTTPRoute

from tablewire.api.feed.controller import MORE_KINDS
from tablewire.api.parameters import FILTERS
from tablewire.app import Service
from tablewire.domain.filters import PARAMETERS
from tablewire.domain.users import User
from tablewire.services.accounts import Accounts
from tablewire.settings import Settings
from tablewire.storage.pools import open_engine
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import Metrics
from tests.api_client import ROOT, Client

OLDER = {
    "/chat/providers", "/chat/watches/availability", "/chat/watches/feed", "/chat/watches/just-opened",
    "/chat/watches/still-open", "/chat/watches/new-drops", "/chat/watches/discovery-health", "/chat/watches/db-debug",
    "/chat/watches/discovery-debug", "/chat/watches", "/chat/watches/{id}", "/chat/booking-errors", "/chat/logs",
    "/chat/admin/clear-db",
}  # fmt: skip


class Known(Accounts):
    """Knows who asks without looking anywhere."""

    def __init__(self) -> None:
        """Nothing is behind it."""

    async def local_user(self) -> User:
        return ROOT


@pytest.fixture
async def app() -> Litestar:
    """The whole application; its store is never asked."""
    dsn = "postgresql://nobody@localhost/nothing"
    store = PostgresStore(asyncpg.create_pool(dsn, min_size=0), open_engine(dsn))
    settings = Settings.load({"TABLEWIRE_SECRET_KEY": "not-at-all-secret-but-for-tests-only"})
    return Service(settings, store, {}, Metrics(version="0", demo=False), accounts=Known()).application


@pytest.fixture
async def said(app: Litestar) -> dict[str, Any]:
    answer = await Client(app).get("/schema")
    assert answer.status == 200, answer.body
    document: dict[str, Any] = answer.json()
    return document


def addresses(app: Litestar) -> set[str]:
    found = {route.path_format for route in app.routes if isinstance(route, HTTPRoute | ASGIRoute)}
    return {path.replace(":str", "") for path in found}


def operations(said: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, operation) for path, item in said["paths"].items() for operation in item.values()]


def test_the_document_has_every_address_of_the_application_and_no_other(
    app: Litestar, said: dict[str, Any]
) -> None:
    assert set(said["paths"]) == addresses(app)


def test_the_older_paths_are_there_and_deprecated_and_nothing_else_is(said: dict[str, Any]) -> None:
    deprecated = {(path, bool(one.get("deprecated"))) for path, one in operations(said)}
    assert deprecated == {(path, path in OLDER) for path in said["paths"]}


def test_it_is_openapi_3_1_and_survives_json(said: dict[str, Any]) -> None:
    assert said["openapi"].startswith("3.1")
    assert set(msgspec.json.decode(msgspec.json.encode(said))) == set(said)


def test_operations_have_names_of_their_own(said: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(said)]
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
