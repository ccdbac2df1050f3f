"""The contract suite of providers: what the door promises, tried on any provider against a local server."""

import asyncio
import contextlib
from datetime import UTC

from aiohttp import web

from tablewire.domain.slots import slot_id
from tablewire.domain.snapshots import Outcome
from tablewire.providers.contract_looks import LooksContract
from tablewire.providers.contract_world import FAULTS, HANG, Fault, misbehave
from tablewire.providers.secret_names import secrets_of


class ProviderContract(LooksContract):
    """Subclass it in a test module, say `make_provider` and `answer`, and let pytest run it with `asyncio_mode = "auto"`.

    `market`, `service_date` and `party_sizes` may be said too, where the answers are for others. It needs pytest, pytest-asyncio,
    and aiohttp, and nothing of Tablewire's own tests. Each test starts a server on the loopback address, and stops it.
    """

    # --- what a search says

    async def test_a_good_answer_is_ok(self) -> None:
        """Everything asked for was answered."""
        async with self._world(self._good) as provider:
            snapshot = await self._ask(provider)
        assert snapshot.outcome is Outcome.OK, snapshot.cause
        assert snapshot.cause is None
        assert {answer.party_size for answer in snapshot.answers} == set(self.party_sizes)
        assert snapshot.calls > 0
        assert (snapshot.market, snapshot.service_date) == (self.market.id, self.service_date)

    async def test_slots_are_normalised(self) -> None:
        """Ids follow from provider, venue and start; every slot is of the date asked for; every venue is described."""
        async with self._world(self._good) as provider:
            snapshot = await self._ask(provider)
        assert snapshot.provider == provider.provider_id
        assert any(said.slots for answer in snapshot.answers for said in answer.venues), "a table is needed"
        for answer in snapshot.answers:
            for said in answer.venues:
                venue = snapshot.venues[said.venue_id]
                assert (venue.provider, venue.venue_id) == (provider.provider_id, said.venue_id)
                assert venue.name
                for slot in said.slots:
                    assert slot.slot_id == slot_id(provider.provider_id, said.venue_id, slot.actual_time)
                    assert slot.service_date == self.service_date
                    assert slot.book_url is None or slot.book_url.startswith(("https://", "http://"))

    async def test_pages_are_numbered_from_one(self) -> None:
        """A sweep's pages have numbers within its total, so that passes over a date can be told."""
        async with self._world(self._good) as provider:
            snapshot = await self._ask(provider)
        for answer in snapshot.answers:
            assert 1 <= answer.page <= answer.total_pages
            assert not answer.one_venue

    async def test_a_part_of_the_day_and_single_pages_can_be_asked_for(self) -> None:
        """Who has no parts or no pages answers as ever; nobody answers for what was not asked for."""
        async with self._world(self._good) as provider:
            part = await self._ask(provider, time_slot="19:00")
            first = await self._ask(provider, pages=dict.fromkeys(self.party_sizes, (1,)))
        for snapshot in (part, first):
            assert snapshot.outcome is Outcome.OK, snapshot.cause
            assert {answer.party_size for answer in snapshot.answers} <= set(self.party_sizes)

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
            (answer.party_size, answer.time_slots, said.venue_id): said
            for answer in first.answers
            for said in answer.venues
        }
        for answer in second.answers:
            for said in answer.venues:
                assert before[answer.party_size, answer.time_slots, said.venue_id] is said

    # --- what goes wrong

    async def test_no_fault_raises_or_answers(self) -> None:
        """Whatever the server does, what comes back is a snapshot that says so, in time."""
        await asyncio.gather(*map(self._try_fault, FAULTS))

    async def test_what_was_answered_before_a_fault_is_kept(self) -> None:
        """Calls that fail take nothing from those that were answered."""
        answered = 0

        async def once(request: web.Request) -> web.StreamResponse:
            nonlocal answered
            answered += 1
            return await (self._good(request) if answered == 1 else misbehave("403 page")(request))

        async with self._world(once) as provider:
            snapshot = await self._ask(provider, seconds=5.0)
        if snapshot.calls > 1:
            assert snapshot.outcome is not Outcome.OK
            assert snapshot.cause

    async def test_a_time_that_is_over_sends_nothing(self) -> None:
        """`until` is kept: who is asked too late asks nobody."""
        arrived = asyncio.Event()
        async with self._world(misbehave("500", arrived)) as provider:
            snapshot = await self._ask(provider, seconds=-1.0)
        assert snapshot.outcome is Outcome.FAILED
        assert snapshot.cause
        assert (snapshot.answers, snapshot.calls, arrived.is_set()) == ((), 0, False)

    async def test_cancelling_ends_it(self) -> None:
        """A poll that is cancelled ends, and the provider can be asked again."""
        arrived = asyncio.Event()
        async with self._world(misbehave("hung", arrived)) as provider:
            poll = asyncio.create_task(self._ask(provider), name="a poll to be cancelled")
            await asyncio.wait_for(arrived.wait(), HANG)
            poll.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait_for(poll, HANG)
            assert poll.cancelled()
            snapshot = await self._ask(provider, seconds=0.3)
        assert snapshot.outcome is Outcome.FAILED

    # --- what it says of itself

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
        async with self._world(misbehave("403 page")) as provider:
            assert await asyncio.wait_for(provider.probe(), HANG)

    async def test_no_secret_of_its_calls_is_ever_shown(self) -> None:
        """A server that answers with the request's own headers, query and body gets none of their secrets into any message."""
        secrets: set[str] = set()

        async def echo(request: web.Request) -> web.StreamResponse:
            secrets.update(secrets_of(request.headers))
            heard = {"headers": dict(request.headers), "path": request.path_qs}
            return web.json_response(heard | {"body": await request.text()}, status=401)

        async with self._world(echo) as provider:
            snapshot = await self._ask(provider, seconds=1.0)
            shown = [repr(provider), repr(provider.status()), repr(snapshot), str(await provider.probe())]
        assert snapshot.outcome is Outcome.FAILED
        assert not [secret for secret in secrets if any(secret in text for text in shown)]

    async def test_it_can_be_closed_twice(self) -> None:
        """Closing what is closed does nothing."""
        async with self._world(self._good) as provider:
            await provider.aclose()
            await provider.aclose()

    async def _try_fault(self, fault: Fault) -> None:
        async with self._world(misbehave(fault)) as provider:
            snapshot = await self._ask(provider, seconds=1.5)
            problems = provider.status().problems
        expected = (Outcome.BLOCKED,) if fault.endswith("page") else (Outcome.FAILED, Outcome.BLOCKED)
        assert snapshot.outcome in expected, fault
        assert snapshot.cause, fault
        assert snapshot.answers == (), fault
        assert problems or not fault.endswith("page"), fault
