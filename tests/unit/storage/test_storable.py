from hypothesis import given
from hypothesis import strategies as st

from tablewire.storage.storable import storable, storable_or_none


def test_plain_text_is_stored_as_it_is() -> None:
    assert storable("Café “L’Été” 東京 🍣") == "Café “L’Été” 東京 🍣"


def test_null_characters_are_left_out() -> None:
    assert (storable("a\0b"), storable("é\0è")) == ("ab", "éè")


def test_half_a_character_becomes_a_question_mark() -> None:
    assert storable("a\ud800b") == "a?b"


def test_no_text_stays_none() -> None:
    assert storable_or_none(None) is None


@given(st.text(st.characters()))
def test_any_text_can_be_encoded_and_has_no_null(text: str) -> None:
    assert "\0" not in storable(text).encode("utf-8").decode("utf-8")
