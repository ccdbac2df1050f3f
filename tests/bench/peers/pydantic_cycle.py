"""The usual poll without the wire: json and pydantic models of the fields that are used, hashed ids, and sets compared."""

import asyncio
import gc
import hashlib
import json
import time
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from tests.bench.children import obey, options
from tests.bench.city import page


class HitId(BaseModel):
    """A hit's ids."""

    resy: int


class Config(BaseModel):
    """Where in the house a table is."""

    type: str | None = None


class SlotDate(BaseModel):
    """When a table begins."""

    start: datetime


class Exclusive(BaseModel):
    """For whom a table is."""

    is_eligible: bool
    id: int | None = None


class TemplateRef(BaseModel):
    """A table's terms."""

    id: int | None = None


class Shift(BaseModel):
    """A table's service."""

    day: date | None = None


class Slot(BaseModel):
    """One table."""

    date: SlotDate
    exclusive: Exclusive
    config: Config | None = None
    template: TemplateRef | None = None
    shift: Shift | None = None
    is_global_dining_access: bool = False


class OffMarket(BaseModel):
    """When tables go off the market."""

    secs_off_market: int | None = None
    time_off_market: str | None = None


class Template(BaseModel):
    """Terms."""

    is_event: bool = False
    is_pickup: bool = False
    reservation_config: OffMarket | None = None


class Availability(BaseModel):
    """What is free at a venue."""

    slots: list[Slot]
    templates: dict[str, Template] = {}


class Place(BaseModel):
    """Where a venue is."""

    lat: float
    lng: float


class Location(BaseModel):
    """Which city."""

    url_slug: str


class Hit(BaseModel):
    """One venue."""

    id: HitId
    name: str
    url_slug: str
    neighborhood: str | None = None
    location: Location | None = None
    geo: Place | None = Field(default=None, alias="_geoloc")
    price_range_id: int | None = None
    cuisine: list[str] = []
    images: list[str] = []
    is_tock_inventory: bool = False
    availability: Availability


class Hits(BaseModel):
    """All of a page."""

    hits: list[Hit]


class Meta(BaseModel):
    """What an answer says of itself."""

    total: int
    page: int
    total_pages: int


class Answer(BaseModel):
    """One page."""

    meta: Meta
    search: Hits


def slot_ids(answer: Answer) -> dict[str, tuple[Hit, Slot]]:
    """The public slots of a page by id."""
    found = {}
    for hit in answer.search.hits:
        for slot in hit.availability.slots:
            template = hit.availability.templates.get(str(slot.template.id)) if slot.template else None
            if not slot.exclusive.is_eligible or slot.is_global_dining_access:
                continue
            if template is not None and (template.is_event or template.is_pickup):
                continue
            name = f"resy|{hit.id.resy}|{slot.date.start}"
            found[hashlib.sha256(name.encode()).hexdigest()[:32]] = (hit, slot)
    return found


class Cycles:
    """Cycles over dates, two party sizes each."""

    def __init__(self, days: list[date], pages: int) -> None:
        self._days = days
        self._pages = pages
        self._before: dict[date, set[str]] = {}

    async def cycle(self, order: dict[str, Any]) -> Any:
        """One cycle over a generation of the pages; answers the processor time and what changed."""
        bodies = {
            (day, number): page(day, number, self._pages, order["generation"])
            for day in self._days
            for number in range(1, self._pages + 1)
        }
        gc.collect()
        cpu, events = time.process_time(), 0
        for day in self._days:
            now: dict[str, tuple[Hit, Slot]] = {}
            for _ in (2, 4):
                for number in range(1, self._pages + 1):
                    now |= slot_ids(Answer.model_validate(json.loads(bodies[day, number])))
            ids = set(now)
            before = self._before.get(day, ids)
            events += len(ids - before) + len(before - ids)
            self._before[day] = ids
        return {"cpu": time.process_time() - cpu, "events": events}


async def main() -> None:
    """Obey."""
    given = options()
    cycles = Cycles([date.fromisoformat(day) for day in given["days"]], given["pages"])
    await obey({"cycle": cycles.cycle}, port=0)


if __name__ == "__main__":
    asyncio.run(main())
