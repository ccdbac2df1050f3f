"""What every store promises of which venues are one restaurant: the same tests for PostgreSQL and for memory."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tablewire.domain.restaurants import Decision, Link, Listing, Pair, Verdict
from tablewire.domain.slots import Venue
from tablewire.storage.protocol import Identities, Store

NOW = datetime(2026, 2, 11, 15, tzinfo=UTC)
R1, R2 = Listing("resy", "1"), Listing("resy", "2")
O1, O2 = Listing("opentable", "1"), Listing("opentable", "2")
NOTHING = Identities(links=(), decisions=(), restaurants={})


def link(one: Listing, other: Listing, verdict: Verdict = Verdict.SAME) -> Link:
    return Link(
        pair=Pair.of(one, other), verdict=verdict, confidence=0.973, evidence=("the names agree", "é\n")
    )


def decision(one: Listing, other: Listing, why: str | None = "seen there") -> Decision:
    return Decision(pair=Pair.of(one, other), verdict=Verdict.APART, by="ann", at=NOW, why=why)


async def test_a_new_store_holds_nothing(store: Store) -> None:
    assert await store.identities() == NOTHING


async def test_links_and_restaurants_come_back_as_they_were_stored(store: Store) -> None:
    links = (link(O1, R1), link(O2, R1, Verdict.DOUBTFUL))
    await store.relink([R1, O1, O2], links, {R1: "resy:1", O1: "resy:1"})
    assert await store.identities() == Identities(
        links=links, decisions=(), restaurants={R1: "resy:1", O1: "resy:1"}
    )


async def test_relinking_replaces_what_touches_the_listings_and_nothing_else(store: Store) -> None:
    await store.relink([R1, O1, R2, O2], [link(R1, O1), link(R2, O2)], dict.fromkeys((R2, O2), "resy:2"))
    await store.relink([R1, O1], [], {})
    assert await store.identities() == Identities(
        links=(link(R2, O2),), decisions=(), restaurants={R2: "resy:2", O2: "resy:2"}
    )


async def test_relinking_the_same_again_changes_nothing(store: Store) -> None:
    for _ in range(2):
        await store.relink([R1, O1], [link(R1, O1)], {R1: "resy:1", O1: "resy:1"})
    assert len((await store.identities()).links) == 1


async def test_decisions_come_back_in_the_order_of_their_pairs(store: Store) -> None:
    for made in (decision(R2, O2, None), decision(R1, O1)):
        await store.decide(made)
    assert await store.decisions() == (decision(R1, O1), decision(R2, O2, None))
    assert (await store.identities()).decisions == await store.decisions()


async def test_a_new_decision_replaces_the_one_before(store: Store) -> None:
    await store.decide(decision(R1, O1))
    changed = msgspec.structs.replace(decision(R1, O1, None), verdict=Verdict.SAME, by="bob")
    await store.decide(changed)
    assert await store.decisions() == (changed,)


async def test_a_decision_is_taken_back_once(store: Store) -> None:
    await store.decide(decision(R1, O1))
    pair = Pair.of(R1, O1)
    assert [await store.undecide(pair), await store.undecide(pair)] == [True, False]


async def test_hostile_text_is_stored(store: Store) -> None:
    await store.decide(decision(Listing("resy", "a'b"), O1, "half \ud800 and \0 null"))
    assert len(await store.decisions()) == 1


async def found(store: Store, **filters: Any) -> list[Listing]:
    plain: dict[str, Any] = {
        "name": None, "neighborhoods": (), "providers": (), "cuisines": (), "price_max": None, "after": None, "limit": 9,
    }  # fmt: skip
    page = await store.find(**(plain | filters), once=True)
    return [Listing(known.venue.provider, known.venue.venue_id) for known in page]


@pytest.fixture
async def city(store: Store) -> Store:
    """Carbone twice, as one restaurant, and Lilia."""
    venues = [
        Venue(provider="resy", venue_id="1", name="Carbone", price_range=4),
        Venue(provider="opentable", venue_id="1", name="The Carbone", price_range=3),
        Venue(provider="resy", venue_id="2", name="Lilia"),
    ]
    await store.learn(venues, NOW)
    await store.relink([R1, O1], [link(R1, O1)], {R1: "resy:1", O1: "resy:1"})
    return store


async def test_a_search_has_each_restaurant_once_as_its_first_listing(city: Store) -> None:
    assert await found(city) == [R1, R2]


async def test_a_listing_that_the_filters_leave_over_stands_for_its_restaurant(city: Store) -> None:
    assert await found(city, providers=("opentable",)) == [O1]
    assert await found(city, price_max=3) == [O1]
    assert await found(city, name="the") == [O1]


async def test_pages_have_each_restaurant_once(city: Store) -> None:
    assert await found(city, limit=1) == [R1]
    assert await found(city, after=("carbone", "resy:1")) == [R2]


async def test_an_address_and_a_phone_number_are_known_of_a_venue(store: Store) -> None:
    venue = Venue(
        provider="resy", venue_id="1", name="Carbone", address="181 Thompson St", phone="+12125550142"
    )
    await store.learn([venue], NOW)
    await store.learn([msgspec.structs.replace(venue, phone=None)], NOW)
    known = await store.get("resy", "1")
    assert known is not None
    assert known.venue == venue
