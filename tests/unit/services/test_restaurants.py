"""What people decide of venues, and what they are told when they err."""

import pytest

from tablewire.domain.restaurants import Link, Listing, Pair, Verdict
from tablewire.domain.slots import Venue
from tablewire.errors import BadInput
from tablewire.services.restaurants import HandDecisions
from tablewire.storage.memory import MemoryStore
from tests.clock import START

NAMES = {("resy", "1"): "Carbone", ("opentable", "1"): "Carbone", ("tock", "1"): "Carbone"}


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await store.learn(
        [
            Venue(provider=provider, venue_id=venue_id, name=name, latitude=40.7, longitude=-74.0)
            for (provider, venue_id), name in NAMES.items()
        ],
        START,
    )
    return store


@pytest.fixture
def decisions(store: MemoryStore) -> HandDecisions:
    return HandDecisions(store, lambda: START)


async def refused(decisions: HandDecisions, one: str, other: str, verdict: Verdict = Verdict.SAME) -> str:
    with pytest.raises(BadInput) as error:
        await decisions.decide(one, other, verdict, by="ann")
    return str(error.value)


async def test_a_decision_is_stored_with_who_when_and_why(
    decisions: HandDecisions, store: MemoryStore
) -> None:
    await decisions.decide("resy:1", "opentable:1", Verdict.APART, by="ann", why="two rooms")
    (kept,) = await store.decisions()
    assert (kept.pair, kept.verdict) == (Pair(Listing("opentable", "1"), Listing("resy", "1")), Verdict.APART)
    assert (kept.by, kept.at, kept.why) == ("ann", START, "two rooms")


async def test_whoever_decides_is_told_what_the_evidence_says(decisions: HandDecisions) -> None:
    one, other, evidence = await decisions.decide("resy:1", "opentable:1", Verdict.SAME, by="ann")
    assert (one.provider, other.provider) == ("opentable", "resy")
    assert "the names agree" in evidence.evidence


async def test_a_second_decision_takes_the_place_of_the_first(
    decisions: HandDecisions, store: MemoryStore
) -> None:
    await decisions.decide("resy:1", "opentable:1", Verdict.APART, by="ann")
    await decisions.decide("opentable:1", "resy:1", Verdict.SAME, by="bob")
    assert [(kept.verdict, kept.by) for kept in await store.decisions()] == [(Verdict.SAME, "bob")]


async def test_a_venue_that_was_never_seen_is_named(decisions: HandDecisions) -> None:
    assert "no venue resy:404 was ever seen" in await refused(decisions, "resy:404", "opentable:1")


async def test_what_is_no_venue_is_named_both_at_once(decisions: HandDecisions) -> None:
    said = await refused(decisions, "Carbone", "834")
    assert "'Carbone' is not allowed" in said
    assert "'834' is not allowed: a venue is written provider:id" in said


async def test_a_venue_and_itself_are_refused(decisions: HandDecisions) -> None:
    assert "two different venues are wanted" in await refused(decisions, "resy:1", "resy:1")


async def test_a_decision_against_others_is_refused_and_says_what_to_take_back(
    decisions: HandDecisions,
) -> None:
    await decisions.decide("resy:1", "tock:1", Verdict.APART, by="ann")
    await decisions.decide("resy:1", "opentable:1", Verdict.SAME, by="ann")
    assert "tablewire venues auto resy:1 tock:1" in await refused(decisions, "opentable:1", "tock:1")


async def test_what_others_join_by_way_of_a_third_cannot_be_held_apart(decisions: HandDecisions) -> None:
    await decisions.decide("resy:1", "tock:1", Verdict.SAME, by="ann")
    await decisions.decide("resy:1", "opentable:1", Verdict.SAME, by="ann")
    assert "by way of a third" in await refused(decisions, "opentable:1", "tock:1", Verdict.APART)


async def test_too_long_a_reason_is_refused(decisions: HandDecisions) -> None:
    with pytest.raises(BadInput, match="500 are allowed"):
        await decisions.decide("resy:1", "opentable:1", Verdict.SAME, by="ann", why="x" * 501)


async def test_a_decision_can_be_taken_back_once(decisions: HandDecisions, store: MemoryStore) -> None:
    await decisions.decide("resy:1", "opentable:1", Verdict.SAME, by="ann")
    await decisions.leave_to_evidence("resy:1", "opentable:1")
    assert await store.decisions() == ()
    with pytest.raises(BadInput, match="nobody has decided anything"):
        await decisions.leave_to_evidence("resy:1", "opentable:1")


async def test_the_doubtful_come_the_likeliest_first_without_those_decided(
    decisions: HandDecisions, store: MemoryStore
) -> None:
    names = [Listing(provider, venue_id) for provider, venue_id in NAMES]
    pairs = [Pair.of(names[0], names[1]), Pair.of(names[0], names[2]), Pair.of(names[1], names[2])]
    links = [
        Link(pair=pair, verdict=Verdict.DOUBTFUL, confidence=0.6 + number / 10, evidence=())
        for number, pair in enumerate(pairs)
    ]
    await store.relink(names, links, {})
    await decisions.decide("resy:1", "tock:1", Verdict.APART, by="ann")
    assert [one.link.pair for one in await decisions.doubtful()] == [pairs[2], pairs[0]]
