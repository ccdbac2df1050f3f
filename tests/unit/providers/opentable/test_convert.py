"""OpenTable's records as venues and slots."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from tablewire.domain.markets import NYC
from tablewire.providers.opentable.convert import (
    NoSense,
    book_query,
    is_public,
    is_within,
    page_of,
    seatings_of,
    start_of,
    to_listed,
)
from tablewire.providers.opentable.wire import Restaurant, Slot, decode_restaurant
from tests.unit.providers.opentable_pages import restaurant

AT = datetime(2026, 10, 22, 20, 0)


def record(**changes: Any) -> Restaurant:
    return decode_restaurant(msgspec.Raw(msgspec.json.encode(restaurant(7, **changes))))


def table(**changes: Any) -> Slot:
    return msgspec.convert({"isAvailable": True, "timeOffsetMinutes": 0} | changes, Slot)


def test_a_record_becomes_a_venue() -> None:
    venue = to_listed(record()).venue
    assert (venue.provider, venue.venue_id, venue.name) == ("opentable", "7", "House 7")
    assert (venue.neighborhood, venue.cuisine, venue.price_range) == ("Old Harbour", "Noodles", 3)
    assert (venue.latitude, venue.longitude) == (40.72, -74.0)
    assert (venue.address, venue.phone) == ("7 Quay Street", "5550100")
    assert venue.url == "https://www.opentable.com/r/house-7"
    assert venue.image_url == "https://image.example/medium"


@pytest.mark.parametrize(
    ("band", "price"),
    [("$30 and under", 2), ("$31 to $50", 3), ("$50 and over", 4), ("cheap", None), (None, None), (2, None)],
)
def test_price_bands_are_known_by_their_names(band: Any, price: int | None) -> None:
    assert to_listed(record(priceBand={"name": band})).venue.price_range == price


def test_what_only_adorns_a_record_may_be_anything() -> None:
    odd = {
        key: [17] for key in ["primaryCuisine", "neighborhood", "priceBand", "coordinates", "urls", "photos"]
    }
    venue = to_listed(record(**odd, address="x", contactInformation=None)).venue
    assert (venue.cuisine, venue.latitude, venue.image_url, venue.address) == (None, None, None, None)


@pytest.mark.parametrize("changes", [{"name": " \u200b "}, {"restaurantId": 0}, {"restaurantId": -5}])
def test_a_record_without_name_or_id_makes_no_sense(changes: dict[str, Any]) -> None:
    with pytest.raises(NoSense):
        to_listed(record(**changes))


@pytest.mark.parametrize(
    ("changes", "bookable"),
    [
        ({}, True),
        ({"type": "Listing"}, False),
        ({"isInstantBookable": False}, False),
        ({"type": None, "isInstantBookable": None}, True),
    ],
)
def test_a_mere_listing_cannot_be_booked(changes: dict[str, Any], bookable: bool) -> None:
    assert to_listed(record(**changes)).can_be_booked is bookable


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("/r/a-b", "https://www.opentable.com/r/a-b"),
        ("https://www.opentable.com/r/a?corrid=1#x", "https://www.opentable.com/r/a"),
        ("https://opentable.com/r/a", "https://opentable.com/r/a"),
        ("https://evil.example/r/a", None),
        ("https://opentable.com.evil.example/r/a", None),
        ("//evil.example/r/a", None),
        ("https://user@www.opentable.com/r/a", None),
        ("javascript:alert(1)", None),
        ("http://[", None),
        ("/r/a b", None),
        ("", None),
        (17, None),
    ],
)
def test_a_page_is_one_of_opentables_own(link: Any, page: str | None) -> None:
    known = "https://www.opentable.com/restaurant/profile/7"
    assert page_of(record(urls={"profileLink": {"link": link}})) == (page or known)


def test_a_table_is_booked_at_its_restaurants_page() -> None:
    assert book_query("https://x/r/a", 2, AT) == "?covers=2&dateTime=2026-10-22T20:00"
    profile = "https://x/restaurant/profile/7"
    assert book_query(profile, 4, AT) == "?p=4&sd=2026-10-22T20:00"


@pytest.mark.parametrize(
    "url", ["//image.example/a b", "data:image/png;base64,x", "ftp://image.example/a", '//i.example/"', 5]
)
def test_a_picture_that_cannot_be_shown_is_none(url: Any) -> None:
    assert to_listed(record(photos={"profileV3": {"medium": {"url": url}}})).venue.image_url is None


@pytest.mark.parametrize(
    ("latitude", "longitude", "within"),
    [(40.8, -74.0, True), (40.9, -74.0, False), (0, 0, True), (None, 1, True)],
)
def test_the_circle_of_the_market_holds(latitude: Any, longitude: Any, within: bool) -> None:
    place = {"latitude": latitude, "longitude": longitude}
    assert is_within(NYC, to_listed(record(coordinates=place)).venue) is within


@pytest.mark.parametrize(
    ("kind", "public"),
    [
        ("Standard", True),
        ("Experience", True),
        ("POP", True),
        (None, True),
        ("PrivateDining", False),
        (5, False),
    ],
)
def test_tables_of_known_types_are_for_everybody(kind: Any, public: bool) -> None:
    assert is_public(table(type=kind, isMandatory=True)) is public


def test_starts_carry_over_midnight_both_ways() -> None:
    assert start_of(table(timeOffsetMinutes=270), AT) == datetime(2026, 10, 23, 0, 30)
    assert start_of(table(timeOffsetMinutes=-1230), AT) == datetime(2026, 10, 21, 23, 30)


@pytest.mark.parametrize("offset", [None, 1441, -100_000])
def test_a_start_that_cannot_be_makes_no_sense(offset: int | None) -> None:
    with pytest.raises(NoSense):
        start_of(table(timeOffsetMinutes=offset), AT)


def test_seatings_are_said_in_words() -> None:
    assert seatings_of(["default", "highTop", "roof\nterrace", 5]) == ("Standard", "High Top", "roof terrace")
    assert seatings_of("bar") == ()
