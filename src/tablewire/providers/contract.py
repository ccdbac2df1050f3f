"""The contract suite of providers: what the door promises, tried on any provider against a local server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date
from typing import ClassVar, Literal, assert_never

from aiohttp import web

from tablewire.domain.markets import NYC, Market
from tablewire.domain.slots import slot_id
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.providers.protocol import AvailabilityProvider, Seats
from tablewire.providers.registry import Kit

HANG = 30.0
"""Seconds after which a provider under test counts as hanging."""

Fault = Literal["429", "500", "403 page", "200 page", "cut", "empty", "other json", "reset", "hung"]
FAULTS: tuple[Fault, ...] = (
    "429",
    "500",
    "403 page",
    "200 page",
    "cut",
    "empty",
    "other json",
    "reset",
    "hung",
)
"""What the server does to every request, one after the other."""

_PAGE = "<html><head><title>Pardon our interruption</title></head><body>Access denied</body></html>"


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ProviderContract:
    """Subclass it in a test module, say the four things below, and let pytest run it with `asyncio_mode = "auto"`.

    It needs no pytest itself. Each test starts a server on the loopback address, and stops it.
    """

    market: ClassVar[Market] = NYC
    service_date: ClassVar[date] = date(2026, 10, 22)
    party_sizes: ClassVar[tuple[int, ...]] = (2, 4)

    def make_provider(self, base_url: str, kit: Kit) -> AvailabilityProvider:
        """The provider, enabled, its calls going to `base_url`. To be given."""
        raise NotImplementedError

    def answer(self, request: web.Request, body: bytes) -> web.Response:
        """What the real server would answer: always the same, with a table or more for every party size. To be given."""
        raise NotImplementedError

    def make_kit(self) -> Kit:
        """What providers share, with room enough that nothing waits for the budget."""
        return Kit(seats=Seats(4), call_timeout=5.0, user_agent="tablewire-contract", environ={})

    # --- what is promised

    async def test_a_good_answer_is_ok(self) -> None:
        """Everything asked for was answered."""
        async with self._world(self._good) as provider:
            snapshot = await self._ask(provider)
        assert snapshot.outcome is Outcome.OK, snapshot.cause
        assert snapshot.cause is None
        assert {answer.party_size for answer in snapshot.answers} == set(self.party_sizes)
        assert snapshot.calls > 0

    async def test_slots_are_normalised(self) -> None:
        """Ids follow from provider, venue and start; every slot is of the date asked for; every venue is described."""
        async with self._world(self._good) as provider:
            snapshot = await self._ask(provider)
        for answer in snapshot.answers:
            assert any(said.slots for said in answer.venues), "a good answer has to have a table"
            for said in answer.venues:
                venue = snapshot.venues[said.venue_id]
                assert (venue.provider, venue.venue_id) == (provider.provider_id, said.venue_id)
                assert venue.name
                for slot in said.slots:
                    assert slot.slot_id == slot_id(provider.provider_id, said.venue_id, slot.actual_time)
                    assert slot.service_date == self.service_date
                    assert slot.book_url is None or slot.book_url.startswith(("https://", "http://"))

    async def test_instants_are_in_order_and_in_utc(self) -> None:
        """A call is sent, is answered, and the snapshot is finished, in this order."""
        async with self._world(self._good) as provider:
            snapshot = await self._ask(provider)
        assert snapshot.finished_at.tzinfo is UTC
        for answer in snapshot.answers:
            assert answer.sent_at.tzinfo is UTC
            assert answer.sent_at <= answer.arrived_at <= snapshot.finished_at

    async def test_the_same_bytes_are_the_same_objects(self) -> None:
        """What came in unchanged is handed out again, so that the diff has nothing to compare."""
        async with self._world(self._good) as provider:
            first, second = await self._ask(provider), await self._ask(provider)
        before = {
            (answer.party_size, said.venue_id): said for answer in first.answers for said in answer.venues
        }
        for answer in second.answers:
            for said in answer.venues:
                assert before[answer.party_size, said.venue_id] is said

    async def test_no_fault_raises_or_answers(self) -> None:
        """Whatever the server does, what comes back is a snapshot that says so, in time."""
        for fault in FAULTS:
            async with self._world(_misbehave(fault)) as provider:
                snapshot = await self._ask(provider, seconds=1.0)
            assert snapshot.outcome in (Outcome.FAILED, Outcome.BLOCKED), fault
            assert snapshot.cause, fault
            assert snapshot.answers == (), fault

    async def test_a_challenge_page_is_a_block(self) -> None:
        """A page where data was asked for is a block, whatever its status."""
        for fault in FAULTS:
            if not fault.endswith("page"):
                continue
            async with self._world(_misbehave(fault)) as provider:
                snapshot = await self._ask(provider, seconds=1.0)
                assert provider.status().problems, fault
            assert snapshot.outcome is Outcome.BLOCKED, fault

    async def test_what_was_answered_before_a_fault_is_kept(self) -> None:
        """A party size whose calls fail takes nothing from the others."""
        answered = 0

        async def once(request: web.Request) -> web.StreamResponse:
            nonlocal answered
            answered += 1
            return await (self._good(request) if answered == 1 else _misbehave("403 page")(request))

        async with self._world(once) as provider:
            snapshot = await self._ask(provider, seconds=5.0)
        assert snapshot.outcome is not Outcome.OK
        if answered > 1:
            assert snapshot.cause

    async def test_cancelling_ends_it(self) -> None:
        """A poll that is cancelled ends, and the provider can be asked again."""
        arrived = asyncio.Event()
        async with self._world(_misbehave("hung", arrived)) as provider:
            poll = asyncio.create_task(self._search(provider, None), name="a poll to be cancelled")
            await asyncio.wait_for(arrived.wait(), HANG)
            poll.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait_for(poll, HANG)
            assert poll.cancelled()
            snapshot = await self._ask(provider, seconds=0.3)
        assert snapshot.outcome is Outcome.FAILED

    async def test_it_says_how_it_is_doing(self) -> None:
        """Calls are counted, and an enabled provider says that it is."""
        async with self._world(self._good) as provider:
            assert provider.status().enabled
            await self._ask(provider)
            status = provider.status()
        assert status.calls > 0
        assert 0.0 <= status.error_rate <= 1.0
        assert status.problems == ()

    async def test_a_probe_says_what_is_wrong(self) -> None:
        """None where all is well; words where not."""
        async with self._world(self._good) as provider:
            assert await asyncio.wait_for(provider.probe(), HANG) is None
        async with self._world(_misbehave("403 page")) as provider:
            assert await asyncio.wait_for(provider.probe(), HANG)

    async def test_it_can_be_closed_twice(self) -> None:
        """Closing what is closed does nothing."""
        async with self._world(self._good) as provider:
            await provider.aclose()
            await provider.aclose()

    # --- how it is tried

    async def _good(self, request: web.Request) -> web.StreamResponse:
        return self.answer(request, await request.read())

    async def _ask(self, provider: AvailabilityProvider, *, seconds: float | None = None) -> Snapshot:
        until = None if seconds is None else asyncio.get_running_loop().time() + seconds
        return await asyncio.wait_for(self._search(provider, until), HANG)

    async def _search(self, provider: AvailabilityProvider, until: float | None) -> Snapshot:
        return await provider.search_availability(
            self.market, self.service_date, None, self.party_sizes, until=until
        )

    @contextlib.asynccontextmanager
    async def _world(self, handle: Handler) -> AsyncIterator[AvailabilityProvider]:
        """A provider, and the server that it asks."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        provider = self.make_provider(f"http://127.0.0.1:{runner.addresses[0][1]}", self.make_kit())
        try:
            yield provider
        finally:
            await provider.aclose()
            await runner.cleanup()


def _plain(fault: Fault) -> web.Response | None:
    """The faults that are answers; None for those that are none."""
    match fault:
        case "429":
            return web.json_response({"status": 429}, status=429, headers={"Retry-After": "60"})
        case "500":
            return web.Response(status=500, text="Internal Server Error")
        case "403 page":
            return web.Response(status=403, text=_PAGE, content_type="text/html")
        case "200 page":
            return web.Response(text=_PAGE, content_type="text/html")
        case "cut":
            return web.Response(
                body=b'{"meta":{"total":1},"search":{"hits":[{"id"', content_type="application/json"
            )
        case "empty":
            return web.Response(body=b"", content_type="application/json")
        case "other json":
            return web.json_response([None, 17, "text"])
        case "reset" | "hung":
            return None
        case _:
            assert_never(fault)


def _misbehave(fault: Fault, arrived: asyncio.Event | None = None) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        if arrived is not None:
            arrived.set()
        if fault == "reset" and request.transport is not None:
            request.transport.abort()
        if fault == "hung":
            await asyncio.sleep(HANG)
        return _plain(fault) or web.Response()

    return handle
