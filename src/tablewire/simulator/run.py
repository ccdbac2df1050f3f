"""Starting and stopping a simulator, or the replay of a recording: in a test's own loop, or for a command."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from aiohttp import web

from tablewire.simulator.recordings import read_recording
from tablewire.simulator.replay import Replay
from tablewire.simulator.replay_server import ReplayServer
from tablewire.simulator.server import Simulator, SimulatorOptions

LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 0.2


class Served(Protocol):
    """What can be put behind a port."""

    base_url: str

    def application(self) -> web.Application:
        """Its routes."""


S = TypeVar("S", bound=Served)


@asynccontextmanager
async def running_simulator(
    options: SimulatorOptions | None = None, *, host: str = LOOPBACK, port: int = 0
) -> AsyncIterator[Simulator]:
    """A simulator that listens as long as the block lasts; port 0 takes a free one.

    Raises OSError when the port is taken. Calls still open at the end are cut off.
    """
    async with _listening(Simulator(options or SimulatorOptions()), host, port) as simulator:
        yield simulator


@asynccontextmanager
async def running_replay(file: Path, *, host: str = LOOPBACK, port: int = 0) -> AsyncIterator[ReplayServer]:
    """A recording that answers as long as the block lasts; raises RecordingError for a file that is none."""
    async with _listening(ReplayServer(Replay(read_recording(file))), host, port) as server:
        yield server


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


async def serve_replay(
    file: Path, host: str = LOOPBACK, port: int = 0, ready: Callable[[ReplayServer], None] | None = None
) -> None:
    """Replay a recording until cancelled; raises like `running_replay`."""
    async with running_replay(file, host=host, port=port) as server:
        if ready is not None:
            ready(server)
        await asyncio.Event().wait()


@asynccontextmanager
async def _listening(served: S, host: str, port: int) -> AsyncIterator[S]:
    runner = web.AppRunner(
        served.application(), access_log=None, handler_cancellation=True, shutdown_timeout=_STOP_SECONDS
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        served.base_url = f"http://{host}:{runner.addresses[0][1]}"
        yield served
    finally:
        await runner.cleanup()
