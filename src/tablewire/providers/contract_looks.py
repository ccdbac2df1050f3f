"""The contract of providers that can be asked for venues by name: tried where a provider says that it can, else nothing to try."""

import asyncio
import contextlib

from aiohttp import web

from tablewire.domain.snapshots import Outcome
from tablewire.providers.contract_world import FAULTS, HANG, ContractWorld, Fault, misbehave
from tablewire.providers.protocol import AvailabilityProvider, VenueLooks


class LooksContract(ContractWorld):
    """What `VenueLooks` promises. Part of `ProviderContract`: there is no need to subclass it."""

    async def test_a_look_answers_for_the_venues_it_names_and_for_no_sweep(self) -> None:
        """Every venue is answered for, for each party size; no answer counts as a page."""
        async with self._world(self._good) as provider:
            venues = await self._venues(provider)
            if not isinstance(provider, VenueLooks):
                return
            assert provider.venues_per_call >= 1
            snapshot = await self._look(provider, *venues)
        assert snapshot.outcome is Outcome.OK, snapshot.cause
        assert all(answer.page == 0 for answer in snapshot.answers)
        answered = {
            (answer.party_size, said.venue_id) for answer in snapshot.answers for said in answer.venues
        }
        assert answered == {(size, venue) for size in self.party_sizes for venue in venues}
        for answer in snapshot.answers:
            assert len(answer.venues) <= provider.venues_per_call
            assert answer.one_venue == (provider.venues_per_call == 1)
            assert answer.sent_at <= answer.arrived_at <= snapshot.finished_at

    async def test_a_look_and_a_search_that_say_the_same_give_the_same_object(self) -> None:
        """Whichever call brought an answer, the diff has nothing to compare where nothing changed."""
        async with self._world(self._good) as provider:
            if not isinstance(provider, VenueLooks):
                return
            venues = await self._venues(provider)
            first, second = await self._look(provider, *venues), await self._look(provider, *venues)
        before = {
            (answer.party_size, answer.time_slots, said.venue_id): said
            for answer in first.answers
            for said in answer.venues
        }
        for answer in second.answers:
            for said in answer.venues:
                assert before[answer.party_size, answer.time_slots, said.venue_id] is said

    async def test_a_look_at_nothing_asks_nothing(self) -> None:
        """No venue, no call."""
        async with self._world(misbehave("500")) as provider:
            if not isinstance(provider, VenueLooks):
                return
            snapshot = await self._look(provider)
        assert (snapshot.outcome, snapshot.calls, snapshot.answers) == (Outcome.OK, 0, ())

    async def test_an_id_that_is_none_is_an_outcome(self) -> None:
        """Whatever an operator writes in a list of venues, what comes back says what is wrong with it."""
        async with self._world(self._good) as provider:
            if not isinstance(provider, VenueLooks):
                return
            snapshot = await self._look(provider, "no such venue, and no id either")
        assert snapshot.outcome is not Outcome.OK
        assert snapshot.cause

    async def test_no_fault_of_a_look_raises_or_answers(self) -> None:
        """Whatever the server does once the venues are known, what comes back is a snapshot that says so."""
        await asyncio.gather(*map(self._try_fault_of_a_look, FAULTS))

    async def test_cancelling_a_look_ends_it(self) -> None:
        """A look that is cancelled ends."""
        arrived = asyncio.Event()
        healthy = True

        async def handle(request: web.Request) -> web.StreamResponse:
            return await (self._good(request) if healthy else misbehave("hung", arrived)(request))

        async with self._world(handle) as provider:
            if not isinstance(provider, VenueLooks):
                return
            venues = await self._venues(provider)
            healthy = False
            look = asyncio.create_task(self._look(provider, *venues), name="a look to be cancelled")
            await asyncio.wait_for(arrived.wait(), HANG)
            look.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait_for(look, HANG)
            assert look.cancelled()

    async def test_a_venue_that_wants_to_be_left_alone_is_never_looked_at(self) -> None:
        """`Kit.opted_out` says which venues must not be asked for by name."""
        async with self._world(self._good) as provider:
            if not isinstance(provider, VenueLooks):
                return
            venues = await self._venues(provider)
            alone = frozenset((provider.provider_id, venue) for venue in venues)
        async with self._world(self._good, opted_out=alone) as provider:
            assert isinstance(provider, VenueLooks)
            snapshot = await self._look(provider, *venues)
        assert snapshot.answers == ()

    async def _try_fault_of_a_look(self, fault: Fault) -> None:
        healthy = True

        async def handle(request: web.Request) -> web.StreamResponse:
            return await (self._good(request) if healthy else misbehave(fault)(request))

        async with self._world(handle) as provider:
            if not isinstance(provider, VenueLooks):
                return
            venues = await self._venues(provider)
            healthy = False
            snapshot = await self._look(provider, *venues, seconds=1.5)
        assert snapshot.outcome in (Outcome.FAILED, Outcome.BLOCKED), fault
        assert snapshot.cause, fault
        assert snapshot.answers == (), fault

    async def _venues(self, provider: AvailabilityProvider) -> list[str]:
        """The ids of the venues that a good search answers for."""
        snapshot = await self._ask(provider)
        return sorted({said.venue_id for answer in snapshot.answers for said in answer.venues})
