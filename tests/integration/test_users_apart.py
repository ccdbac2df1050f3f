"""Users are kept apart: what the OpenAPI document says is tried as nobody, as another user, and as no admin."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from structlog.testing import capture_logs

from tablewire.api.rooms import HttpOptions
from tablewire.api.router import application
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.api.token_gate import TokenGate
from tablewire.app import Service
from tablewire.services.accounts import Accounts
from tablewire.settings import Settings
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import Metrics
from tests.api_client import Answer, Client
from tests.clock import StepClock
from tests.owned_things import CHANGES, CHANNEL_HOST, marked, one_of_each

OPEN = {
    "GET /", "GET /health", "GET /health/live", "GET /health/ready", "POST /session", "GET /go/{token}",
}  # fmt: skip
"""What answers without a token; the document may name no other."""

SHARED = {"live", "venues", "market", "discovery", "health", "pages"}
"""The tags of what is the same for every user."""


class StandingClock(StepClock):
    """Shows one instant: what is asked twice and has not changed is answered alike, with `now` in it."""

    def now(self) -> datetime:
        return self._now


class World:
    """An application on PostgreSQL, with ann, bob and an admin."""

    def __init__(self, app: Litestar, accounts: Accounts, document: Mapping[str, Any]) -> None:
        self.app, self.accounts, self.document = app, accounts, document
        self.answers: list[Answer] = []
        self.tokens: dict[str, str] = {}

    async def add_people(self) -> None:
        for name in ("ann", "bob", "root"):
            _, self.tokens[name] = await self.accounts.add(name, is_admin=name == "root")

    def client(self, name: str | None) -> Client:
        """Asks as a user, or as nobody."""
        client = Client(self.app)
        if name is not None:
            client.headers["authorization"] = f"Bearer {self.tokens[name]}"
        return client

    async def ask(self, name: str | None, method: str, path: str, body: Any = None) -> Answer:
        answer = await self.client(name).request(method, path, json=body)
        self.answers.append(answer)
        return answer

    def operations(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield method.upper(), path, operation


def accounts_on(store: PostgresStore) -> Accounts:
    clock = StepClock()
    return Accounts(store.people.accounts, clock.now, monotonic=clock.monotonic)


@pytest.fixture
async def world(store: PostgresStore) -> World:
    """The whole application, as it is wired."""
    accounts = accounts_on(store)
    options = {
        "AUTH": "token",
        "RATE_LIMIT": "off",
        "SECRET_KEY": "not-at-all-secret-but-for-tests-only",
        "CHANNEL_ALLOW": CHANNEL_HOST,
    }
    settings = Settings.load({f"TABLEWIRE_{name}": value for name, value in options.items()})
    clock = StandingClock(datetime.now(UTC))
    service = Service(settings, store, {}, Metrics(version="0", demo=False), accounts=accounts, clock=clock)
    world = World(service.application, accounts, {})
    await world.add_people()
    world.document = (await world.ask("ann", "GET", "/schema")).json()
    return world


def filled(path: str, id: object = 1) -> str:
    """An address with something for each of its parts."""
    return "/".join(
        str(id) if part == "{id}" else "x" if part.startswith("{") else part for part in path.split("/")
    )


async def leaks(world: World, made: Mapping[str, int]) -> list[str]:
    """What of ann's answers bob otherwise than by saying that it is not there; her things by address up to their ids."""
    found = list[str]()
    for method, path, _ in world.operations():
        if "{id}" not in path:
            continue
        thing = path[: path.index("{id}") + len("{id}")]
        if thing not in made:
            found.append(f"{thing}: nobody says how one is made; give it a maker")
            continue
        body = None if method in ("GET", "DELETE") else CHANGES.get(path, {})
        theirs = await world.ask("bob", method, filled(path, made[thing]), body)
        if theirs.status != 404:
            found.append(f"{method} {path}: {theirs.status}, not 404")
            continue
        nobodys = await world.ask("bob", method, filled(path, 2**62), body)
        if without_id(nobodys) != without_id(theirs):
            found.append(f"{method} {path}: what is another's and what is nobody's are told apart")
    return found


def without_id(answer: Answer) -> tuple[int, Any]:
    problem = answer.json()
    problem.pop("request_id", None)
    return answer.status, problem


async def test_nobody_sees_or_touches_what_is_anothers(world: World, store: PostgresStore) -> None:
    made = await one_of_each(world.client("ann"), store)
    before = await all_of(world, "ann")
    assert await leaks(world, made) == []
    await world.ask("bob", "POST", "/notifications/read-all")
    assert await all_of(world, "ann") == before


async def test_what_is_anothers_is_in_no_list(world: World, store: PostgresStore) -> None:
    made = await one_of_each(world.client("ann"), store)
    hers = {path for path, answer in (await all_of(world, "ann")).items() if marked(answer)}
    lists = {thing.removesuffix("/{id}") for thing in made} | {
        "/watches/mine",
        "/me/export",
        "/insights/alerts",
    }
    assert hers == lists
    assert {path for path, answer in (await all_of(world, "bob")).items() if marked(answer)} == set()


async def all_of(world: World, name: str) -> dict[str, Any]:
    """What a user is answered at every address that lists something of theirs."""
    answers = dict[str, Any]()
    for method, path, operation in world.operations():
        if method != "GET" or "{" in path or path.endswith("/stream") or operation["tags"][0] in SHARED:
            continue
        answer = (await world.ask(name, "GET", path)).json()
        answers[path] = answer
    return answers


async def test_without_a_token_nothing_answers_but_what_is_open(world: World) -> None:
    for method, path, operation in world.operations():
        name = f"{method} {path}"
        if name in OPEN:
            assert operation["security"] == [], name
            continue
        assert operation["security"], f"{name} is open"
        answer = await world.ask(None, method, filled(path))
        assert (answer.status, answer.json()["type"]) == (401, "/problems/unauthorized"), name
        assert answer.headers["www-authenticate"].startswith("Bearer"), name


async def test_a_parameter_that_there_is_none_of_is_refused_everywhere_but_by_probes_and_links(
    world: World,
) -> None:
    for method, path, _ in world.operations():
        if path in ("/health/live", "/health/ready", "/go/{token}"):
            continue
        answer = await world.ask("root", method, f"{filled(path)}?colour=red")
        assert "colour" in answer.wrong, f"{method} {path}"


async def test_what_is_for_admins_is_for_no_other_user(world: World) -> None:
    for method, path, operation in world.operations():
        if "/admin/" in path:
            assert operation.get("description") == "For admins only.", path
            answer = await world.ask("ann", method, filled(path), {})
            assert (answer.status, answer.json()["type"]) == (403, "/problems/admins-only"), path


async def test_a_token_is_in_no_address_answer_or_log(world: World) -> None:
    for _, path, operation in world.operations():
        asked = [parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"]
        assert not [name for name in asked if "token" in name or "session" in name], path
    with capture_logs() as logged:
        for method, path, _ in world.operations():
            if "{" in path or path.endswith("/stream"):
                continue
            for body in ({"confirm": world.tokens["ann"]}, {world.tokens["ann"][:20]: 1}):
                await world.ask("bob", method, path, body if method != "GET" else None)
        await world.ask(None, "POST", "/session", {"token": world.tokens["ann"]})
        await world.ask(None, "POST", "/session", {"token": "tw_" + "x" * 43})
        await world.ask(None, "POST", "/session", {"token": [world.tokens["ann"]]})
    for token in world.tokens.values():
        assert token not in str(logged)
        for answer in world.answers:
            assert token.encode() not in answer.body
            assert token not in str(answer.headers)


async def test_logging_in_gives_a_cookie_that_no_script_reads_and_logging_out_ends_it(world: World) -> None:
    begun = await world.ask(None, "POST", "/session", {"token": world.tokens["ann"]})
    assert (begun.status, begun.json()["user"]["name"]) == (201, "ann")
    cookie, *flags = begun.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"} == set(flags)
    assert cookie.partition("=")[2] not in begun.body.decode()
    browser = Client(world.app)
    browser.headers |= {"cookie": cookie, "origin": "http://localhost"}
    assert (await browser.get("/me")).json()["name"] == "ann"
    ended = await browser.delete("/session")
    assert (ended.status, "Max-Age=0" in ended.headers["set-cookie"]) == (204, True)
    assert (await browser.get("/me")).status == 401


async def test_who_logs_in_with_no_token_is_told_what_is_wrong(world: World) -> None:
    assert (await world.ask(None, "POST", "/session", {"token": "tw_" + "x" * 43})).status == 401
    assert (await world.ask(None, "POST", "/session", {"tokn": "x"})).wrong == ["tokn", "token"]
    assert (await world.ask(None, "POST", "/session")).wrong == ["body"]


async def test_a_user_changes_and_deletes_themselves_only(world: World) -> None:
    changed = await world.ask("ann", "PATCH", "/me", {"time_zone": "Asia/Tokyo"})
    assert changed.json()["time_zone"] == "Asia/Tokyo"
    assert (await world.ask("ann", "PATCH", "/me", {"time_zone": "Mars"})).wrong == ["time_zone"]
    assert (await world.ask("ann", "PATCH", "/me", {"is_admin": True})).wrong == ["is_admin", "time_zone"]
    assert (await world.ask("bob", "DELETE", "/me", {"confirm": "ann"})).wrong == ["confirm"]
    gone = await world.ask("ann", "DELETE", "/me", {"confirm": "ann"})
    assert (gone.status, gone.body) == (204, b"")
    assert (await world.ask("ann", "GET", "/me")).status == 401
    assert (await world.ask("bob", "GET", "/me")).json()["time_zone"] == "America/New_York"


class Thing(msgspec.Struct):
    id: int


async def _leaky(request: AnyRequest) -> Thing:
    return Thing(int(request.path_params["id"]))


async def test_a_leak_would_be_found(store: PostgresStore) -> None:
    accounts = accounts_on(store)
    path, operation = "/things/{id}", Operation(summary="Leaks", tag="things", answer=Thing)
    route = Route(path=path, operation=operation, answer=_leaky)
    options = HttpOptions(version="0", local_only=False)
    document: dict[str, Any] = {"paths": {path: {"get": {}}}}
    world = World(application([route], TokenGate(accounts, per_second=None), options), accounts, document)
    await world.add_people()
    assert "GET /things/{id}: 200, not 404" in await leaks(world, {path: 7})
    assert "give it a maker" in (await leaks(world, {}))[0]
