"""OpenTable's answers: pages of restaurants, tables, and errors in the guise of answers."""

from typing import Any

import msgspec
import pytest

from tablewire.providers.calls import FailureKind, Refusal
from tablewire.providers.opentable.wire import decode_availability, decode_search, error_in
from tests.unit.providers.opentable_pages import STALE, availability, entry, found, restaurant

encode = msgspec.json.encode


def test_a_page_has_its_restaurants_and_how_many_there_are() -> None:
    page = decode_search(encode(found(restaurant(1), None, total=250)))
    assert (len(page.restaurants), page.total) == (2, 250)


@pytest.mark.parametrize("total", ["250", -1, True, 2.5])
def test_a_count_that_is_none_is_not_known(total: Any) -> None:
    assert decode_search(encode(found(total=total))).total is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"7", b'{"data":{}}', b'{"data":null}', b'{"data":{"availability":{}}}']
)
def test_other_bodies_are_no_answer(body: bytes) -> None:
    with pytest.raises(ValueError):
        decode_availability(body)


@pytest.mark.parametrize("data", [None, {"availability": None}, {}])
def test_errors_without_data_are_a_refusal(data: Any) -> None:
    with pytest.raises(Refusal) as refused:
        decode_availability(encode({"data": data, "errors": [{"message": "too\nmany " + "x" * 500}]}))
    assert refused.value.kind is FailureKind.REJECTED
    assert refused.value.message.startswith("an error instead of data: too many xxx")
    assert len(refused.value.message) < 300


def test_errors_beside_data_do_not_hide_the_data() -> None:
    content = availability(entry(1)) | {"errors": [{"message": "one of them is slow"}]}
    assert len(decode_availability(encode(content))) == 1


@pytest.mark.parametrize(
    "error",
    [STALE, {"message": "PersistedQueryNotFound"}, {"extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}],
)
def test_a_stale_query_is_told_by_message_or_code(error: Any) -> None:
    with pytest.raises(Refusal) as refused:
        decode_search(encode({"errors": [error], "data": None}))
    assert refused.value.kind is FailureKind.STALE_QUERY


@pytest.mark.parametrize("errors", [None, [], {}, "x", [5], [None]])
def test_no_error_is_found_where_none_is(errors: Any) -> None:
    assert error_in(encode({"errors": errors})) is None


def test_an_error_without_a_message_is_still_one() -> None:
    assert error_in(b'{"errors":[{}]}') == (FailureKind.REJECTED, "an error instead of data: it says no more")
    assert error_in(b"<html>") is None


def test_half_a_character_does_not_cost_the_page() -> None:
    body = encode(found(restaurant(1, name="Caf? "))).replace(b"Caf?", b"Caf\\ud83d")
    assert len(decode_search(body).restaurants) == 1
