"""The verdict on an answer before it is decoded."""

from pathlib import Path

import msgspec
import pytest

from tablewire.providers.calls import FailureKind
from tablewire.providers.verdict import Answered, judge


def kind(status: int, content_type: str, body: bytes | None = b"{}") -> FailureKind | None:
    found = judge(Answered(status=status, content_type=content_type, body=body))
    return found and found[0]


@pytest.mark.parametrize("status", [200, 403, 404, 419, 429, 500, 503])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html; charset=utf-8", b"whatever"),
        ("TEXT/HTML", b""),
        ("application/json", b" \r\n<!doctype html>"),
        ("", b"\xef\xbb\xbf<html>"),
    ],
)
def test_a_page_is_a_block_whatever_its_status(status: int, content_type: str, body: bytes) -> None:
    assert kind(status, content_type, body) is FailureKind.BLOCKED


@pytest.mark.parametrize(
    ("status", "content_type", "expected"),
    [
        (200, "application/json", None),
        (200, "text/plain", None),
        (204, "", None),
        (301, "application/json", FailureKind.REJECTED),
        (400, "application/json", FailureKind.REJECTED),
        (401, "application/json", FailureKind.UNAUTHORIZED),
        (403, "application/json", FailureKind.UNAUTHORIZED),
        (403, "text/plain", FailureKind.BLOCKED),
        (404, "application/json", FailureKind.REJECTED),
        (408, "text/plain", FailureKind.SERVER_ERROR),
        (419, "application/json", FailureKind.UNAUTHORIZED),
        (429, "application/json", FailureKind.RATE_LIMITED),
        (500, "text/plain", FailureKind.SERVER_ERROR),
        (502, "", FailureKind.SERVER_ERROR),
    ],
)
def test_a_status_says_what_went_wrong(status: int, content_type: str, expected: FailureKind | None) -> None:
    assert kind(status, content_type) is expected


def test_a_body_that_was_not_read_is_too_large() -> None:
    assert kind(200, "application/json", None) is FailureKind.TOO_LARGE


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("resy-419-unauthorized.json", 419, FailureKind.UNAUTHORIZED),
        ("resy-500-plain.json", 500, FailureKind.SERVER_ERROR),
        ("resy-venue-id-missing.json", 400, FailureKind.REJECTED),
        ("imperva-interstitial.reconstructed.json", 200, FailureKind.BLOCKED),
        ("imperva-interstitial.reconstructed.json", 403, FailureKind.BLOCKED),
        ("opentable-403-akamai.reconstructed.json", 403, FailureKind.BLOCKED),
        ("opentable-persistedquerynotfound.reconstructed.json", 409, FailureKind.REJECTED),
    ],
)
def test_captured_errors_are_told_apart(
    captures: Path, name: str, status: int, expected: FailureKind
) -> None:
    captured = msgspec.json.decode((captures / "errors" / name).read_bytes())
    text = captured.get("body_text")
    body = text.encode() if text is not None else msgspec.json.encode(captured["body"])
    content_type = captured.get("content_type", "application/json").split(" or ")[0]
    assert kind(status, content_type, body) is expected
