"""Asking by hashes: what is sent, and what becomes of a hash that is forgotten."""

from typing import Any

import pytest

from tablewire.providers.calls import CallFailure, FailureKind
from tablewire.providers.opentable.queries import AVAILABILITY, SEARCH, Queries
from tablewire.providers.opentable.wire import decode_availability, decode_search
from tablewire.providers.verdict import Answered
from tests.unit.providers.opentable_pages import HASHES, STALE, Platform, json_answer

NAMED = "opentable: the hash of {} is stale: set TABLEWIRE_OPENTABLE_HASH_{}"
LIST: dict[str, Any] = {"skipSearchResults": 0, "maxSearchResults": 50}
TABLES: dict[str, Any] = {
    "restaurantIds": [1], "time": "20:00", "date": "2026-10-22", "backwardMinutes": 0, "forwardMinutes": 0
}  # fmt: skip


def problems(queries: Queries) -> list[str]:
    return [said.partition(", since")[0] for said in queries.status(enabled=True, problems=()).problems]


async def test_a_query_is_sent_as_the_wire_wants_it() -> None:
    platform = Platform()
    await platform.queries().ask(SEARCH, LIST, decode_search)
    (request,), (asked,) = platform.requests, platform.asked
    assert request.method == "POST"
    assert request.url == "https://tables.example/dapi/fe/gql?optype=query&opname=MultiSearchResults"
    assert asked == {
        "operationName": "MultiSearchResults",
        "variables": LIST,
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASHES[SEARCH]}},
    }
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Ot-Page-Group"] == "search"


async def test_every_query_has_a_csrf_token_of_its_own_and_looks_like_no_browser() -> None:
    platform = Platform()
    queries = platform.queries()
    for _ in range(2):
        await queries.ask(SEARCH, LIST, decode_search)
    first, second = (request.headers for request in platform.requests)
    assert first["X-Csrf-Token"] != second["X-Csrf-Token"]
    assert not any(
        name.lower().startswith(("sec-", "cookie", "origin", "referer", "user-agent")) for name in first
    )


@pytest.mark.parametrize("status", [200, 400, 409])
async def test_a_stale_hash_is_a_problem_until_its_query_is_answered_again(status: int) -> None:
    platform = Platform()
    stale: Any = json_answer({"errors": [STALE], "data": None}, status)
    platform.instead = lambda operation, _: stale if operation == AVAILABILITY else None
    queries = platform.queries()
    failure = await queries.ask(AVAILABILITY, TABLES, decode_availability)
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.STALE_QUERY
    named = NAMED.format("RestaurantsAvailability", "RESTAURANTSAVAILABILITY")
    assert problems(queries) == [named]
    await queries.ask(SEARCH, LIST, decode_search)
    assert problems(queries) == [named], "another query's answer says nothing of this one"
    platform.instead = lambda *_: None
    await queries.ask(AVAILABILITY, TABLES, decode_availability)
    assert problems(queries) == []


async def test_both_hashes_can_be_stale() -> None:
    platform = Platform()
    platform.instead = lambda *_: json_answer({"errors": [STALE]}, 409)
    queries = platform.queries()
    await queries.ask(SEARCH, LIST, decode_search)
    await queries.ask(AVAILABILITY, TABLES, decode_availability)
    assert len(problems(queries)) == 2


async def test_a_stale_hash_is_not_tried_again() -> None:
    platform = Platform()
    platform.instead = lambda *_: json_answer({"errors": [STALE]}, 409)
    await platform.queries().ask(SEARCH, LIST, decode_search)
    assert len(platform.requests) == 1


async def test_a_refusal_says_why_and_how() -> None:
    platform = Platform()
    platform.instead = lambda *_: json_answer({"errors": [{"message": "databaseRegion is wrong"}]}, 400)
    failure = await platform.queries().ask(SEARCH, LIST, decode_search)
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.REJECTED
    assert failure.message == "an error instead of data: databaseRegion is wrong (status 400)"
    assert b"databaseRegion" in failure.body


async def test_a_refusal_without_reasons_is_told_by_its_status() -> None:
    platform = Platform()
    platform.instead = lambda *_: Answered(status=400, content_type="text/plain", body=b"no")
    failure = await platform.queries().ask(SEARCH, LIST, decode_search)
    assert isinstance(failure, CallFailure)
    assert failure.message == "the request is not taken (status 400)"


async def test_nobody_sees_the_hash_in_a_message() -> None:
    platform = Platform()
    queries = platform.queries()
    platform.instead = lambda *_: json_answer({"errors": [STALE]}, 409)
    failure = await queries.ask(SEARCH, LIST, decode_search)
    assert str(HASHES[SEARCH]) not in f"{failure!r} {problems(queries)} {platform.requests!r}"


def test_a_query_without_a_hash_is_not_known() -> None:
    queries = Platform().queries(hashes={SEARCH: "a" * 64, AVAILABILITY: None})
    assert queries.are_known(SEARCH)
    assert not queries.are_known(SEARCH, AVAILABILITY)
