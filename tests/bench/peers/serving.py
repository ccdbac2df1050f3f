"""Runs a peer's application on uvicorn as people run it: uvloop, httptools, no access log."""

import asyncio
from typing import Any

import uvicorn

from tests.bench.children import Order, obey, raise_file_limit


async def serve(app: Any, orders: dict[str, Order]) -> None:
    """Serve on a free port, and obey."""
    raise_file_limit()
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http="httptools",
        ws="none",
        access_log=False,
        log_level="critical",
        backlog=4096,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(), name="serving")
    while not server.started:
        await asyncio.sleep(0.01)
    await obey(orders, port=server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = server.force_exit = True
    await asyncio.wait([serving], timeout=5)
