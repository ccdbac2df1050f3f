"""What a call asks for and what a route answers, before it goes out, and the errors that both wires share."""

from collections.abc import Mapping
from typing import Any

import msgspec

JSON_TYPE = "application/json"
HTML_TYPE = "text/html"


class Call(msgspec.Struct, frozen=True):
    """One request as the routes see it."""

    method: str
    query: Mapping[str, str]
    body: bytes
    user_agent: str = ""
    authorization: str = ""
    csrf_token: str = ""


class Served(msgspec.Struct, frozen=True, gc=False):
    """One venue of an answer: `actual_times` are its publicly bookable starts as they stood in it."""

    venue_id: int
    actual_times: tuple[str, ...]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a call was about, for the log. `window` has the first and the last start that it asked for, where it asked for a part."""

    day: str | None = None
    party_size: int | None = None
    page: int | None = None
    per_page: int | None = None
    venues: tuple[int, ...] | None = None
    window: tuple[str, str] | None = None


NOTHING_ASKED = Asked()


class Answer(msgspec.Struct, frozen=True):
    """A whole answer: status, body, headers beyond the usual; for the log what was asked for, and what of it was served."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = {}
    asked: Asked = NOTHING_ASKED
    venues: int | None = None
    served: tuple[Served, ...] = ()


class BadCall(Exception):
    """A request the wire refuses with 400; `fields` says why, field by field."""

    def __init__(self, **fields: str) -> None:
        super().__init__(", ".join(f"{field}: {reason}" for field, reason in fields.items()))
        self.fields = fields


def json_answer(value: Any, status: int = 200, **about: Any) -> Answer:
    """An answer that carries a value as JSON."""
    return Answer(status=status, body=msgspec.json.encode(value), **about)


def text_answer(status: int, text: str) -> Answer:
    """An answer in plain text."""
    return Answer(status=status, body=text.encode(), content_type="text/plain")


def html_answer(status: int, text: str) -> Answer:
    """An answer as a page."""
    return Answer(status=status, body=text.encode(), content_type=HTML_TYPE)


def unauthorized() -> Answer:
    """What a missing or wrong key gets."""
    return json_answer({"status": 419, "code": None, "message": "Unauthorized", "data": {}}, 419)


def invalid(error: BadCall) -> Answer:
    """What a request with wrong data gets."""
    return json_answer({"status": 400, "message": "Invalid data received.", "data": error.fields}, 400)


def not_found() -> Answer:
    """What an unknown id gets."""
    return json_answer({"status": 404, "message": "Not Found", "data": {}}, 404)
