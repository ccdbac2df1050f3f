import asyncio
import gzip

import pytest
from aiohttp import web

from tablewire.notifications.guard import Guard
from tablewire.notifications.guarded_http import MAX_ANSWER, Answer, GuardedHttp
from tablewire.notifications.names import Found, Names
from tablewire.notifications.protocol import Failed, FailureKind
from tests.receivers import LOOPBACK, endless, receiver


def http(guard: Guard = LOOPBACK, **names: Found) -> GuardedHttp:
    """Knows some names: `.` is written `_`."""

    def ask(host: str) -> Found:
        found = names.get(host.replace(".", "_"))
        if found is None:
            raise OSError("no such name")
        return found

    return GuardedHttp(guard, Names(ask), "tablewire/test")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]:8000/", "http://localhost:8000/admin", "http://0/",
        "http://2130706433/", "http://0x7f000001/", "http://127.1/", "http://169.254.169.254/latest/meta-data/",
        "http://[64:ff9b::a9fe:a9fe]/", "http://metadata.google.internal/", "http://user@10.0.0.1/", "http://10.0.0.1./",
        "ftp://example.com/", "file:///etc/passwd", "http:///", "no url",
    ],
)  # fmt: skip
async def test_urls_of_the_inside_are_refused_without_a_connection(url: str) -> None:
    answer = await GuardedHttp(Guard(), Names(), "tablewire/test").post(url, b"", {})
    assert isinstance(answer, Failed)
    assert answer.kind is FailureKind.REFUSED


async def test_a_name_that_leads_inside_is_refused() -> None:
    sender = http(Guard(), evil_example=[(2, "10.0.0.1"), (10, "fd00::1")])
    answer = await sender.post("http://evil.example/", b"", {})
    assert isinstance(answer, Failed)
    assert answer.kind is FailureKind.REFUSED
    assert "evil.example is at" in answer.reason


async def test_a_name_that_changes_after_it_was_checked_is_refused_when_it_is_used() -> None:
    answers: list[Found] = [[(2, "93.184.216.34")], [(2, "127.0.0.1")]]
    sender = GuardedHttp(Guard(), Names(lambda _: answers.pop(0)), "tablewire/test")
    assert await sender.refusal("rebind.example") is None
    async with receiver() as inside:
        answer = await sender.post(f"http://rebind.example:{inside.port}/", b"", {})
        assert inside.taken == []
    assert isinstance(answer, Failed)
    assert answer.kind is FailureKind.REFUSED


async def test_a_redirect_is_not_followed() -> None:
    async with receiver() as first, receiver() as second:
        first.answers.append(web.Response(status=307, headers={"Location": second.url()}))
        answer = await http().post(first.url(), b"body", {})
        assert second.taken == []
    assert isinstance(answer, Answer)
    assert "redirects are not followed" in answer.failed().reason


async def test_a_host_that_the_operator_names_may_be_inside() -> None:
    sender = http(Guard.of(["ntfy.lan"]), ntfy_lan=[(2, "127.0.0.1")])
    async with receiver() as inside:
        answer = await sender.post(f"http://ntfy.lan:{inside.port}/", b"body", {})
        assert inside.taken[0].body == b"body"
    assert isinstance(answer, Answer)
    assert answer.is_success


async def test_ten_gigabytes_of_an_answer_are_not_read() -> None:
    async with receiver() as liar:
        liar.behave = endless
        answer = await http().post(liar.url(), b"", {})
    assert isinstance(answer, Answer)
    assert len(answer.body) == MAX_ANSWER


async def test_an_answer_that_unpacks_to_much_stays_packed() -> None:
    packed = gzip.compress(bytes(10_000_000))
    async with receiver() as bomb:
        bomb.answers.append(web.Response(body=packed, headers={"Content-Encoding": "gzip"}))
        answer = await http().post(bomb.url(), b"", {})
    assert isinstance(answer, Answer)
    assert len(answer.body) == len(packed)


async def test_an_answer_that_is_no_http_is_a_failure_that_may_pass() -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00nonsense\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        answer = await http().post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", b"", {})
    assert isinstance(answer, Failed)
    assert answer.kind is FailureKind.TEMPORARY


async def test_the_wish_to_be_left_alone_is_read_in_both_its_forms() -> None:
    async with receiver() as busy:
        for written in ("120", "Wed, 11 Feb 2099 15:00:00 GMT", "nonsense"):
            busy.answers.append(web.Response(status=429, headers={"Retry-After": written}))
        answers = [await http().post(busy.url(), b"", {}) for _ in range(3)]
    assert [isinstance(answer, Answer) and answer.retry_after for answer in answers] == [120.0, 3600.0, None]
