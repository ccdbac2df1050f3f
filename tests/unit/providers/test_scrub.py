"""Scrubbing: secrets go wherever they stand, and everything else stays as it was."""

import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewire.providers.scrub import Scrubber

SECRET = 'made/up+"key" 1234'
SCRUB = Scrubber([SECRET, "demo"])


def scrubbed(value: Any) -> Any:
    return json.loads(SCRUB.body(json.dumps(value)))


def test_what_is_named_like_a_secret_goes_whole() -> None:
    assert scrubbed(
        {"user": {"id": 7}, "api_key": "a", "mobile_number": 2125550100, "x": [{"email": "y"}]}
    ) == {
        "user": "***",
        "api_key": "***",
        "mobile_number": "***",
        "x": [{"email": "***"}],
    }


@pytest.mark.parametrize("value", [None, "", True, False, [], {}])
def test_what_is_empty_or_says_only_yes_or_no_stays(value: object) -> None:
    assert scrubbed({"token": value}) == {"token": value}


def test_the_names_of_tables_stay() -> None:
    token = "rgs://resy/1/2/2/2026-10-22/2026-10-22/19:00:00/2/Dining Room"
    assert scrubbed({"config": {"token": token}, "slotAvailabilityToken": "abc"}) == {
        "config": {"token": token},
        "slotAvailabilityToken": "abc",
    }


def test_a_short_secret_goes_only_where_it_is_all_there_is() -> None:
    assert scrubbed(["demo", "a demo kitchen"]) == ["***", "a demo kitchen"]


def test_what_concerns_a_person_goes() -> None:
    said = scrubbed(
        ["Ask ada@example.org or +12125550100, (212) 555-0100.", "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjE3fQ.c2ln"]
    )
    assert said == ["Ask *** or ***, ***.", "***"]


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-22 19:00:00",
        "https://image.example/3/003/2/87134/7da5980387c5dd3ff7baac67f6eca33487cd2a63/jpg/640x360",
        "Ages 21+; call ahead: 2 hours",
        "40.71164941860875",
    ],
)
def test_harmless_texts_stay(text: str) -> None:
    assert scrubbed([text]) == [text]


def test_secrets_in_json_within_json_go() -> None:
    assert scrubbed({"struct_data": json.dumps({"api_key": "a", "day": "b"})}) == {
        "struct_data": '{"api_key":"***","day":"b"}'
    }


def test_secrets_in_a_url_within_json_go() -> None:
    assert scrubbed(["https://x.example/a?api_key=abc&day=1"]) == ["https://x.example/a?api_key=***&day=1"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('{"a":1,"api_key":"abcdef","user":{"name":"Ada","id', '{"a":1,"api_key":"***","user":"***"'),
        ('{"a":1,"auth_token":"abc', '{"a":1,"auth_token":"***"'),
        (
            "<script>var csrfToken = 'abc'; var day = 'x'</script>",
            "<script>var csrfToken = '***'; var day = 'x'</script>",
        ),
        ("Authorization: abc", "Authorization: ***"),
    ],
)
def test_text_that_is_no_json_is_scrubbed_by_what_stands_before_a_value(written: str, kept: str) -> None:
    assert SCRUB.body(written) == kept


def test_a_path_keeps_all_but_its_secrets_as_it_was_written() -> None:
    path = f"/a%20b/{quote(SECRET, safe='')}?day=2026-10-22&venue_id=7&token=abc&x={quote_plus(SECRET)}&flag"
    assert SCRUB.path(path) == "/a%20b/***?day=2026-10-22&venue_id=7&token=***&x=***&flag"


def test_a_form_is_scrubbed_by_its_fields() -> None:
    assert SCRUB.form("email=a%40b.c&password=x&day=1") == "email=***&password=***&day=1"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        '{"a": 1}',
        "[1.5,null]",
        '"x"',
        '{"half": "\\ud83d"}',
        "[" * 100_000,
        "nonsense",
        '{"a":NaN}',
    ],
)
def test_any_body_comes_through(body: str) -> None:
    SCRUB.body(body).encode()


WRITTEN = [
    SECRET,
    quote(SECRET, safe=""),
    quote_plus(SECRET),
    html.escape(SECRET),
    json.dumps(SECRET)[1:-1],
    json.dumps(SECRET)[1:-1].replace("/", "\\/"),
]
any_json = st.recursive(
    st.none() | st.integers() | st.sampled_from([*WRITTEN, "a", f"before {SECRET} after", f"x={SECRET}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", SECRET, "name", f"a{SECRET}"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(value=any_json, cut=st.floats(0.5, 1.0))
def test_a_planted_secret_is_nowhere_in_what_is_kept(value: Any, cut: float) -> None:
    for escape in (True, False):
        text = json.dumps(value, ensure_ascii=escape)
        whole = SCRUB.body(text)
        assert not any(way in whole for way in WRITTEN)
        part = text[: int(len(text) * cut)]
        assert not any(way in SCRUB.body(part) for way in WRITTEN)


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    for scrub in (SCRUB.body, SCRUB.text, SCRUB.path, SCRUB.form, SCRUB.words):
        scrub(text)
