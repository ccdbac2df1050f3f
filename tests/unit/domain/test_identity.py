"""Pairs of venues that people could tell apart at once: what the evidence makes of them."""

from typing import Any

import pytest

from tablewire.domain.identity import AUTOMATIC, DOUBTFUL, Judgement, judge, traits_of
from tablewire.domain.slots import Venue

HERE = 40.7280
METRE = 1 / 111_195


def venue(provider: str, name: str, **fields: Any) -> Venue:
    plain: dict[str, Any] = {"latitude": HERE, "longitude": -74.0}
    return Venue(provider=provider, venue_id="1", name=name, **(plain | fields))


def judged(name: str, other: str, metres: float | None = 20, **fields: tuple[Any, Any]) -> Judgement:
    """Two venues so far apart; each field is given for both."""
    ours = {field: values[0] for field, values in fields.items()}
    theirs: dict[str, Any] = {field: values[1] for field, values in fields.items()}
    if metres is None:
        theirs |= {"latitude": None, "longitude": None}
    else:
        theirs["latitude"] = HERE + metres * METRE
    return judge(traits_of(venue("resy", name, **ours)), traits_of(venue("opentable", other, **theirs)))


PHONE = ("+12125550142", "(212) 555-0142")
STREET = ("181 Thompson Street", "181 Thompson St.")
SOHO = ("SoHo", "SoHo")

ONE: list[tuple[str, str, float | None, dict[str, tuple[Any, Any]]]] = [
    ("Carbone", "Carbone", 20, {}),
    ("Carbone", "The Carbone Restaurant NYC", 60, {}),
    ("Café Boulud", "CAFE BOULUD", 140, {}),
    ("L’Artusi", "L'Artusi", 20, {"neighborhood": ("West Village", "Greenwich Village")}),
    ("Fish & Game", "Fish and Game", 20, {"cuisine": ("Seafood", "American"), "price_range": (2, 4)}),
    ("Balthazar", "Balthazar - SoHo", 20, {"neighborhood": SOHO}),
    ("Balthazar", "Balthazar - SoHo", 20, {"neighborhood": ("Lower Manhattan", "SoHo")}),
    ("Sushi Seki", "SushiSeki", 20, {}),
    ("Buddakan", "Buddhakan", 20, {"phone": PHONE}),
    ("Buddakan", "Budda Kan", 20, {"address": STREET}),
    ("Trattoria Rosina", "Rosina Trattoria", 20, {"phone": PHONE}),
    ("Carbone", "Carbone", None, {"phone": PHONE, "neighborhood": SOHO}),
    ("Carbone", "Carbone", None, {"address": STREET, "neighborhood": SOHO}),
    ("Carbone", "Carbone", 300, {"phone": PHONE, "address": STREET}),
    ("Dante", "Dante", 25, {"address": ("1 Fifth Ave", "2 East 8th St"), "phone": ("+12125550142", "+12125550143")}),
    ("The Bar", "Bar", 20, {"address": STREET, "phone": PHONE}),
]  # fmt: skip
SHOWN: list[tuple[str, str, float | None, dict[str, tuple[Any, Any]]]] = [
    ("Carbone", "Carbone Privato", 5, {"address": STREET, "phone": PHONE}),
    ("The Mark Restaurant", "The Mark Bar", 5, {"address": STREET, "phone": PHONE}),
    ("The Bar", "Bar", 20, {"neighborhood": SOHO, "cuisine": ("American", "American")}),
    ("Red Rooster", "Red Roosters", 20, {"neighborhood": SOHO}),
    ("Carbone", "Carbone", 2_000, {"address": STREET, "phone": PHONE}),
    ("Joe's Pizza", "Joe's Pizza", 140, {"address": ("124 Fulton St", "180 Fulton St")}),
]
TWO: list[tuple[str, str, float | None, dict[str, tuple[Any, Any]]]] = [
    ("Carbone", "Carbone", 2_000, {}),
    ("Carbone", "Carbone", 2_000, {"phone": PHONE, "neighborhood": SOHO, "cuisine": ("Italian", "Italian")}),
    ("Carbone", "Carbone", 250, {"neighborhood": SOHO, "cuisine": ("Italian", "Italian")}),
    ("Carbone", "Carbone", None, {"neighborhood": SOHO, "cuisine": ("Italian", "Italian")}),
    ("Carbone", "Carbone", None, {"phone": ("+18005550142", "+18005550142")}),
    ("Lilia", "Misi", 0, {"address": STREET, "phone": PHONE, "neighborhood": SOHO}),
    ("Blue Bell", "Blue Well", 5, {"address": STREET, "phone": PHONE}),
    ("Bar 54", "Bar 65", 5, {"address": STREET, "phone": PHONE}),
    ("Sushi Nakazawa", "Sushi Yasuda", 5, {"address": STREET}),
    ("Momofuku Ko", "Momofuku Noodle Bar", 60, {}),
    ("Rosa", "Rosi", 5, {"phone": PHONE}),
    ("Thai Kitchen", "Thai Kitchen Express", 10, {}),
    ("—", "…", 0, {"address": STREET, "phone": PHONE}),
]


@pytest.mark.parametrize(("name", "other", "metres", "fields"), ONE)
def test_one_restaurant_is_merged_without_asking(
    name: str, other: str, metres: float | None, fields: dict[str, tuple[Any, Any]]
) -> None:
    found = judged(name, other, metres, **fields)
    assert found.confidence >= AUTOMATIC, found


@pytest.mark.parametrize(("name", "other", "metres", "fields"), SHOWN)
def test_what_could_be_one_restaurant_is_shown_and_not_merged(
    name: str, other: str, metres: float | None, fields: dict[str, tuple[Any, Any]]
) -> None:
    found = judged(name, other, metres, **fields)
    assert DOUBTFUL <= found.confidence < AUTOMATIC, found


@pytest.mark.parametrize(("name", "other", "metres", "fields"), TWO)
def test_two_restaurants_are_not_even_shown(
    name: str, other: str, metres: float | None, fields: dict[str, tuple[Any, Any]]
) -> None:
    found = judged(name, other, metres, **fields)
    assert found.confidence < DOUBTFUL, found


@pytest.mark.parametrize(("name", "other", "metres", "fields"), [*ONE, *SHOWN, *TWO])
def test_it_does_not_matter_who_is_named_first(
    name: str, other: str, metres: float | None, fields: dict[str, tuple[Any, Any]]
) -> None:
    one = traits_of(venue("resy", name, **{field: values[0] for field, values in fields.items()}))
    two = traits_of(venue("opentable", other, **{field: values[1] for field, values in fields.items()}))
    assert judge(one, two).weight == judge(two, one).weight


def test_the_evidence_is_told_in_plain_words_the_strongest_first() -> None:
    found = judged(
        "Carbone", "The Carbone", 12, phone=PHONE, address=STREET, neighborhood=SOHO, price_range=(4, 1)
    )
    assert found.evidence == (
        "the names agree",
        "the same phone number",
        "the same address: 181 thompson st",
        "12 m apart",
        "the prices differ",
        "the same neighbourhood",
    )
