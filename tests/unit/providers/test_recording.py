"""Recording: what was exchanged is kept, scrubbed, and the calls do not notice."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tablewire.providers import recording
from tablewire.providers.calls import Request
from tablewire.providers.recording import Recorder
from tablewire.providers.recording_file import RecordingFile
from tablewire.providers.verdict import Answered

AT = datetime(2026, 10, 22, 18, 2, tzinfo=UTC)
SECRET = "made-up-secret-1234"
KEY = "only-in-a-header-5678"
Send = Callable[[Request], Awaitable[Answered]]


class Desk:
    """A recorder with a file of its own."""

    def __init__(self, folder: Path, limit: int = 1_000_000) -> None:
        self.path = folder / "kept.ndjson"
        self.said: list[str] = []
        file = RecordingFile(self.path, limit=limit, provider="resy", started_at=AT)
        self.recorder = Recorder(file, secrets=[SECRET], now=lambda: AT, say=self.said.append)

    async def send(self, request: Request, come_of_it: Answered | BaseException) -> Answered:
        async def send(_: Request) -> Answered:
            if isinstance(come_of_it, BaseException):
                raise come_of_it
            return come_of_it

        return await self.recorder.wrap("resy")(send)(request)

    async def kept(self) -> list[dict[str, Any]]:
        await self.recorder.aclose()
        return [json.loads(line) for line in self.path.read_text().splitlines()[1:]]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def request(
    url: str = "http://127.0.0.1:1/3/a?day=1", body: bytes | None = b'{"day":1}', **headers: str
) -> Request:
    return Request("POST", url, headers={"Authorization": f'ResyAPI api_key="{KEY}"'} | headers, body=body)


def answered(
    body: bytes | None = b'{"a":1}',
    *,
    status: int = 200,
    content_type: str = "application/json",
    retry_after: str | None = None,
) -> Answered:
    return Answered(status=status, content_type=content_type, retry_after=retry_after, body=body)


async def test_an_exchange_is_kept_with_all_that_a_replay_needs_and_no_header(desk: Desk) -> None:
    came = await desk.send(request(), answered(retry_after="3"))
    assert came == answered(retry_after="3")
    assert await desk.kept() == [
        {
            "at": "2026-10-22T18:02:00Z",
            "provider": "resy",
            "method": "POST",
            "path": "/3/a?day=1",
            "request": '{"day":1}',
            "status": 200,
            "content_type": "application/json",
            "retry_after": "3",
            "body": '{"a":1}',
            "error": None,
        }
    ]


async def test_a_body_that_is_no_text_is_kept_as_base64(desk: Desk) -> None:
    await desk.send(request(body=None), answered(b"\xff\xfe\x00"))
    (kept,) = await desk.kept()
    assert (kept["request"], kept["body"]) == (None, None)
    assert base64.b64decode(kept["body_base64"]) == b"\xff\xfe\x00"


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (aiohttp.ServerDisconnectedError(), "connection"),
        (ConnectionResetError(), "connection"),
        (TimeoutError(), "timeout"),
        (asyncio.CancelledError(), "timeout"),
    ],
)
async def test_what_no_answer_came_of_is_kept_and_raised(
    desk: Desk, error: BaseException, named: str
) -> None:
    with pytest.raises(type(error)):
        await desk.send(request(), error)
    (kept,) = await desk.kept()
    assert (kept["status"], kept["body"], kept["error"]) == (None, None, named)


FORM: dict[str, Any] = {"Content-Type": "application/x-www-form-urlencoded"}
PLANTED = [
    (request(f"http://127.0.0.1:1/{SECRET}/x"), answered()),
    (request(f"http://127.0.0.1:1/x?y={SECRET}"), answered()),
    (request(f"http://user:{SECRET}@127.0.0.1:1/x"), answered()),
    (request(body=f'{{"x":"{SECRET}"}}'.encode()), answered()),
    (
        request(body=f"x={SECRET}&y=1".encode(), **FORM),
        answered(),
    ),
    (Request("GET", "http://127.0.0.1:1/", headers={"X-Any": SECRET, "Cookie": f"a={SECRET}"}), answered()),
    (request(), answered(f'{{"x":["{SECRET}"]}}'.encode())),
    (request(), answered(f'{{"{SECRET}":1}}'.encode())),
    (request(), answered(f'{{"x":"{SECRET}","y'.encode())),
    (request(), answered(f"<p>{SECRET}</p>".encode(), content_type="text/html", status=403)),
    (request(), answered(b"\xff" + SECRET.encode())),
    (request(), answered(content_type=f"text/x; a={SECRET}")),
    (request(), answered(retry_after=SECRET)),
    (request(), answered(json.dumps({"x": json.dumps({"y": SECRET})}).encode())),
    (
        request(),
        answered("".join(f"\\u{ord(letter):04x}" for letter in SECRET).join(['{"x":"', '"}']).encode()),
    ),
    (request(), answered(f'{{"message":"no such key: {KEY}"}}'.encode(), status=419)),
]


@pytest.mark.parametrize(("sent", "came"), PLANTED)
async def test_a_planted_secret_is_nowhere_in_the_file(desk: Desk, sent: Request, came: Answered) -> None:
    await desk.send(sent, came)
    (kept,) = await desk.kept()
    text = desk.path.read_text() + base64.b64decode(kept.get("body_base64", "")).decode("latin-1")
    assert SECRET not in text
    assert KEY not in text


async def test_what_waits_is_bounded_and_what_is_lost_is_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_WAITING", 10_000)
    await desk.send(request(), answered(b'"' + b"x" * 20_000 + b'"'))
    await desk.send(request(), answered())
    assert len(await desk.kept()) == 1
    assert (desk.recorder.kept, desk.recorder.lost) == (1, 1)


async def test_a_full_file_ends_the_recording_and_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, limit=700)
    for _ in range(10):
        await desk.send(request(), answered())
    kept = await desk.kept()
    assert 0 < len(kept) < 10
    assert desk.said == [f"the recording ends: {desk.path} is as large as it may be"]
    assert desk.recorder.over
    assert await desk.send(request(), answered()) == answered()


async def test_a_file_that_cannot_be_written_ends_the_recording_and_no_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tablewire.providers.recording_file.os.write", fail)
    assert await desk.send(request(), answered()) == answered()
    await desk.recorder.aclose()
    assert desk.said == [f"the recording ends: {desk.path} cannot be written (No space left on device)"]


async def test_it_can_be_closed_twice(desk: Desk) -> None:
    await desk.recorder.aclose()
    await desk.recorder.aclose()
