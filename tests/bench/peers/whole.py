"""The usual whole: httpx and pydantic to poll, the ORM and jsonb to store, FastAPI and sse-starlette to stream."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import uvloop
from fastapi import FastAPI
from pydantic import BaseModel
from sse_starlette import EventSourceResponse, ServerSentEvent

from tests.bench.children import options
from tests.bench.peers.orm import DropEvent, OrmStore
from tests.bench.peers.pydantic_cycle import Answer, Hit, Slot, slot_ids
from tests.bench.peers.serving import serve


class Drop(BaseModel):
    """An event as clients see it."""

    event_type: str = "NEW_DROP"
    market: str = "nyc"
    provider: str = "resy"
    bucket_id: str
    service_date: str
    slot_id: str
    venue_id: str
    venue_name: str
    neighborhood: str | None
    price_range: int | None
    slot_date: str
    slot_time: str
    time_bucket: str = "prime"
    party_sizes: list[int]
    seatings: list[str]
    opened_at: datetime
    book_url: str
    image_url: str | None


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


class Polling:
    """Polls one date."""

    def __init__(self, url: str, day: str, store: OrmStore) -> None:
        self._url = f"{url}/3/venuesearch/search"
        self._day = day
        self._store = store
        self._client = httpx.AsyncClient(timeout=12)
        self._known: set[str] | None = None

    async def poll(self, order: dict[str, Any]) -> Any:
        """Ask for the pages, store what is new, tell it; answers when that began."""
        began = time.monotonic()
        pages = await asyncio.gather(*[self._page(number + 1) for number in range(order["pages"])])
        now: dict[str, tuple[Hit, Slot]] = {}
        for page in pages:
            now |= slot_ids(page)
        known = set(now) if self._known is None else self._known
        at = datetime.now(UTC)
        drops = [self._drop(id, *now[id], at) for id in now if id not in known]
        await self._store.record(self._day, at, [self._row(one) for one in drops], sorted(now))
        self._known = set(now)
        for number, one in enumerate(drops):
            frame = ServerSentEvent(data=one.model_dump_json(), event="drop", id=str(number))
            for queue in list(queues):
                queue.put_nowait(frame)
        return {"began": began, "drops": len(drops)}

    async def _page(self, number: int) -> Answer:
        question = {"page": number, "per_page": 75, "slot_filter": {"day": self._day, "party_size": 2}}
        response = await self._client.post(self._url, json=question)
        response.raise_for_status()
        return Answer.model_validate(response.json())

    def _drop(self, slot_id: str, hit: Hit, slot: Slot, at: datetime) -> Drop:
        return Drop(
            bucket_id=f"{self._day}_19:00",
            service_date=self._day,
            slot_id=slot_id,
            venue_id=str(hit.id.resy),
            venue_name=hit.name,
            neighborhood=hit.neighborhood,
            price_range=hit.price_range_id,
            slot_date=self._day,
            slot_time=slot.date.start.time().isoformat(),
            party_sizes=[2],
            seatings=[slot.config.type or ""] if slot.config else [],
            opened_at=at,
            book_url=f"https://resy.example/cities/new-york-ny/venues/{hit.url_slug}?date={self._day}&seats=2",
            image_url=hit.images[0] if hit.images else None,
        )

    def _row(self, one: Drop) -> DropEvent:
        start = datetime.fromisoformat(f"{one.slot_date} {one.slot_time}")
        return DropEvent(
            dedupe_key=f"{one.slot_id}|{one.opened_at.isoformat()}",
            event_type=one.event_type,
            market=one.market,
            bucket_id=one.bucket_id,
            service_date=start.date(),
            provider=one.provider,
            slot_id=one.slot_id,
            venue_id=one.venue_id,
            venue_name=one.venue_name,
            neighborhood=one.neighborhood,
            price_range=one.price_range,
            slot_date=start.date(),
            slot_time=start.time(),
            opened_at=one.opened_at,
            payload=one.model_dump(mode="json"),
        )


async def main() -> None:
    """Serve, and obey."""
    given = options()
    store = OrmStore(given["dsn"])
    await store.make()
    polling = Polling(given["url"], given["day"], store)
    await serve(app, {"poll": polling.poll})


if __name__ == "__main__":
    uvloop.run(main())
