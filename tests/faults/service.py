"""The service and the city as processes of their own: started, followed by clients, killed, and cleaned up whatever happens."""

import asyncio
import atexit
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import aiohttp

HANG = 60.0
"""Seconds after which what is waited for will not come."""

_LISTENS = "Tablewire listens at "
_CITY_LISTENS = " answers as Resy at "

_alive: set[int] = set()
"""The process groups started here that have not been seen to end."""


def _kill_what_is_left() -> None:
    for group in _alive:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


atexit.register(_kill_what_is_left)


class Child:
    """One process in a group of its own. Its standard error is kept, as lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._reading = asyncio.create_task(self._read(), name=f"output of {process.pid}")
        self.said: list[str] = []

    @classmethod
    async def start(cls, *command: str, settings: Mapping[str, str] | None = None) -> Self:
        """Start it, with those settings and no others; it is killed at the latest when Python ends."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TABLEWIRE_")}
        environ |= {f"TABLEWIRE_{name}": value for name, value in (settings or {}).items()}
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environ,
            cwd="/",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        _alive.add(process.pid)
        return cls(process)

    @property
    def pid(self) -> int:
        """Its process, which is also its group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    @property
    def output(self) -> str:
        """All it said so far."""
        return "\n".join(self.said)

    async def until_it_says(self, words: str) -> str:
        """The rest of the first line with those words. Raises AssertionError where it ends without them."""
        async with asyncio.timeout(HANG):
            while True:
                for line in self.said:
                    if words in line:
                        return line.partition(words)[2]
                assert not self._reading.done(), f"it ended with {self._process.returncode}:\n{self.output}"
                await asyncio.sleep(0.005)

    def send(self, number: signal.Signals) -> None:
        """Send its first process a signal, if it is still there."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def ended(self, within: float = HANG) -> int:
        """Its exit code, once it has ended."""
        async with asyncio.timeout(within):
            code = await self._process.wait()
        await self._reading
        _alive.discard(self.pid)
        return code

    async def kill(self) -> None:
        """Kill its whole group with SIGKILL."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self.ended()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.said.append(line.decode(errors="replace").rstrip())


class Service:
    """A service that is started, killed and started again with the same settings; clients find its address here."""

    def __init__(self, web: aiohttp.ClientSession, settings: Mapping[str, str]) -> None:
        self.settings = dict(settings)
        self.address: str | None = None
        """Where it listens; None while it does not."""
        self._web = web
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        """Its process."""
        assert self._child is not None, "it has not been started"
        return self._child

    async def launch(self, **settings: str) -> None:
        """Start it, and do not wait for it."""
        wanted = {"LOG_LEVEL": "warning", **self.settings, **settings, "PORT": "0"}
        command = (sys.executable, "-m", "tablewire", "serve")
        self._child = await Child.start(*command, settings={n: v for n, v in wanted.items() if v})

    async def start(self, **settings: str) -> None:
        """Start it and wait until it listens. An empty setting is left out."""
        await self.launch(**settings)
        await self.until_it_listens()

    async def until_it_listens(self) -> None:
        """Wait for its address."""
        self.address = (await self.child.until_it_says(_LISTENS)).strip()

    async def get(self, path: str) -> Any:
        """What it answers, whatever the status."""
        async with self._web.get(f"{self.address}{path}") as answer:
            return await answer.json(content_type=None)

    async def status(self, path: str) -> int:
        """The status that it answers with."""
        async with self._web.get(f"{self.address}{path}") as answer:
            return answer.status

    async def kill(self) -> None:
        """Kill it as a crash would."""
        self.address = None
        await self.child.kill()

    async def stop(self, number: signal.Signals = signal.SIGTERM, within: float = HANG) -> int:
        """Ask it to stop; answers its exit code."""
        self.address = None
        self.child.send(number)
        return await self.child.ended(within)


class City:
    """A make-believe city in a process of its own: it outlives every service that asks it."""

    def __init__(self, web: aiohttp.ClientSession, address: str) -> None:
        self.address = address
        self._web = web

    async def ask(self, path: str) -> Any:
        """What one of its own routes answers."""
        async with self._web.get(self.address + path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def tell(self, path: str, rows: list[dict[str, Any]]) -> Any:
        """Put a script or faults; answers what came of it."""
        async with self._web.put(self.address + path, json=rows) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    def settings(self, **more: str) -> dict[str, str]:
        """What points a service at it: polled twice a second, without a budget to speak of."""
        usual = {
            "RESY_BASE_URL": self.address,
            "RESY_API_KEY": "x",
            "PROVIDERS": "resy",
            "RESY_RATE": "200/s",
            "POLL_INTERVAL": "0.5s",
            "MAX_STREAMS_PER_CLIENT": "1000",
        }
        return usual | more


@asynccontextmanager
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without limits of its own, whose requests end when a server dies."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=HANG)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True), timeout=timeout, read_bufsize=2**20
    ) as session:
        yield session


@asynccontextmanager
async def a_city(
    session: aiohttp.ClientSession, *, venues: int = 40, speed: float = 300, seed: int = 1
) -> AsyncIterator[City]:
    """A small city where much happens, in a process of its own."""
    sizes = ("--venues", str(venues), "--opentable-venues", "0")
    options = ("--port", "0", *sizes, "--speed", str(speed), "--seed", str(seed))
    child = await Child.start(sys.executable, "-m", "tablewire", "simulate", *options)
    try:
        address = (await child.until_it_says(_CITY_LISTENS)).partition(";")[0]
        yield City(session, address)
    finally:
        await child.kill()


@asynccontextmanager
async def a_service(
    session: aiohttp.ClientSession, settings: Mapping[str, str], *, started: bool = True
) -> AsyncIterator[Service]:
    """A service that is killed at the end, if nobody has done so before."""
    service = Service(session, settings)
    try:
        if started:
            await service.start()
        yield service
    finally:
        if service._child is not None and service.child.running:
            await service.kill()


async def until(holds: Callable[[], object | Awaitable[object]], what: str, within: float = HANG) -> None:
    """Wait for a condition, which may have to be asked for. Raises AssertionError where it does not come true."""
    try:
        async with asyncio.timeout(within):
            while True:
                found = holds()
                if await found if isinstance(found, Awaitable) else found:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {within:.0f} s: {what}") from None
