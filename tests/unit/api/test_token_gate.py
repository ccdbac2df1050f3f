"""Who gets in by a token or a session, how often, and from which pages."""

from ipaddress import ip_network

import msgspec
import pytest

from tablewire.api.addresses import Addresses
from tablewire.api.gate import client_of
from tablewire.api.requests import user_of
from tablewire.api.rooms import HttpOptions
from tablewire.api.router import application
from tablewire.api.routes import AnyRequest, Operation, Route
from tablewire.api.token_gate import TokenGate
from tablewire.domain.users import Caller
from tests.api_client import ANN, ROOT, Answer, Client
from tests.unit.api.test_asks import Clock


class Who(msgspec.Struct):
    name: str
    client: str


class Known:
    """Ann has a token and a session, root a token."""

    def __init__(self) -> None:
        self.tokens = {"tw_ann": Caller(ANN, 11), "tw_root": Caller(ROOT, 12)}
        self.sessions = {"tws_ann": Caller(ANN, 11)}
        self.seen: set[str] = set()
        self.asked = 0

    def knew(self, text: str) -> bool:
        return text in self.seen

    async def of_token(self, text: str) -> Caller | None:
        self.asked += 1
        return self.tokens.get(text)

    async def of_session(self, text: str) -> Caller | None:
        self.asked += 1
        return self.sessions.get(text)


async def who(request: AnyRequest) -> Who:
    return Who(user_of(request).name, client_of(request.scope))


async def anyone(request: AnyRequest) -> Who:
    return Who("anyone", client_of(request.scope))


_ = Operation(summary="Who asks", tag="users", answer=Who)
ROUTES = [
    Route(path="/me", operation=_, answer=who),
    Route(path="/me", operation=_, answer=who, method="DELETE"),
    Route(path="/still-open", operation=_, answer=who),
    Route(path="/admin/x", operation=_, answer=who, method="POST", access="admin"),
    Route(path="/health", operation=_, answer=anyone, access="open"),
    Route(path="/session", operation=_, answer=anyone, method="POST", access="open"),
]


class World:
    def __init__(self, per_second: float | None = None) -> None:
        self.known, self.clock = Known(), Clock()
        addresses = Addresses([ip_network("127.0.0.1/32")])
        gate = TokenGate(
            self.known,
            per_second=per_second,
            addresses=addresses,
            public_url="https://tables.example/app",
            clock=self.clock,
        )
        options = HttpOptions(version="0", local_only=False, cors_origins=("https://other.example",))
        self.client = Client(application(ROUTES, gate, options))

    async def ask(
        self, path: str = "/me", method: str = "GET", client: str = "9.9.9.9", **headers: str
    ) -> Answer:
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, headers=lines, client=client)


@pytest.fixture
def world() -> World:
    return World()


BEARER = "Bearer tw_ann"
COOKIE = "a=b; tablewire_session=tws_ann; c=d"


async def test_a_token_or_a_session_lets_its_user_in(world: World) -> None:
    for headers in ({"authorization": BEARER}, {"authorization": "bearer  tw_ann"}, {"cookie": COOKIE}):
        answer = await world.ask(**headers)
        assert answer.json() == {"name": "ann", "client": "token 11"}, headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Basic dXNlcjpwdw=="},
        {"authorization": "tw_ann"},
        {"cookie": "x=y"},
    ],
)
async def test_who_shows_nothing_is_told_what_is_needed(world: World, headers: dict[str, str]) -> None:
    answer = await world.ask(**headers)
    assert (answer.status, answer.json()["type"]) == (401, "/problems/unauthorized")
    assert answer.headers["www-authenticate"] == 'Bearer realm="tablewire"'
    assert world.known.asked == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer tw_bob"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer tws_ann"},
        {"cookie": "tablewire_session=tw_ann"},
        {"cookie": "tablewire_session="},
        {"authorization": "Bearer tw_bob", "cookie": COOKIE},
    ],
)
async def test_who_shows_something_wrong_is_refused_and_it_is_not_said_again(
    world: World, headers: dict[str, str]
) -> None:
    answer = await world.ask(**headers)
    assert answer.status == 401
    assert "invalid_token" in answer.headers["www-authenticate"]
    assert b"tw_" not in answer.body
    assert b"tws_" not in answer.body


async def test_a_proxys_password_does_not_stand_in_a_sessions_way(world: World) -> None:
    assert (await world.ask(authorization="Basic eA==", cookie=COOKIE)).status == 200


async def test_open_addresses_answer_without_looking(world: World) -> None:
    answer = await world.ask("/health", authorization="Bearer tw_wrong")
    assert (answer.status, answer.json()["client"]) == (200, "9.9.9.9")
    assert world.known.asked == 0


async def test_a_plain_user_is_no_admin(world: World) -> None:
    assert (await world.ask("/admin/x", "POST", authorization=BEARER)).status == 403
    assert (await world.ask("/admin/x", "POST", authorization="Bearer tw_root")).status == 200


async def test_a_session_writes_from_its_own_page_only(world: World) -> None:
    async def deleted(**headers: str) -> int:
        return (await world.ask("/me", "DELETE", cookie=COOKIE, **headers)).status

    assert await deleted(origin="http://localhost") == 200
    assert await deleted(origin="https://tables.example") == 200
    assert await deleted() == 403
    for origin in (
        "https://evil.example",
        "https://other.example",
        "null",
        "http://localhost:1",
        "localhost",
    ):
        assert await deleted(origin=origin) == 403, origin
    assert (await world.ask("/me", cookie=COOKIE, origin="https://other.example")).status == 200


async def test_over_https_a_page_without_it_is_another(world: World) -> None:
    secure = {"cookie": COOKIE, "client": "127.0.0.1", "x_forwarded_proto": "https"}
    assert (await world.ask("/me", "DELETE", origin="https://localhost", **secure)).status == 200
    assert (await world.ask("/me", "DELETE", origin="http://localhost", **secure)).status == 403


async def test_a_token_needs_no_origin_and_no_page_has_it(world: World) -> None:
    for headers in ({}, {"origin": "https://other.example"}):
        assert (await world.ask("/me", "DELETE", authorization=BEARER, **headers)).status == 200


async def test_no_foreign_page_logs_a_browser_in(world: World) -> None:
    assert (await world.ask("/session", "POST")).status == 200
    assert (await world.ask("/session", "POST", origin="https://evil.example")).status == 403


async def test_a_preflight_says_what_pages_of_other_origins_may_do(world: World) -> None:
    answer = await world.ask(
        "/me", "OPTIONS", origin="https://other.example", access_control_request_method="DELETE"
    )
    assert answer.status == 204
    assert "DELETE" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_each_token_has_its_rate_and_a_burst_of_twice_that() -> None:
    world = World(per_second=5)
    answers = [await world.ask(authorization=BEARER) for _ in range(11)]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert (answers[-1].headers["retry-after"], answers[-1].json()["type"]) == (
        "1",
        "/problems/too-many-requests",
    )
    assert (await world.ask(authorization="Bearer tw_root")).status == 200
    assert (await world.ask(cookie=COOKIE)).status == 429, "a session counts as its token"
    world.clock.now = 1.0
    assert [(await world.ask(authorization=BEARER)).status for _ in range(6)] == [200] * 5 + [429]


async def test_without_a_token_each_address_has_its_rate() -> None:
    world = World(per_second=1)
    assert [(await world.ask("/health")).status for _ in range(3)] == [200, 200, 429]
    assert (await world.ask("/me")).status == 429
    assert (await world.ask("/health", client="8.8.8.8")).status == 200
    forwarded = [
        (await world.ask("/health", client="127.0.0.1", x_forwarded_for=f"7.7.7.{n}")).status
        for n in range(5)
    ]
    assert forwarded == [200] * 5


async def test_the_views_that_stand_in_for_the_stream_can_always_be_polled_each_ten_seconds() -> None:
    world = World(per_second=2)
    statuses = []
    for _ in range(20):
        world.clock.now += 10
        while (await world.ask(authorization=BEARER)).status != 429:
            pass
        statuses.append((await world.ask("/still-open", authorization=BEARER)).status)
    assert statuses == [200] * 20
    assert 429 in [(await world.ask("/still-open", authorization=BEARER)).status for _ in range(4)]


async def test_wrong_tokens_from_one_address_are_slowed_down_without_asking_the_store(world: World) -> None:
    statuses = [(await world.ask(authorization=f"Bearer tw_{n}")).status for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert world.known.asked == 10
    refused = await world.ask(authorization=BEARER)
    assert (refused.status, refused.headers["retry-after"]) == (429, "5")
    world.clock.now = 5.0
    assert (await world.ask(authorization=BEARER)).status == 200


async def test_who_was_let_in_before_is_not_locked_out_by_a_neighbours_wrong_tokens(world: World) -> None:
    world.known.seen.add("tw_ann")
    for n in range(12):
        await world.ask(authorization=f"Bearer tw_{n}")
    assert (await world.ask(authorization=BEARER)).status == 200
    assert (await world.ask(authorization=BEARER, client="8.8.8.8")).status == 200


async def test_wrong_tokens_count_against_their_address() -> None:
    world = World(per_second=1)
    assert [(await world.ask(authorization=f"Bearer tw_{n}")).status for n in range(3)] == [401, 401, 429]
