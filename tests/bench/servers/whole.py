"""The service itself, wired as it is in earnest, in a process that takes orders from a benchmark."""

import asyncio
import gc
import os
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop

from tablewire.allocator import give_back_large_blocks
from tablewire.app import Service
from tablewire.domain.markets import Market
from tablewire.domain.slots import Venue
from tablewire.domain.snapshots import Snapshot
from tablewire.engine.clock import SystemClock
from tablewire.engine.sweep import Ask
from tablewire.providers.protocol import AvailabilityProvider, ProviderStatus
from tablewire.running import make_providers
from tablewire.serving import server_config
from tablewire.settings import Settings
from tablewire.storage.memory import MemoryStore
from tablewire.storage.protocol import Store
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import Metrics, configure_logging
from tests.bench.children import obey, options, raise_file_limit, resident
from tests.bench.things import burst_of


class Twin:
    """A second provider: the first one's adapter, asked by itself, under another name."""

    def __init__(self, one: AvailabilityProvider, provider_id: str) -> None:
        self._one = one
        self.provider_id = provider_id
        self._venues: dict[str, tuple[Venue, Venue]] = {}

    async def search_availability(
        self,
        market: Market,
        service_date: date,
        time_slot: str | None,
        party_sizes: tuple[int, ...],
        *,
        pages: Mapping[int, tuple[int, ...]] | None = None,
        until: float | None = None,
    ) -> Snapshot:
        """What the first one would have answered."""
        found = await self._one.search_availability(
            market, service_date, time_slot, party_sizes, pages=pages, until=until
        )
        venues = {venue_id: self._own(venue) for venue_id, venue in found.venues.items()}
        return msgspec.structs.replace(found, provider=self.provider_id, venues=venues)

    def _own(self, venue: Venue) -> Venue:
        """The venue as one of ours; like any adapter's, the same object as long as nothing in it differs."""
        known = self._venues.get(venue.venue_id)
        if known is None or known[0] is not venue:
            known = self._venues[venue.venue_id] = (
                venue,
                msgspec.structs.replace(venue, provider=self.provider_id),
            )
        return known[1]

    def status(self) -> ProviderStatus:
        """How the first one is doing."""
        return self._one.status()

    async def probe(self) -> str | None:
        """Ask as the first one does."""
        return await self._one.probe()

    async def aclose(self) -> None:
        """Give back connections."""
        await self._one.aclose()


class Orders:
    """What a benchmark can have the service do."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._count = service.hub.newest

    async def burst(self, order: dict[str, Any]) -> Any:
        """Publish so many events, one after the other, `pause` seconds apart; answers when each was."""
        events = burst_of(order, self._count + 1)
        self._count += len(events)
        begin, cpu, times = time.monotonic(), time.process_time(), []
        for number, one in enumerate(events):
            if order.get("pause"):
                await asyncio.sleep(begin + number * order["pause"] - time.monotonic())
            times.append(time.monotonic())
            await self._service.hub.publish([one])
        return {"times": times, "cpu": time.process_time() - cpu}

    async def poll(self, order: dict[str, Any]) -> Any:
        """Poll the last date of the window now, as many pages as asked for; answers when that began."""
        discovery = self._service.discovery
        polling = discovery.pollings[0]
        owner = list(discovery.owners_of(polling).values())[-1]
        if owner.polling:
            raise RuntimeError("that date is being polled already")
        owner.polling = True
        try:
            began = time.monotonic()
            pages = {2: tuple(range(1, order["pages"] + 1))}
            stored = await polling.poll(owner, Ask(pages, calls=order["pages"]))
        finally:
            owner.polling = False
        return {"began": began, "drops": sum(one.drops for one in stored)}

    async def cycle(self, order: dict[str, Any]) -> Any:
        """One cycle of every provider over the whole window; answers its wall time, processor time and calls."""
        discovery = self._service.discovery
        calls = sum(one.provider.status().calls for one in discovery.pollings)
        began, cpu = time.monotonic(), time.process_time()
        failed = 0
        for polling in discovery.pollings:
            failed += (await polling.cycle(discovery.owners_of(polling))).failed
        wall = time.monotonic() - began
        calls = sum(one.provider.status().calls for one in discovery.pollings) - calls
        return {"wall": wall, "cpu": time.process_time() - cpu, "calls": calls, "failed": failed}

    async def idle(self, order: dict[str, Any]) -> Any:
        """Wait until no poll is under way."""
        async with asyncio.timeout(100):
            await asyncio.sleep(0.2)
            while any(owner.polling for owner in self._service.discovery.owners.values()):
                await asyncio.sleep(0.02)
        return {"polled": len(self._service.discovery.owners)}

    async def lag(self, order: dict[str, Any]) -> Any:
        """Ask the loop every 5 ms to wake us, for so many seconds; answers by how much it came late."""
        loop, lags = asyncio.get_running_loop(), list[float]()
        end = loop.time() + order["seconds"]
        while (now := loop.time()) < end:
            due = now + 0.005
            await asyncio.sleep(0.005)
            lags.append(loop.time() - due)
        return {"lags": lags}

    async def figures(self, order: dict[str, Any]) -> Any:
        """How much is held in memory."""
        if order.get("collect"):
            gc.collect()
        owners = self._service.discovery.owners.values()
        states = [state for owner in owners for state in owner.states.values()]
        return {
            "resident": resident(os.getpid()),
            "open": sum(len(state.open) for state in states),
            "buckets": len(states),
            "pairs": sum(len(of_size) for state in states for of_size in state.pairs.values()),
            "streams": self._service.hub.stats().streams,
            "slow": self._service.hub.stats().slow_dropped,
        }


async def main() -> None:
    """Serve, and obey."""
    given = options()
    raise_file_limit()
    give_back_large_blocks()
    configure_logging("console", "error", stream=sys.stderr)
    wanted = {f"TABLEWIRE_{name}": str(value) for name, value in given.get("settings", {}).items()}
    settings = Settings.load({}, Path("/nonexistent"), options={"TABLEWIRE_PORT": "0", **wanted})
    store: Store = await PostgresStore.open(given["dsn"]) if given.get("dsn") else MemoryStore()
    metrics, clock = Metrics(version="0", demo=False), SystemClock()
    providers = dict(make_providers(settings, clock, metrics)) if given.get("polled") else {}
    if given.get("twin"):
        twin = make_providers(settings, clock, metrics)["resy"]
        providers["opentable"] = Twin(twin, "opentable")
    service = Service(settings, store, providers, metrics, clock=clock)
    await service.start()
    config = server_config(service, settings, 1)
    if given.get("plain"):
        config.http = "httptools"
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(), name="serving")
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    orders = Orders(service)
    names = ("burst", "poll", "cycle", "idle", "lag", "figures")
    await obey({name: getattr(orders, name) for name in names}, port=port)
    await service.say_goodbye(1)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    uvloop.run(main())
