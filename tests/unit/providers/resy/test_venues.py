"""Venues: what a hit says of its restaurant, in our words."""

from typing import Any

import msgspec
import pytest

from tablewire.domain.slots import Venue
from tablewire.providers.resy.venues import NoSense, to_venue
from tablewire.providers.resy.wire import Hit, decode_hit
from tests.unit.providers.resy_pages import hit


def wire_hit(**changes: Any) -> Hit:
    return decode_hit(msgspec.Raw(msgspec.json.encode(hit(7, **changes))))


def venue(**changes: Any) -> Venue:
    return to_venue(wire_hit(**changes))


def test_a_venue_has_all_that_its_hit_says() -> None:
    assert venue() == Venue(
        provider="resy",
        venue_id="7",
        name="House 7",
        neighborhood="Old Harbour",
        price_range=2,
        cuisine="Noodles",
        latitude=40.71,
        longitude=-74.0,
        url="https://resy.com/cities/new-york-ny/venues/house-7",
        image_url="https://image.example/7/640x360",
    )


@pytest.mark.parametrize("nothing", [None, "", " \n", 17, [], {}])
def test_what_only_adorns_a_venue_may_be_anything(nothing: Any) -> None:
    found = venue(
        neighborhood=nothing,
        cuisine=nothing,
        images=nothing,
        _geoloc=nothing,
        location=nothing,
        url_slug=nothing,
        price_range_id=nothing,
        rating=nothing,
    )
    assert found == Venue(provider="resy", venue_id="7", name="House 7")


@pytest.mark.parametrize(
    ("sent", "kept"), [(1, 1), (4, 4), (0, None), (5, None), (True, None), (2.0, None), ("2", None)]
)
def test_a_price_is_one_to_four_or_unknown(sent: Any, kept: int | None) -> None:
    assert venue(price_range_id=sent).price_range == kept


@pytest.mark.parametrize(
    "place",
    [
        {"lat": 0, "lng": 0},
        {"lat": 91, "lng": 0},
        {"lat": 40.7},
        {"lat": "40", "lng": "-74"},
        {"lat": True, "lng": 1},
    ],
)
def test_a_place_that_is_none_is_unknown(place: Any) -> None:
    found = venue(_geoloc=place)
    assert (found.latitude, found.longitude) == (None, None)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://x/y",
        "https://x/\u202e",
        'https://x/"onload',
        "//x/y",
        "https://x/" + "y" * 2000,
    ],
)
def test_an_image_is_on_the_web_or_there_is_none(url: str) -> None:
    assert venue(images=[url]).image_url is None


def test_a_name_keeps_accents_and_loses_what_cannot_be_stored() -> None:
    assert venue(name=" Kesté\x00 Pizza\u200b &\n <b>Vino</b>\xa0").name == "Kesté Pizza & <b>Vino</b>"


def test_a_venue_without_a_name_makes_no_sense() -> None:
    with pytest.raises(NoSense):
        venue(name="\u200b ")


def test_several_cuisines_are_named_one_after_the_other() -> None:
    assert venue(cuisine=["Thai", None, "Bar"]).cuisine == "Thai, Bar"


def test_what_stands_in_a_url_is_encoded() -> None:
    odd = venue(url_slug="a/b?c&d é", location={"url_slug": "x y#"})
    assert odd.url == "https://resy.com/cities/x%20y%23/venues/a%2Fb%3Fc%26d%20%C3%A9"


def test_without_a_city_there_is_no_page() -> None:
    assert venue(location=None).url is None
