"""Single calls to Resy that go wrong, one fault at a time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import aiohttp
import pytest
from aioresponses import CallbackResult, aioresponses

from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.providers.http import Caller
from tablewire.providers.protocol import Seats
from tablewire.providers.resy.client import ResyProvider
from tests.unit.providers.resy_pages import DAY, hit, page, slot

URL = "https://resy.example/3/venuesearch/search"
GOOD = page([hit(1, slot("19:00:00"))])
BLOCK = "<html><title>Pardon Our Interruption</title></html>"


@pytest.fixture
async def resy() -> AsyncIterator[ResyProvider]:
    caller = Caller(
        "resy", seats=Seats(4), rate=1000, timeout=5, user_agent="tablewire/test", jitter=lambda _longest: 0.0
    )
    provider = ResyProvider(
        base_url="https://resy.example", api_key="made-up", auth_token=None, caller=caller
    )
    yield provider
    await provider.aclose()


@pytest.fixture
def wire() -> Any:
    with aioresponses() as mocked:
        yield mocked


async def ask(resy: ResyProvider, seconds: float = 3.0) -> Snapshot:
    until = asyncio.get_running_loop().time() + seconds
    return await resy.search_availability(NYC, date.fromisoformat(DAY), None, (2,), until=until)


@pytest.mark.parametrize(
    "fault",
    [
        {"exception": aiohttp.ClientConnectionError("away")},
        {"exception": aiohttp.ServerDisconnectedError()},
        {"exception": ConnectionResetError()},
        {"timeout": True},
        {"status": 500, "body": "Internal Server Error", "content_type": "text/plain"},
        {"status": 502, "body": "", "content_type": "text/plain"},
        {"status": 503, "body": "{}", "headers": {"Retry-After": "0"}},
        {"status": 429, "body": "{}", "headers": {"Retry-After": "0"}},
    ],
)
async def test_what_can_pass_by_itself_is_tried_again(
    resy: ResyProvider, wire: Any, fault: dict[str, Any]
) -> None:
    wire.post(URL, **fault)
    wire.post(URL, **fault)
    wire.post(URL, body=GOOD)
    snapshot = await ask(resy)
    assert snapshot.outcome is Outcome.OK
    assert snapshot.calls == 3


@pytest.mark.parametrize(
    ("fault", "outcome", "cause"),
    [
        ({"status": 419, "payload": {"status": 419}}, Outcome.FAILED, "key or token is refused"),
        ({"status": 419, "body": BLOCK, "content_type": "text/html"}, Outcome.BLOCKED, "blocked"),
        ({"status": 403, "body": BLOCK, "content_type": "text/html"}, Outcome.BLOCKED, "blocked"),
        ({"status": 200, "body": BLOCK, "content_type": "text/html"}, Outcome.BLOCKED, "blocked"),
        ({"status": 200, "body": BLOCK, "content_type": "application/json"}, Outcome.BLOCKED, "blocked"),
        ({"status": 500, "body": BLOCK, "content_type": "text/html"}, Outcome.BLOCKED, "blocked"),
        ({"status": 400, "payload": {"data": {"id": "missing"}}}, Outcome.FAILED, "not taken"),
        ({"status": 200, "body": GOOD[: len(GOOD) // 2]}, Outcome.FAILED, "could not be decoded"),
        ({"status": 200, "body": b""}, Outcome.FAILED, "could not be decoded"),
        ({"status": 200, "payload": {"search": {"hits": None}}}, Outcome.FAILED, "could not be decoded"),
        ({"status": 200, "payload": {"errors": ["no"]}}, Outcome.FAILED, "could not be decoded"),
        (
            {"status": 200, "body": b'{"search":{"hits":[' + b"[" * 100_000},
            Outcome.FAILED,
            "could not be decoded",
        ),
    ],
)
async def test_what_cannot_pass_by_itself_is_not_tried_again(
    resy: ResyProvider, wire: Any, fault: dict[str, Any], outcome: Outcome, cause: str
) -> None:
    wire.post(URL, **fault)
    wire.post(URL, body=GOOD, repeat=True)
    snapshot = await ask(resy)
    assert (snapshot.outcome, snapshot.calls, snapshot.answers) == (outcome, 1, ())
    assert snapshot.cause is not None
    assert cause in snapshot.cause


async def test_a_failed_page_takes_nothing_from_the_others(resy: ResyProvider, wire: Any) -> None:
    def answer(url: Any, *, data: bytes, **_: Any) -> CallbackResult:
        if b'"page":2' in data:
            return CallbackResult(status=400, payload={})
        number = 3 if b'"page":3' in data else 1
        return CallbackResult(body=page([hit(number, slot("19:00:00"))], page=number, total_pages=3, total=3))

    wire.post(URL, callback=answer, repeat=True)
    snapshot = await ask(resy)
    assert snapshot.outcome is Outcome.PARTIAL
    assert snapshot.cause is not None
    assert "page 2 for 2" in snapshot.cause
    assert sorted(answer.page for answer in snapshot.answers) == [1, 3]


async def test_a_retry_after_beyond_the_polls_time_ends_the_call(resy: ResyProvider, wire: Any) -> None:
    wire.post(URL, status=429, payload={}, headers={"Retry-After": "120"}, repeat=True)
    snapshot = await ask(resy)
    assert (snapshot.outcome, snapshot.calls) == (Outcome.FAILED, 1)
    again = await ask(resy)
    assert (again.outcome, again.calls) == (Outcome.FAILED, 0)


async def test_a_rested_provider_is_not_asked(resy: ResyProvider, wire: Any) -> None:
    wire.post(URL, status=500, body="no", content_type="text/plain", repeat=True)
    for _ in range(4):
        await ask(resy)
    snapshot = await ask(resy)
    assert (snapshot.outcome, snapshot.calls) == (Outcome.FAILED, 0)
    assert resy.status().breaker == "open"
