"""The usual feed: FastAPI and asyncpg, a query a request."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvloop
from fastapi import FastAPI

from tests.bench.children import options
from tests.bench.peers.serving import serve

COLUMNS = (
    "id, event_type, market, provider, bucket_id, service_date, slot_id, venue_id, venue_name, neighborhood, price_range, "
    "slot_date, slot_time, time_bucket, origin, party_sizes, opened_at, opened_after, first_seen_at, last_seen_at, closed_at, "
    "close_reason, drop_duration_seconds, payload"
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The pool lives as long as the application."""
    async with asyncpg.create_pool(options()["dsn"].replace("+asyncpg", ""), min_size=4, max_size=10) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/feed")
async def feed(limit: int = 50, before: int | None = None, party_size: int | None = None) -> dict[str, Any]:
    """One page."""
    where, values = ["event_type = 'NEW_DROP'"], list[Any]()
    if before is not None:
        values.append(before)
        where.append(f"id < ${len(values)}")
    if party_size is not None:
        values.append(party_size)
        where.append(f"${len(values)} = ANY (party_sizes)")
    statement = f"SELECT {COLUMNS} FROM availability_events WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT {limit:d}"  # noqa: S608 - values are parameters, names are ours
    rows = await app.state.pool.fetch(statement, *values)
    events = [{**row, **json.loads(row["payload"]), "payload": None} for row in reversed(rows)]
    return {"events": events, "next_cursor": str(events[-1]["id"]) if events else "0"}


if __name__ == "__main__":
    uvloop.run(serve(app, {}))
