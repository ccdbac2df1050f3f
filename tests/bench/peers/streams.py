"""The usual live stream: FastAPI and sse-starlette, a queue a client."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import uvloop
from fastapi import FastAPI
from sse_starlette import EventSourceResponse, ServerSentEvent

from tablewire.live.sse import encode_json
from tests.bench.peers.serving import serve
from tests.bench.things import burst_of

app = FastAPI()
queues: set[asyncio.Queue[ServerSentEvent]] = set()


async def _events(queue: asyncio.Queue[ServerSentEvent]) -> AsyncIterator[ServerSentEvent]:
    try:
        yield ServerSentEvent(data="{}", event="hello")
        while True:
            yield await queue.get()
    finally:
        queues.discard(queue)


@app.get("/feed/stream")
async def stream() -> EventSourceResponse:
    """One subscriber."""
    queue: asyncio.Queue[ServerSentEvent] = asyncio.Queue()
    queues.add(queue)
    return EventSourceResponse(_events(queue))


async def burst(order: dict[str, Any]) -> Any:
    """Publish so many events, one after the other; each is turned into JSON once."""
    cpu, times = time.process_time(), []
    begin = time.monotonic()
    for number, one in enumerate(burst_of(order, 1)):
        if order.get("pause"):
            await asyncio.sleep(begin + number * order["pause"] - time.monotonic())
        times.append(time.monotonic())
        frame = ServerSentEvent(data=encode_json(one).decode(), event="drop", id=str(one.id))
        for queue in list(queues):
            queue.put_nowait(frame)
        await asyncio.sleep(0)
    return {"times": times, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    uvloop.run(serve(app, {"burst": burst}))
