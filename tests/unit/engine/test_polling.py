"""Looks at wanted venues beside the sweep, on a provider that can be asked for venues by name."""

from collections.abc import Mapping
from datetime import date, timedelta

from tablewire.domain.markets import Market
from tablewire.domain.slots import SeenSlot, Venue, slot_id
from tablewire.domain.snapshots import Answer, Outcome, Snapshot, VenueAnswer
from tablewire.domain.wanted import WantedVenue
from tests.unit.engine.world import ScriptedProvider, World


class LookedAt(ScriptedProvider):
    """Has a venue that its sweep does not list, and a table there from when it is set."""

    venues_per_call = 1

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.looked: list[tuple[date, Mapping[int, tuple[str, ...]]]] = []
        self.starts: tuple[str, ...] = ()
        self.free = {("834", 2): set(), ("834", 4): set()}

    async def look_at(
        self,
        market: Market,
        service_date: date,
        venues: Mapping[int, tuple[str, ...]],
        *,
        until: float | None = None,
    ) -> Snapshot:
        self.looked.append((service_date, venues))
        answers = [
            Answer(
                party_size=size,
                sent_at=self._clock.now(),
                arrived_at=self._clock.now(),
                venues=(VenueAnswer(venue, self._seen(service_date)),),
                page=0,
                one_venue=True,
            )
            for size, named in venues.items()
            for venue in named
        ]
        return Snapshot(
            provider=self.provider_id,
            market=market.id,
            service_date=service_date,
            finished_at=self._clock.now(),
            answers=tuple(answers),
            outcome=Outcome.OK,
            venues={"77": Venue(provider="resy", venue_id="77", name="By name only")},
        )

    def _seen(self, day: date) -> tuple[SeenSlot, ...]:
        starts = (f"{day} {start}" for start in self.starts)
        return tuple(
            SeenSlot(slot_id=slot_id("resy", "77", start), actual_time=start, service_date=day)
            for start in starts
        )


async def a_world(*wanted: WantedVenue, opted_out: frozenset[tuple[str, str]] = frozenset()) -> World:
    world = World()
    world.opted_out = opted_out
    world.provider = LookedAt(world)
    await world.start()
    world.discovery.wanted.set_wanted("tests", wanted)
    await world.cycle()
    return world


def looked_at(world: World) -> list[tuple[date, Mapping[int, tuple[str, ...]]]]:
    assert isinstance(world.provider, LookedAt)
    return world.provider.looked


async def test_a_wanted_venue_that_the_sweep_does_not_list_is_looked_at_every_cycle() -> None:
    world = await a_world(WantedVenue(provider="resy", venue_id="77", sizes=frozenset({2})))
    await world.cycle()
    days = [world.today, world.today + timedelta(days=1)]
    assert looked_at(world) == [(day, {2: ("77",)}) for day in days] * 2


async def test_what_opens_there_is_told_like_anything_else() -> None:
    world = await a_world(WantedVenue(provider="resy", venue_id="77"))
    assert isinstance(world.provider, LookedAt)
    world.provider.starts = ("20:30:00",)
    await world.cycle()
    assert world.kinds() == ["NEW_DROP"] * 2
    assert {event.venue_id for event in world.listener.events} == {"77"}
    assert {event.party_sizes for event in world.listener.events} == {(2, 4)}


async def test_a_venue_that_opted_out_is_never_looked_at() -> None:
    world = await a_world(WantedVenue(provider="resy", venue_id="77"), opted_out=frozenset({("resy", "77")}))
    assert looked_at(world) == []


async def test_nobody_is_looked_at_where_nobody_is_wanted() -> None:
    assert looked_at(await a_world()) == []


async def test_a_wanted_venue_that_is_on_a_planned_page_is_not_asked_for_twice() -> None:
    world = await a_world(WantedVenue(provider="resy", venue_id="834"))
    looked_at(world).clear()
    await world.cycle()
    assert looked_at(world) == []
