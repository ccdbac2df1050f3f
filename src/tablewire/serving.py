"""Serving: runs the wired service on uvicorn until a signal, and ends it in order."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import uvicorn

from tablewire.api.wire import WireProtocol
from tablewire.app import Service
from tablewire.settings import Settings
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("serving")

BYE_BEFORE_END = 0.25
"""Share of the grace that streams get to take their goodbye."""


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: it would raise a captured signal again, and the exit code would not be 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that SIGTERM or SIGINT sets while the block lasts. A second signal does what it does by default."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def leave() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    def told() -> None:
        stop.set()
        leave()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    try:
        yield stop
    finally:
        leave()


async def serve(
    settings: Settings,
    service: Service,
    stop: asyncio.Event,
    listening: Callable[[str], None] = lambda _: None,
) -> int:
    """Serve until `stop` is set, or until the engine is beyond saving; answers the exit code.

    Raises OSError where the address cannot be listened on.
    """
    grace = settings.http.shutdown_grace.total_seconds()
    with _bound(settings.http.host, settings.http.port) as sockets:
        await service.start()
        server = _Server(server_config(service, settings, grace))
        return await _serve(service, server, stop, sockets, grace, listening)


async def _serve(
    service: Service,
    server: _Server,
    stop: asyncio.Event,
    sockets: list[socket.socket],
    grace: float,
    listening: Callable[[str], None],
) -> int:
    serving = asyncio.create_task(server.serve(sockets), name="uvicorn")
    stopping = asyncio.create_task(stop.wait(), name="told to stop")
    try:
        await _until_listening(server, serving)
        listening(_address(server))
        await asyncio.wait({serving, stopping, service.engine}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        log.info(LogEvent.STOPPING, message="stopping: no new calls, streams are told goodbye")
        await service.say_goodbye(grace * BYE_BEFORE_END)
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        stopping.cancel()
        await service.stop()
    log.info(LogEvent.STOPPED, message="stopped")
    return 1 if service.failure is not None else 0


@contextmanager
def _bound(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Sockets that have the address and do not listen yet: uvicorn, which ends the process where it cannot have it, is given them."""
    with ExitStack() as open_sockets:
        sockets = []
        try:
            places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            for family, kind, protocol, _, address in places:
                one = open_sockets.enter_context(socket.socket(family, kind, protocol))
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(address)
                sockets.append(one)
        except OSError as error:
            raise OSError(
                f"it cannot listen at {host}:{port}: {error.strerror}; is the port taken?"
            ) from error
        yield sockets


def server_config(service: Service, settings: Settings, grace: float) -> uvicorn.Config:
    """How uvicorn serves the application; `grace` in seconds is what open answers get at the end."""
    http = settings.http
    return uvicorn.Config(
        service.application,
        host=http.host,
        port=http.port,
        http=WireProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # The gate reads what proxies say, and believes only those of TRUSTED_PROXIES.
        proxy_headers=False,
        date_header=False,
        backlog=4096,
        timeout_graceful_shutdown=max(1, round(grace)),
    )


async def _until_listening(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    while not server.started:
        if serving.done():
            serving.result()
            raise OSError("the server could not listen; is the port taken?")
        await asyncio.sleep(0.005)


def _address(server: uvicorn.Server) -> str:
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
