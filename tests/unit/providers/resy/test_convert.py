"""Conversion: what a hit says, in our words."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tablewire.domain.slots import Venue, local_start
from tablewire.providers.resy.convert import Asked, NoSense, book_url, checked_start, off_market_at, to_venue
from tablewire.providers.resy.wire import Hit, decode_hit
from tests.unit.providers.resy_pages import DAY, hit

NEW_YORK = ZoneInfo("America/New_York")
ASKED = Asked(service_date=date.fromisoformat(DAY), party_size=4, zone=NEW_YORK)


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


def test_a_book_url_names_city_venue_date_and_seats() -> None:
    assert (
        book_url(wire_hit(), ASKED)
        == f"https://resy.com/cities/new-york-ny/venues/house-7?date={DAY}&seats=4"
    )


def test_what_stands_in_a_url_is_encoded() -> None:
    odd = wire_hit(url_slug="a/b?c&d é", location={"url_slug": "x y#"})
    assert (
        book_url(odd, ASKED)
        == f"https://resy.com/cities/x%20y%23/venues/a%2Fb%3Fc%26d%20%C3%A9?date={DAY}&seats=4"
    )


def test_without_a_city_there_is_no_book_url() -> None:
    assert book_url(wire_hit(location=None), ASKED) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "19:00",
        "2026-10-22T19:00:00",
        "2026-10-22 19:00",
        "2026-10-22 25:00:00",
        "2026-1-2 3:4:5",
        "٢٠٢٦-10-22 19:00:00",
    ],
)
def test_a_start_is_written_as_resy_writes_it_or_makes_no_sense(text: str) -> None:
    with pytest.raises(NoSense):
        checked_start(text)


START = datetime(2026, 10, 22, 19, 0)


@pytest.mark.parametrize(
    ("secs", "at", "expected"),
    [
        (None, None, None),
        (0, None, datetime(2026, 10, 22, 23, 0, tzinfo=UTC)),
        (3600, None, datetime(2026, 10, 22, 22, 0, tzinfo=UTC)),
        (86_400, time(23), datetime(2026, 10, 22, 3, 0, tzinfo=UTC)),
        (2 * 86_400, time(12), datetime(2026, 10, 20, 16, 0, tzinfo=UTC)),
        (0, time(15), datetime(2026, 10, 22, 19, 0, tzinfo=UTC)),
        (None, time(15), datetime(2026, 10, 22, 19, 0, tzinfo=UTC)),
        (None, time(23), datetime(2026, 10, 22, 23, 0, tzinfo=UTC)),
    ],
)
def test_when_a_start_goes_off_the_market(
    secs: int | None, at: time | None, expected: datetime | None
) -> None:
    assert off_market_at(START, secs, at, NEW_YORK) == expected


def test_the_captured_instants_off_the_market_are_met(captures: Path) -> None:
    found = msgspec.json.decode((captures / "resy/find.87134.2026-10-22.json").read_bytes())
    house = found["results"]["venues"][0]
    for slot in house["slots"]:
        config = house["templates"][str(slot["template"]["id"])]["reservation_config"]
        at = config["time_off_market"]
        off_at = off_market_at(
            local_start(slot["date"]["start"]),
            config["secs_off_market"],
            time.fromisoformat(at) if at else None,
            NEW_YORK,
        )
        assert off_at is not None
        assert off_at.timestamp() == slot["market"]["date"]["off"]
