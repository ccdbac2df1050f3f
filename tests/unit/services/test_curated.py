"""Curated lists: the names that come with the package, and the venues that they mean."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import pytest

from tablewire.domain.curated import CuratedList
from tablewire.domain.markets import NYC
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import Venue
from tablewire.errors import NotFound
from tablewire.live.board import Board
from tablewire.live.restaurants import Restaurant, Restaurants
from tablewire.live.views import Views
from tablewire.services.curated import FRESH, Curated
from tablewire.services.curated_lists import load_curated
from tests.clock import StepClock
from tests.unit.live.doubles import MemoryLog, make_slot, make_state

MIAMI = (25.77, -80.19)


class Figures:
    async def figures_of(self, listings: Collection[Listing]) -> Mapping[Listing, Any]:
        return {listing: {"drops": 7} for listing in listings if listing.provider == "resy"}


class Scene:
    """A list of some names, and venues."""

    def __init__(self, *names: str) -> None:
        self.book = MemoryLog()
        self.restaurants = Restaurants()
        self.board = Board()
        self.clock = StepClock()
        wanted = CuratedList(
            title="Some", market="nyc", source="a test", as_of=date(2026, 1, 31), names=names
        )
        self.curated = Curated(
            {"some": wanted},
            [NYC],
            book=self.book,
            listings=self.restaurants,
            open_now=Views(self.board),
            figures=Figures(),
            now=self.clock.now,
        )

    def venue(self, name: str, venue_id: str, provider: str = "resy", **fields: Any) -> Venue:
        venue = Venue(provider=provider, venue_id=venue_id, name=name, **fields)
        self.book.know(venue)
        return venue

    async def entry(self) -> Any:
        (entry,) = (await self.curated.one("some")).entries
        return entry


def test_the_package_brings_its_lists() -> None:
    lists = load_curated()

    assert list(lists) == ["infatuation_hard_to_get", "nyc_hotspots"]
    for one in lists.values():
        assert one.market == "nyc"
        assert len(one.names) == len(set(one.names)) > 20


async def test_a_name_means_a_restaurant_at_all_its_providers() -> None:
    scene = Scene("Carbone")
    resy, opentable = scene.venue("Carbone New York", "1"), scene.venue("Carbone", "2", "opentable")
    scene.restaurants.remember([Restaurant(id="resy:1", venues=(opentable, resy))])

    entry = await scene.entry()
    assert (entry.found, entry.restaurant_ids, entry.open_slots) == ("one", ["resy:1"], 0)
    assert [(one.provider, one.name) for one in entry.listings] == [
        ("opentable", "Carbone"),
        ("resy", "Carbone New York"),
    ]
    assert [one.figures for one in entry.listings] == [None, {"drops": 7}]


async def test_a_name_that_fits_several_says_so() -> None:
    scene = Scene("Penny")
    scene.venue("Lucky Penny", "1")
    scene.venue("Penny Lane", "2")

    assert (await scene.entry()).found == "several"


async def test_a_restaurant_that_was_never_seen_has_nothing_not_0() -> None:
    entry = await Scene("Rao's").entry()

    assert (entry.found, entry.open_slots, entry.listings) == ("none", None, [])


async def test_a_namesake_in_another_city_is_not_meant() -> None:
    scene = Scene("Carbone")
    scene.venue("Carbone", "9", latitude=MIAMI[0], longitude=MIAMI[1])

    assert (await scene.entry()).found == "none"


async def test_what_is_open_is_told_by_start() -> None:
    scene = Scene("Carbone")
    slots = [make_slot("21:00"), make_slot("19:00")]
    scene.venue("Carbone", slots[0].venue.venue_id)
    scene.board.put(make_state(*slots))

    entry = await scene.entry()
    assert (entry.open_slots, [f"{row.slot_time:%H:%M}" for row in entry.soonest]) == (2, ["19:00", "21:00"])


async def test_new_venues_are_found_after_a_while() -> None:
    scene = Scene("Carbone")
    await scene.entry()
    scene.venue("Carbone", "1")
    assert (await scene.entry()).found == "none"
    scene.clock.advance(FRESH.total_seconds() + 1)
    assert (await scene.entry()).found == "one"


async def test_a_list_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="there are: some"):
        await Scene("Carbone").curated.one("other")
