"""Names tell what is secret."""

import pytest

from tablewire.providers.secret_names import is_secret_name, secrets_in, secrets_of


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "X-Resy-Auth-Token",
        "Authorization",
        "csrfToken",
        "correlationId",
        "em_address",
        "mobile_number",
        "set-cookie",
        "user",
        "payment_method_id",
        "book_token",
    ],
)
def test_a_secret_is_told_by_its_name(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["name", "venue_id", "day", "slotAvailabilityToken", "users_count", "key", "payment", "sha256Hash"],
)
def test_what_names_a_table_or_a_question_is_no_secret(name: str) -> None:
    assert not is_secret_name(name)


def test_the_secrets_of_headers_are_found_within_their_values() -> None:
    found = secrets_of(
        {
            "Authorization": 'ResyAPI api_key="made-up-key"',
            "Cookie": "a=made-up",
            "Accept": "application/json",
        }
    )
    assert {"made-up-key", "a=made-up"} <= found
    assert "application/json" not in found


def test_a_header_that_is_drawn_anew_for_each_call_is_not_remembered() -> None:
    assert secrets_of({"x-csrf-token": "00000000-0000-0000-0000-000000000000"}) == set()


def test_the_secrets_of_an_environment_are_found() -> None:
    assert secrets_in({"HOUSEBOOK_KEY": "made-up", "HOME": "/home/one", "SOME_TOKEN": "abc"}) == {"made-up"}
