"""What providers write for people, made fit to be kept."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewire.providers.texts import clean, coordinates, mended, text_or_none, web_address


def test_a_text_is_one_line_that_can_be_shown() -> None:
    assert clean("  Chez\x00 \u202e Null\n\n & Söhne ") == "Chez Null & Söhne"
    assert len(clean("x" * 1000)) == 300


@pytest.mark.parametrize("value", [None, 5, "", " \n", ["x"]])
def test_what_is_no_text_is_none(value: Any) -> None:
    assert text_or_none(value) is None


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(91, 0), (0, 0), (float("nan"), 1), (1, float("inf")), ("1", 1), (True, 1), (None, 2)],
)
def test_a_place_that_cannot_be_is_nowhere(latitude: Any, longitude: Any) -> None:
    assert coordinates(latitude, longitude) == (None, None)


def test_a_place_is_two_numbers() -> None:
    assert coordinates(40, -74.5) == (40.0, -74.5)


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/", "//a.example/", "https://", "https://u@a.example/", "https://a.example:x/", "https://[",
     "https://a.example/ b", "https://a.example/<", "https://a.example/ü", "https://a.example/" + "x" * 1000, 5, None],
)  # fmt: skip
def test_what_cannot_be_shown_is_no_address(url: Any) -> None:
    assert web_address(url) is None


def test_an_address_has_its_parts() -> None:
    parts = web_address("https://a.example:8080/b?c=d")
    assert parts is not None
    assert (parts.hostname, parts.path, parts.query) == ("a.example", "/b", "c=d")


def test_half_a_character_is_mended_and_a_whole_one_left() -> None:
    assert mended(b'"\\ud83d\\ude00 \\ud83d"') == b'"\\ud83d\\ude00 \\ufffd"'
    assert mended(b'"\\\\ud83d"') == b'"\\\\ud83d"'


@given(st.text(max_size=20))
def test_good_json_is_left_as_it_is(text: str) -> None:
    body = msgspec.json.encode(text)
    assert mended(body) == body
