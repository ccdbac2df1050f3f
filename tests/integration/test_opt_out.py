"""Venues that want to be left alone: not watched, not looked at, and withdrawn without a word when they come to want it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tablewire.app import Service
from tablewire.domain.events import CloseReason, EventType
from tablewire.engine.clock import SystemClock
from tablewire.running import make_providers
from tablewire.settings import Settings
from tablewire.simulator.run import running_simulator
from tablewire.simulator.server import Simulator, SimulatorOptions
from tablewire.storage.memory import MemoryStore
from tablewire.telemetry import Metrics

HANG = 30


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running_simulator(SimulatorOptions(seed=3, venues=30, quiet=True)) as simulator:
        yield simulator


class Operator:
    """Starts a service on one store, with lists of venues that are wanted, and of those that are left alone."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.store = MemoryStore()
        self._simulator = simulator
        self._folder = folder

    async def run(self, *, opt_out: str, wanted: str) -> set[str]:
        """Serve until every date was polled; the venues that have a table open then."""
        for name, text in (("opt_out", opt_out), ("wanted", wanted)):
            (self._folder / name).write_text(text)
        settings = Settings.load(
            {
                "TABLEWIRE_PROVIDERS": "resy",
                "TABLEWIRE_RESY_BASE_URL": self._simulator.base_url,
                "TABLEWIRE_RESY_API_KEY": "made-up-key",
                "TABLEWIRE_RESY_RATE": "1000",
                "TABLEWIRE_WINDOW_DAYS": "3",
                "TABLEWIRE_POLL_INTERVAL": "200ms",
                "TABLEWIRE_PARTY_SIZES": "2",
                "TABLEWIRE_OPT_OUT": str(self._folder / "opt_out"),
                "TABLEWIRE_WANTED": str(self._folder / "wanted"),
            }
        )
        metrics = Metrics(version="0", demo=False)
        made = make_providers(settings, SystemClock(), metrics)
        service = Service(settings, self.store, made, metrics)
        await service.start()
        try:
            owners = service.discovery.owners.values()
            stored = [(state, state.row.poll_seq) for owner in owners for state in owner.states.values()]
            async with asyncio.timeout(HANG):
                while not all(state.row.poll_seq >= before + 2 for state, before in stored):
                    await asyncio.sleep(0.02)
            return {
                slot.venue.venue_id
                for owner in owners
                for state in owner.states.values()
                for slot in state.open.values()
            }
        finally:
            await service.stop()


async def test_a_venue_that_opts_out_is_withdrawn_silently_and_never_asked_for(
    simulator: Simulator, tmp_path: Path
) -> None:
    operator = Operator(simulator, tmp_path)
    before = await operator.run(opt_out="", wanted="")
    assert len(before) > 3
    gone = min(before)
    told, first = len(operator.store.events), len(simulator.requests.records)

    after = await operator.run(opt_out=f"resy:{gone}\n", wanted=f"resy:{gone}\n")

    assert after == before - {gone}
    news = [event for event in operator.store.events[told:] if event.close_reason != CloseReason.EXPIRED]
    assert {(event.venue_id, event.event_type, event.close_reason) for event in news} == {
        (gone, EventType.CLOSED, CloseReason.WITHDRAWN)
    }
    # No page lists it any more, so it is by name that it would be asked for.
    assert {call.route for call in simulator.requests.records[first:]} == {"search"}
