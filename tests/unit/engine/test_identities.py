"""New venues find their like; what people decide wins; what is stored survives a restart."""

from datetime import timedelta
from typing import Any

import pytest

from tablewire.domain.restaurants import Decision, Listing, Pair, Verdict
from tablewire.domain.slots import Venue
from tablewire.engine.identities import DECISIONS_EVERY, VENUES_EVERY, Identities
from tablewire.errors import StoreUnavailable
from tablewire.live.restaurants import Restaurants
from tablewire.storage.memory import MemoryStore
from tests.clock import StepClock

CARBONE, OTHER_CARBONE = Listing("resy", "834"), Listing("opentable", "7")


def venue(listing: Listing, name: str = "Carbone", **fields: Any) -> Venue:
    place: dict[str, Any] = {"latitude": 40.7280, "longitude": -74.0002}
    return Venue(provider=listing.provider, venue_id=listing.venue_id, name=name, **(place | fields))


class World:
    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.clock = StepClock()
        self.restaurants = Restaurants()
        self.identities = Identities(self.store, self.restaurants, self.clock)

    async def learn(self, *venues: Venue) -> None:
        at = self.clock.now()
        await self.store.learn(venues, at)
        self.identities.see(venues, at)

    async def decide(self, verdict: Verdict, one: Listing = CARBONE, other: Listing = OTHER_CARBONE) -> None:
        decision = Decision(pair=Pair.of(one, other), verdict=verdict, by="ann", at=self.clock.now())
        await self.store.decide(decision)

    async def later(self, by: timedelta = DECISIONS_EVERY) -> None:
        self.clock.advance(by.total_seconds())
        await self.identities.turn()

    def together(self, one: Listing = CARBONE, other: Listing = OTHER_CARBONE) -> bool:
        return other in self.restaurants.listings_of(*one)


@pytest.fixture
async def matched() -> World:
    world = World()
    await world.learn(venue(CARBONE))
    await world.identities.turn()
    await world.learn(venue(OTHER_CARBONE, "The Carbone"))
    await world.identities.turn()
    return world


async def test_a_new_venue_is_matched_with_the_one_that_was_there(matched: World) -> None:
    assert matched.together()
    assert matched.restaurants.id_of(*OTHER_CARBONE) == "resy:834"


async def test_what_is_matched_is_stored(matched: World) -> None:
    stored = await matched.store.identities()
    assert stored.restaurants == {CARBONE: "resy:834", OTHER_CARBONE: "resy:834"}
    assert [(link.pair, link.verdict) for link in stored.links] == [
        (Pair(OTHER_CARBONE, CARBONE), Verdict.SAME)
    ]


async def test_a_venue_that_changed_is_matched_anew(matched: World) -> None:
    await matched.learn(venue(CARBONE, "Torrisi"))
    await matched.identities.turn()
    assert not matched.together()
    assert (await matched.store.identities()).restaurants == {}


async def test_a_venue_that_is_seen_again_as_it_was_changes_nothing(matched: World) -> None:
    before = matched.restaurants.version
    matched.store.away = StoreUnavailable("nobody may ask")
    matched.identities.see([venue(CARBONE)], matched.clock.now())
    await matched.identities.turn()
    assert matched.restaurants.version == before


async def test_what_a_provider_leaves_out_for_once_stays_known() -> None:
    world = World()
    await world.learn(venue(CARBONE, "Buddakan", phone="+12125550142"))
    await world.learn(venue(OTHER_CARBONE, "Buddhakan", phone="+12125550142"))
    await world.learn(venue(CARBONE, "Buddakan"))
    await world.identities.turn()
    assert world.together()


async def test_a_new_name_shows_in_the_restaurant(matched: World) -> None:
    await matched.learn(venue(OTHER_CARBONE, "Carbone NYC"))
    await matched.identities.turn()
    assert [partner.venue.name for partner in matched.restaurants.partners_of(*CARBONE)] == ["Carbone NYC"]


async def test_a_better_partner_takes_the_place_of_a_worse_one(matched: World) -> None:
    phone = "+12125550142"
    better = Listing("resy", "2")
    await matched.learn(venue(better, phone=phone), venue(OTHER_CARBONE, phone=phone))
    await matched.identities.turn()
    assert (matched.together(), matched.together(better)) == (False, True)


async def test_a_decision_is_taken_over_while_it_runs_and_so_is_its_end(matched: World) -> None:
    await matched.decide(Verdict.APART)
    await matched.later()
    apart = matched.together()
    await matched.store.undecide(Pair.of(CARBONE, OTHER_CARBONE))
    await matched.later()
    assert (apart, matched.together()) == (False, True)


async def test_a_decision_survives_matching_again(matched: World) -> None:
    await matched.decide(Verdict.APART)
    await matched.later()
    await matched.learn(
        venue(CARBONE, address="181 Thompson St"), venue(OTHER_CARBONE, address="181 Thompson St")
    )
    await matched.identities.turn()
    assert not matched.together()


async def test_a_decision_on_a_venue_that_is_not_known_yet_waits_for_it() -> None:
    world = World()
    await world.learn(venue(CARBONE))
    await world.decide(Verdict.SAME)
    await world.identities.turn()
    await world.learn(venue(OTHER_CARBONE, "Elsewhere", latitude=41.0))
    await world.identities.turn()
    assert world.together()


async def test_a_restaurant_keeps_its_name_through_corrections(matched: World) -> None:
    await matched.decide(Verdict.APART)
    await matched.later()
    names = {matched.restaurants.id_of(*CARBONE), matched.restaurants.id_of(*OTHER_CARBONE)}
    await matched.decide(Verdict.SAME)
    await matched.later()
    assert names == {"resy:834", "opentable:7"}
    assert matched.restaurants.id_of(*OTHER_CARBONE) == "resy:834"


async def test_a_restart_comes_to_the_same_and_writes_nothing(
    matched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[object] = []

    async def relink(*written: object) -> None:
        writes.append(written)

    monkeypatch.setattr(matched.store, "relink", relink)
    again = World(matched.store)
    await again.identities.turn()
    assert (again.together(), again.restaurants.id_of(*OTHER_CARBONE), writes) == (True, "resy:834", [])


async def test_links_of_older_rules_are_taken_back_after_a_start(matched: World) -> None:
    await matched.store.learn([venue(OTHER_CARBONE, "Torrisi")], matched.clock.now())
    again = World(matched.store)
    await again.identities.turn()
    stored = await matched.store.identities()
    assert (stored.links, stored.restaurants) == ((), {})


async def test_venues_that_another_process_learned_are_found_in_time(matched: World) -> None:
    third = Listing("tock", "1")
    await matched.store.learn([venue(third)], matched.clock.now())
    await matched.later(VENUES_EVERY)
    assert matched.together(CARBONE, third)


async def test_while_the_store_is_away_it_waits_and_then_goes_on() -> None:
    world = World()
    await world.learn(venue(CARBONE), venue(OTHER_CARBONE))
    world.store.away = StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        await world.identities.turn()
    world.store.away = None
    await world.identities.turn()
    assert world.together()


async def test_what_could_not_be_stored_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    await world.learn(venue(CARBONE), venue(OTHER_CARBONE))

    async def relink(*_: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(world.store, "relink", relink)
        with pytest.raises(StoreUnavailable):
            await world.identities.turn()
    before = world.together()
    await world.identities.turn()
    assert (before, world.together()) == (False, True)
