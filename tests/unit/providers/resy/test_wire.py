"""The wire: one page, its hits as bytes, and what it says of itself."""

from typing import Any

import msgspec
import pytest

from tablewire.providers.resy.wire import PageCounts, decode_answer, page_counts
from tests.unit.providers.resy_pages import hit, page


def counts(meta: Any, hits: int = 75, asked: int = 2, **search: Any) -> PageCounts:
    body = msgspec.json.encode({"meta": meta, "search": {"hits": [None] * hits} | search})
    return page_counts(decode_answer(body), asked)


def test_an_answer_says_its_page_of_how_many() -> None:
    found = counts({"total": 2722, "page": 2, "per_page": 75, "total_pages": 37})
    assert found == PageCounts(page=2, total_pages=37, total=2722)


def test_pages_follow_from_what_was_granted() -> None:
    assert counts({"total": 100, "per_page": 20}, hits=20).total_pages == 5
    assert counts({"total": 100}, hits=10).total_pages == 10


def test_the_other_count_of_pages_serves_where_the_first_is_missing() -> None:
    assert counts({}, nbPages=9).total_pages == 9


@pytest.mark.parametrize("meta", [None, [], "text", {"page": "two", "total_pages": -1, "total": True}])
def test_an_answer_that_says_nothing_of_itself_is_the_page_asked_for(meta: Any) -> None:
    assert counts(meta) == PageCounts(page=2, total_pages=2, total=None)


def test_half_an_emoji_costs_nothing() -> None:
    body = page([hit(1, name="A \\ B"), hit(2)]).replace(
        b"House 2", b"Cut \\ud83d and \\ud83c\\udf2e \\\\ud83d"
    )
    hits = decode_answer(body).search.hits
    assert len(hits) == 2
    assert msgspec.json.decode(hits[1])["name"] == "Cut \ufffd and \U0001f32e \\ud83d"


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"search":{}}', b'{"search":{"hits":{}}}', page([hit(1)])[:-5]]
)
def test_what_is_no_search_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        decode_answer(body)
