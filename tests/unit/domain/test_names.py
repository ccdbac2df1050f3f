"""How names are compared."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tablewire.domain.names import name_key, own_words


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("L’Artusi – Café & Bar", "lartusi cafe bar"),
        ("L'ARTUSI  CAFE, BAR", "lartusi cafe bar"),
        ("St. Anselm", "st anselm"),
        ("U.S.A. Grill", "usa grill"),
        ("Smørrebrød", "smorrebrod"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("ﬁg & \u210caus", "fig haus"),
        ("İstanbul", "istanbul"),
        ("鮨 さいとう", "鮨 さいとう"),
        ("4 Charles", "4 charles"),
        ("—", ""),
        ("", ""),
    ],
)
def test_case_accents_and_punctuation_do_not_matter(name: str, key: str) -> None:
    assert name_key(name) == key


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None, database=None, derandomize=True)
def test_a_key_is_its_own_key(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(st.text(st.characters(codec="latin-1"), max_size=30))
@settings(max_examples=200, deadline=None, database=None, derandomize=True)
def test_case_does_not_matter_in_western_names(name: str) -> None:
    assert name_key(name.upper()) == name_key(name.lower())


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        ("The Smith", "", "smith"),
        ("Carbone Restaurant", "", "carbone"),
        ("Ristorante Rosi", "", "rosi"),
        ("Fish & Chips", "", "fish chips"),
        ("Fish and Chips", "", "fish chips"),
        ("Buvette NYC", "", "buvette"),
        ("Buvette New York", "", "buvette"),
        ("Balthazar — SoHo", "soho", "balthazar"),
        ("Balthazar (SoHo), NYC", "soho", "balthazar"),
        ("SoHo Sushi", "soho", "soho sushi"),
        ("Hotel Chelsea", "chelsea", "hotel chelsea"),
        ("New York", "", "new york"),
        ("The Restaurant", "", "the restaurant"),
        ("—", "", ""),
    ],
)
def test_of_a_name_only_its_own_words_are_left(name: str, place: str, words: str) -> None:
    assert " ".join(own_words(name, place)) == words
