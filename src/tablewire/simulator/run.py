"""Starting and stopping a simulator: in a test's own loop, or for a command."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from tablewire.simulator.server import Simulator, SimulatorOptions

LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 0.2


@asynccontextmanager
async def running_simulator(
    options: SimulatorOptions | None = None, *, host: str = LOOPBACK, port: int = 0
) -> AsyncIterator[Simulator]:
    """A simulator that listens as long as the block lasts; port 0 takes a free one.

    Raises OSError when the port is taken. Calls still open at the end are cut off.
    """
    simulator = Simulator(options or SimulatorOptions())
    runner = web.AppRunner(
        simulator.application(), access_log=None, handler_cancellation=True, shutdown_timeout=_STOP_SECONDS
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        simulator.base_url = f"http://{host}:{runner.addresses[0][1]}"
        yield simulator
    finally:
        await runner.cleanup()


async def serve(
    options: SimulatorOptions | None = None,
    host: str = LOOPBACK,
    port: int = 0,
    ready: Callable[[Simulator], None] | None = None,
) -> None:
    """Run a simulator until cancelled; `ready` is told when it listens. Raises OSError when the port is taken."""
    async with running_simulator(options, host=host, port=port) as simulator:
        if ready is not None:
            ready(simulator)
        await asyncio.Event().wait()
