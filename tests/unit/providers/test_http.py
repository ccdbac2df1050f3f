"""The caller: seats, budget, time-outs, bounded bodies, and manners on the wire."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from tablewire.providers.breaker import FIRST_REST, THRESHOLD
from tablewire.providers.calls import CallFailure, FailureKind, Fetched, Refusal, Request
from tablewire.providers.http import MAX_BODY, Caller, Exchange
from tablewire.providers.protocol import Seats
from tablewire.providers.turns import MOST_UNREAD
from tablewire.providers.verdict import Answered

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SECRET = "made-up-secret"


class Server:
    """A local server whose handler the test says."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[web.Request] = []
        self.handler: Handler = self.fine

    async def fine(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"fine": True})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.handler(request)

    def request(self, path: str = "/") -> Request:
        return Request("POST", self.url + path, headers={"Authorization": SECRET}, body=SECRET.encode())


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


class Callers:
    """Makes callers, and closes them."""

    def __init__(self) -> None:
        self.made: list[Caller] = []

    def __call__(self, *, seats: Seats | None = None, rate: float = 1000.0, timeout: float = 20.0) -> Caller:
        caller = Caller(
            "resy",
            seats=seats or Seats(8),
            rate=rate,
            timeout=timeout,
            user_agent="tablewire/test",
            jitter=lambda _longest: 0.0,
        )
        self.made.append(caller)
        return caller


@pytest.fixture
async def make() -> AsyncIterator[Callers]:
    callers = Callers()
    yield callers
    for caller in callers.made:
        await caller.aclose()


def in_seconds(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_an_answer_is_fetched_between_two_instants(server: Server, make: Callers) -> None:
    before = datetime.now(UTC)
    fetched = await make().call(server.request(), bytes)
    assert isinstance(fetched, Fetched)
    assert (fetched.status, fetched.body) == (200, b'{"fine": true}')
    assert before <= fetched.sent_at <= fetched.arrived_at <= datetime.now(UTC)


async def test_it_says_who_it_is_and_keeps_no_cookies(server: Server, make: Callers) -> None:
    async def bake(request: web.Request) -> web.StreamResponse:
        answer = web.json_response({})
        answer.set_cookie("taste", "sweet")
        return answer

    server.handler = bake
    server.url = server.url.replace("127.0.0.1", "localhost")  # jars take no cookie from a bare address
    caller = make()
    for _ in range(2):
        await caller.call(server.request(), bytes)
    assert {request.headers["User-Agent"] for request in server.requests} == {"tablewire/test"}
    assert not any("Cookie" in request.headers for request in server.requests)


async def test_redirects_are_not_followed(server: Server, make: Callers) -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=302, headers={"Location": server.url + "/elsewhere"})

    server.handler = elsewhere
    failure = await make().call(server.request(), bytes)
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.REJECTED
    assert len(server.requests) == 1


async def test_waiting_for_a_seat_does_not_spend_the_time_out(server: Server, make: Callers) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.1)
        return web.json_response({})

    server.handler = slow
    caller = make(seats=Seats(2), timeout=0.8)
    results = await asyncio.gather(*(caller.call(server.request(), bytes) for _ in range(24)))
    assert all(isinstance(result, Fetched) for result in results)


async def test_no_more_calls_are_in_flight_than_there_are_seats(server: Server, make: Callers) -> None:
    now = most = 0

    async def count(request: web.Request) -> web.StreamResponse:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return web.json_response({})

    server.handler = count
    seats = Seats(3)
    callers = [make(seats=seats), make(seats=seats)]
    await asyncio.gather(*(caller.call(server.request(), bytes) for caller in callers * 10))
    assert most == 3


async def test_nothing_is_sent_while_many_answers_wait_to_be_read(server: Server, make: Callers) -> None:
    caller = make(seats=Seats(2 * MOST_UNREAD))
    async with caller.reading:
        waiting = [asyncio.create_task(caller.reading.__aenter__()) for _ in range(MOST_UNREAD - 1)]
        await asyncio.sleep(0)
        result = await caller.call(server.request(), bytes, until=in_seconds(0.05))
        assert isinstance(result, CallFailure)
        assert (result.kind, caller.sent) == (FailureKind.OUT_OF_TIME, 0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(await caller.call(server.request(), bytes), Fetched)


async def test_sent_at_is_after_the_queue(server: Server, make: Callers) -> None:
    caller = make(rate=20.0)
    started = datetime.now(UTC)
    results = await asyncio.gather(*(caller.call(server.request(), bytes) for _ in range(6)))
    sent = sorted(result.sent_at for result in results if isinstance(result, Fetched))
    assert len(sent) == 6
    # The burst is 3; the three others are 1/20 s apart.
    assert sent[-1] - started >= timedelta(seconds=0.14)


async def test_the_budget_holds_for_retries_too(server: Server, make: Callers) -> None:
    async def fail(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text="no")

    server.handler = fail
    caller = make(rate=20.0)
    started = time.monotonic()
    await asyncio.gather(*(caller.call(server.request(), bytes) for _ in range(2)))
    assert len(server.requests) == 6
    assert time.monotonic() - started >= 0.14


async def test_queued_calls_are_not_sent_in_a_heap_when_seats_come_free(
    server: Server, make: Callers
) -> None:
    seats = Seats(4)
    for _ in range(4):
        await seats.take("resy")
    caller = make(seats=seats, rate=20.0)
    calls = asyncio.gather(*(caller.call(server.request(), bytes) for _ in range(8)))
    await asyncio.sleep(0.5)  # long enough to save up ten calls, if queueing did
    for _ in range(4):
        seats.give_back("resy")
    results = await calls
    sent = sorted(result.sent_at for result in results if isinstance(result, Fetched))
    assert sent[-1] - sent[0] >= timedelta(seconds=0.2)


async def test_a_call_that_is_too_slow_times_out_and_is_tried_again(server: Server, make: Callers) -> None:
    async def hang_twice(request: web.Request) -> web.StreamResponse:
        if len(server.requests) < 3:
            await asyncio.sleep(30)
        return web.json_response({})

    server.handler = hang_twice
    request = server.request()
    assert isinstance(await make(timeout=0.1).call(request, bytes), Fetched)
    assert request.sent == 3


async def test_a_body_that_drips_times_out(server: Server, make: Callers) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        while True:
            await answer.write(b" ")
            await asyncio.sleep(0.01)

    server.handler = drip
    failure = await make(timeout=0.1).call(server.request(), bytes)
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.TIMEOUT


async def test_until_cuts_a_call_in_flight(server: Server, make: Callers) -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.json_response({})

    server.handler = hang
    caller = make(timeout=20.0)
    failure = await asyncio.wait_for(caller.call(server.request(), bytes, until=in_seconds(0.1)), 10)
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.OUT_OF_TIME
    assert caller.status(enabled=True).error_rate == 0.0


async def test_until_ends_the_wait_for_the_budget_at_once(server: Server, make: Callers) -> None:
    caller = make(rate=0.01)
    until = in_seconds(5)
    results = await asyncio.wait_for(
        asyncio.gather(*(caller.call(server.request(), bytes, until=until) for _ in range(5))), 3
    )
    kinds = [result.kind for result in results if isinstance(result, CallFailure)]
    assert kinds == [FailureKind.OUT_OF_TIME] * 2
    assert len(server.requests) == 3


async def test_until_ends_the_wait_for_a_seat(server: Server, make: Callers) -> None:
    seats = Seats(1)
    await seats.take("resy")
    failure = await make(seats=seats).call(server.request(), bytes, until=in_seconds(0.05))
    assert isinstance(failure, CallFailure)
    assert (failure.kind, failure.sent_at) == (FailureKind.OUT_OF_TIME, None)
    seats.give_back("resy")
    await asyncio.wait_for(seats.take("resy"), 3)


async def test_the_status_tells_how_many_calls_wait_to_be_sent(server: Server, make: Callers) -> None:
    seats = Seats(1)
    await seats.take("resy")
    caller = make(seats=seats, rate=1000.0)
    calls = [asyncio.create_task(caller.call(server.request(), bytes), name=f"call {n}") for n in range(3)]
    await asyncio.sleep(0)
    assert caller.status(enabled=True).waiting == 3
    calls.pop().cancel()
    seats.give_back("resy")
    await asyncio.gather(*calls)
    assert caller.status(enabled=True).waiting == 0


async def test_a_retry_never_goes_beyond_until(server: Server, make: Callers) -> None:
    async def limit(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=429, headers={"Retry-After": "60"})

    server.handler = limit
    failure = await asyncio.wait_for(make().call(server.request(), bytes, until=in_seconds(5)), 3)
    assert isinstance(failure, CallFailure)
    assert (failure.kind, failure.retry_after) == (FailureKind.RATE_LIMITED, 60.0)
    assert len(server.requests) == 1


async def test_cancelling_passes_through_and_gives_the_seat_back(server: Server, make: Callers) -> None:
    arrived = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await asyncio.sleep(30)
        return web.json_response({})

    server.handler = hang
    seats = Seats(1)
    caller = make(seats=seats)
    calls = [asyncio.create_task(caller.call(server.request(), bytes), name=f"call {n}") for n in range(3)]
    await asyncio.wait_for(arrived.wait(), 10)
    for call in calls:
        call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    server.handler = server.fine
    assert isinstance(await asyncio.wait_for(caller.call(server.request(), bytes), 10), Fetched)


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_not_read(server: Server, make: Callers, announced: bool) -> None:
    written = 0

    async def flood(request: web.Request) -> web.StreamResponse:
        nonlocal written
        headers = {"Content-Type": "application/json"} | (
            {"Content-Length": str(1 << 30)} if announced else {}
        )
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(request)
        while written < 8 * MAX_BODY:
            await answer.write(b" " * (1 << 16))
            written += 1 << 16
        return answer

    server.handler = flood
    failure = await make().call(server.request(), bytes)
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.TOO_LARGE
    assert written < 4 * MAX_BODY


async def test_a_small_body_that_unpacks_to_a_large_one_is_not_kept(server: Server, make: Callers) -> None:
    async def bomb(request: web.Request) -> web.StreamResponse:
        answer = web.Response(body=b" " * (3 * MAX_BODY), content_type="application/json")
        answer.enable_compression(web.ContentCoding.gzip)
        return answer

    server.handler = bomb
    failure = await make().call(server.request(), bytes)
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.TOO_LARGE


async def test_a_body_cut_short_is_a_broken_connection(server: Server, make: Callers) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"{")
        assert request.transport is not None
        request.transport.abort()
        return answer

    server.handler = cut
    failure = await make().call(server.request(), bytes)
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.CONNECTION
    assert len(server.requests) == 3


async def test_a_body_that_cannot_be_decoded_is_a_bad_one_and_not_asked_for_again(
    server: Server, make: Callers
) -> None:
    def refuse(body: bytes) -> None:
        raise ValueError(SECRET)

    failure = await make().call(server.request(), refuse)
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.BAD_BODY
    assert len(server.requests) == 1


async def test_no_secret_is_in_what_a_failure_or_a_request_shows(server: Server, make: Callers) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        return web.Response(status=400, text=f"what is {SECRET}?")

    server.handler = echo
    request = server.request("/search?key=" + SECRET)
    failure = await make().call(request, bytes)
    server_gone = await make().call(
        Request("GET", "http://127.0.0.1:1/?key=" + SECRET, headers={"X": SECRET}), bytes
    )
    for shown in (repr(failure), repr(server_gone), repr(request)):
        assert SECRET not in shown


async def test_a_provider_that_keeps_failing_is_rested(server: Server, make: Callers) -> None:
    async def fail(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text="no")

    server.handler = fail
    caller = make()
    results = [await caller.call(server.request(), bytes) for _ in range(6)]
    kinds = [result.kind for result in results if isinstance(result, CallFailure)]
    assert kinds == [FailureKind.SERVER_ERROR] * 3 + [FailureKind.BREAKER_OPEN] * 3
    status = caller.status(enabled=True)
    assert status.breaker == "open"
    assert status.calls == len(server.requests) == 8
    assert status.outcomes == {"server_error": 8, "breaker_open": 3}


async def test_a_refused_key_is_a_problem_until_an_answer_is_good(server: Server, make: Callers) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.json_response({"status": 419, "message": "Unauthorized"}, status=419)

    server.handler = refuse
    caller = make()
    await caller.call(server.request(), bytes)
    assert "resy: the key or token is refused (status 419)" in caller.status(enabled=True).problems[0]
    server.handler = server.fine
    await caller.call(server.request(), bytes)
    assert caller.status(enabled=True).problems == ()


async def test_a_complaint_slows_the_provider_and_shows(server: Server, make: Callers) -> None:
    async def limit(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=429, headers={"Retry-After": "60"})

    server.handler = limit
    caller = make(rate=1000.0)
    await caller.call(server.request(), bytes, until=in_seconds(5))
    status = caller.status(enabled=True)
    assert (status.rate, status.rate_now) == (1000.0, 500.0)


async def test_a_probe_that_breaks_off_gives_way_to_the_next(server: Server, make: Callers) -> None:
    def broken(body: bytes) -> None:
        raise TypeError("our own mistake")

    caller = make()
    long_ago = asyncio.get_running_loop().time() - FIRST_REST
    for _ in range(THRESHOLD):
        caller.breaker.failed(long_ago)
    with pytest.raises(TypeError):
        await caller.call(server.request(), broken)
    assert caller.status(enabled=True).breaker == "half_open"
    assert isinstance(await caller.call(server.request(), bytes), Fetched)
    assert caller.status(enabled=True).breaker == "closed"


async def test_a_decoder_may_name_a_good_status_a_refusal(server: Server, make: Callers) -> None:
    def decode(body: bytes) -> None:
        raise Refusal(FailureKind.STALE_QUERY, "the query is not known any more")

    caller = make()
    failure = await caller.call(server.request(), decode)
    assert isinstance(failure, CallFailure)
    assert (failure.kind, failure.message) == (FailureKind.STALE_QUERY, "the query is not known any more")
    assert "the query is not known any more" in caller.status(enabled=True).problems[0]


@pytest.mark.parametrize(
    ("status", "kind"), [(409, FailureKind.STALE_QUERY), (429, FailureKind.RATE_LIMITED)]
)
async def test_what_a_rejection_means_is_explained_by_its_body(
    server: Server, make: Callers, status: int, kind: FailureKind
) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.json_response({"why": "stale"}, status=status)

    def explain(status: int, body: bytes) -> tuple[FailureKind, str] | None:
        return (FailureKind.STALE_QUERY, f"stale ({status})") if b"stale" in body else None

    server.handler = refuse
    failure = await make().call(server.request(), bytes, until=in_seconds(1), explain=explain)
    assert isinstance(failure, CallFailure)
    assert failure.kind is kind


async def test_another_exchange_takes_the_place_of_http_and_can_be_wrapped() -> None:
    seen: list[str] = []

    async def answer(request: Request) -> Answered:
        return Answered(status=200, content_type="application/json", body=b"{}")

    def wrap(inner: Exchange) -> Exchange:
        async def note(request: Request) -> Answered:
            answered = await inner(request)
            seen.append(f"{request.method} {answered.status}")
            return answered

        return note

    caller = Caller("x", seats=Seats(1), rate=9.0, timeout=1.0, user_agent="test", exchange=answer, wrap=wrap)
    result = await caller.call(Request("GET", "http://nowhere.invalid", headers={}), bytes)
    assert isinstance(result, Fetched)
    assert (result.body, seen) == (b"{}", ["GET 200"])
