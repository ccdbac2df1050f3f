"""A provider with many pages for the engine's tests: each can be held up, or fail."""

from collections.abc import Mapping
from datetime import date

import anyio
import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.slots import Venue
from tablewire.domain.snapshots import Answer, Outcome, Snapshot
from tests.unit.engine.world import ScriptedProvider, World

PAGES = 10
FIRST = 3
"""Pages that a date is asked for as long as nothing is known of it."""


class PagedProvider(ScriptedProvider):
    """Lists what is `free` on ten pages for each party size: a venue's page is its id's last two digits."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.held: dict[int, anyio.Event] = {}
        """Calls for these pages are not answered before their event is set."""
        self.failing: set[int] = set()
        self.answered: list[int] = []
        """The first pages of the snapshots handed back, in order."""
        self.cancelled = 0

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
        assert pages is not None
        self.asked.append((service_date, pages))
        sent_at = self._clock.now()
        numbers = sorted({number for of_size in pages.values() for number in of_size})
        for number in numbers:
            if number in self.held:
                await self._hold(self.held[number])
        answers = [
            self._page(service_date, size, number)
            for size, of_size in pages.items()
            for number in of_size
            if number not in self.failing
        ]
        self.answered.append(numbers[0])
        bad = Outcome.PARTIAL if answers else Outcome.FAILED
        return Snapshot(
            provider=self.provider_id,
            market=market.id,
            service_date=service_date,
            finished_at=self._clock.now(),
            answers=tuple(msgspec.structs.replace(answer, sent_at=sent_at) for answer in answers),
            outcome=bad if self.failing & {*numbers} else Outcome.OK,
            cause="HTTP 500" if self.failing & {*numbers} else None,
            venues={
                venue_id: Venue(provider="resy", venue_id=venue_id, name=f"Venue {venue_id}")
                for venue_id, _ in self.free
            },
        )

    async def _hold(self, event: anyio.Event) -> None:
        try:
            await event.wait()
        except BaseException:
            self.cancelled += 1
            raise

    def _page(self, day: date, size: int, number: int) -> Answer:
        whole = self._answer(day, size)
        here = tuple(said for said in whole.venues if int(said.venue_id[-2:]) == number)
        return msgspec.structs.replace(whole, venues=here, page=number, total_pages=PAGES)


async def a_paged_world(days: int = 1) -> World:
    """Some dates, every page of which was looked at: on the first each has three venues with a table for two."""
    world = World(days=days)
    provider = world.provider = PagedProvider(world)
    await world.start()
    provider.free = {
        (f"{place}{number:02}", size): {f"{world.today} 20:00:00"} if size == 2 else set()
        for number in range(1, PAGES + 1)
        for place in (1, 2, 3)
        for size in world.sizes
    }
    await world.cycle()
    await world.cycle()
    provider.asked.clear()
    provider.answered.clear()
    return world


def provider_of(world: World) -> PagedProvider:
    """The provider of such a world."""
    assert isinstance(world.provider, PagedProvider)
    return world.provider
