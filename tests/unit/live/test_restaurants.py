"""Which listings are one restaurant, from memory."""

from datetime import UTC, datetime

from tablewire.domain.filters import EventFilter, parse_filter
from tablewire.domain.restaurants import Decision, Link, Listing, Pair, Verdict
from tablewire.domain.slots import Venue
from tablewire.live.restaurants import Restaurant, Restaurants

CARBONE = Venue(provider="resy", venue_id="834", name="Carbone")
ELSEWHERE = Venue(provider="opentable", venue_id="7", name="Carbone NYC")
PAIR = Pair.of(Listing("resy", "834"), Listing("opentable", "7"))
LINK = Link(pair=PAIR, verdict=Verdict.SAME, confidence=0.98, evidence=("the names agree", "12 m apart"))
BY_HAND = Decision(
    pair=PAIR, verdict=Verdict.SAME, by="ann", at=datetime(2026, 2, 11, tzinfo=UTC), why="I ate there"
)


def known(*, links: tuple[Link, ...] = (LINK,), decisions: tuple[Decision, ...] = ()) -> Restaurants:
    restaurants = Restaurants()
    one = Restaurant(id="resy:834", venues=(ELSEWHERE, CARBONE), links=links, decisions=decisions)
    restaurants.remember([one])
    return restaurants


def test_a_listing_that_nothing_is_known_of_is_a_restaurant_of_its_own() -> None:
    restaurants = Restaurants()
    assert restaurants.listings_of("resy", "1") == (("resy", "1"),)
    assert (restaurants.id_of("resy", "1"), restaurants.partners_of("resy", "1")) == ("resy:1", ())


def test_each_listing_knows_all_of_its_restaurant() -> None:
    restaurants = known()
    assert restaurants.listings_of("opentable", "7") == (("opentable", "7"), ("resy", "834"))
    assert restaurants.id_of("opentable", "7") == "resy:834"


def test_a_partner_comes_with_what_ties_it() -> None:
    (partner,) = known().partners_of("resy", "834")
    assert (partner.venue, partner.confidence, partner.evidence) == (ELSEWHERE, 0.98, LINK.evidence)


def test_what_a_person_decided_is_certain() -> None:
    (partner,) = known(links=(), decisions=(BY_HAND,)).partners_of("resy", "834")
    assert (partner.confidence, partner.decided) == (1.0, BY_HAND)


def test_a_restaurant_that_comes_apart_is_forgotten() -> None:
    restaurants = known()
    restaurants.remember([], [Listing("resy", "834"), Listing("opentable", "7")])
    assert restaurants.listings_of("opentable", "7") == (("opentable", "7"),)


def test_its_version_grows_only_where_something_is_different() -> None:
    restaurants = known()
    before = restaurants.version
    restaurants.remember([Restaurant(id="resy:834", venues=(ELSEWHERE, CARBONE), links=(LINK,))])
    restaurants.remember([], [Listing("resy", "1")])
    same = restaurants.version
    restaurants.remember([], [Listing("resy", "834")])
    assert (same, restaurants.version) == (before, before + 1)


def test_a_filter_by_restaurant_is_widened_to_all_its_listings() -> None:
    wanted = parse_filter({"restaurant": ["resy:834", "resy:1"], "provider": ["resy"]})
    assert known().widened(wanted) == parse_filter(
        {"restaurant": ["opentable:7", "resy:1", "resy:834"], "provider": ["resy"]}
    )


def test_a_filter_that_names_no_restaurant_stays_as_it_is() -> None:
    wanted = parse_filter({"venue_id": ["834"]})
    assert known().widened(wanted) is wanted
    assert known().widened(EventFilter()) == EventFilter()
