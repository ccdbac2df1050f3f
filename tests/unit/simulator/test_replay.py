"""Replaying recordings: the same call gets the same answers, in their order."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tablewire.simulator.recordings import read_recording
from tablewire.simulator.replay import Replay
from tablewire.simulator.run import running_replay
from tests.unit.simulator.recorded import exchange, written

SEARCH = "/3/venuesearch/search"


def replayed(folder: Path, *exchanges: Any) -> Replay:
    return Replay(read_recording(written(folder, *exchanges)))


def test_answers_come_in_their_order_and_the_last_one_again(tmp_path: Path) -> None:
    replay = replayed(tmp_path, exchange(body="1"), exchange(body="2"))
    told = [replay.respond("POST", SEARCH, {}, b'{"page":1}').body for _ in range(4)]
    assert told == [b"1", b"2", b"2", b"2"]


def test_calls_are_told_apart_by_their_bodies(tmp_path: Path) -> None:
    replay = replayed(tmp_path, exchange(body="1"), exchange(body="2", request='{"page":2}'))
    assert replay.respond("POST", SEARCH, {}, b'{"page":2}').body == b"2"


def test_the_order_and_spacing_of_fields_do_not_matter(tmp_path: Path) -> None:
    replay = replayed(tmp_path, exchange(request='{"a":1,"b":[2]}'))
    assert replay.respond("POST", SEARCH, {}, b'{ "b": [2], "a": 1 }').status == 200


def test_what_is_new_in_every_call_does_not_matter(tmp_path: Path) -> None:
    replay = replayed(tmp_path, exchange(request='{"variables":{"date":"x","correlationId":"one"}}'))
    sent = b'{"variables":{"date":"x","correlationId":"two"}}'
    assert replay.respond("POST", SEARCH, {}, sent).status == 200


def test_what_was_scrubbed_from_the_recording_does_not_matter(tmp_path: Path) -> None:
    replay = replayed(
        tmp_path, exchange(request='{"page":1,"user":{"email":"***"}}', path=f"{SEARCH}?key=***&x=1")
    )
    sent = b'{"page":1,"user":{"email":"somebody@example.org"}}'
    assert replay.respond("POST", f"{SEARCH}?x=1&key=secret", {}, sent).status == 200


def test_status_type_and_retry_after_are_as_recorded(tmp_path: Path) -> None:
    replay = replayed(tmp_path, exchange(status=429, content_type="text/html", retry_after="17", body="<p>"))
    reply = replay.respond("POST", SEARCH, {}, b'{"page":1}')
    assert (reply.status, reply.content_type, reply.retry_after) == (429, "text/html", "17")


@pytest.mark.parametrize(("error", "trouble"), [("timeout", "hung"), ("connection", "reset")])
def test_errors_are_replayed_as_trouble(tmp_path: Path, error: str, trouble: str) -> None:
    replay = replayed(tmp_path, exchange(status=None, body=None, error=error))
    assert replay.respond("POST", SEARCH, {}, b'{"page":1}').trouble == trouble


def test_a_call_that_was_never_recorded_is_named_with_what_there_is(tmp_path: Path) -> None:
    reply = replayed(tmp_path, exchange()).respond("POST", SEARCH, {}, b'{"page":9}')
    told = json.loads(reply.body)
    assert reply.status == 404
    assert told["asked"] == {"method": "POST", "path": SEARCH, "request": '{"page":9}'}
    assert told["has"] == {f"POST {SEARCH}": 1}


async def test_a_recording_answers_over_http(tmp_path: Path) -> None:
    file = written(tmp_path, exchange(retry_after="3", status=503), exchange(), packed=True)
    async with running_replay(file) as server, aiohttp.ClientSession() as session:
        url = server.base_url + SEARCH
        async with session.post(url, data=b'{"page":1}') as first:
            assert (first.status, first.headers["Retry-After"]) == (503, "3")
        async with session.post(url, data=b'{"page":1}') as second:
            assert await second.json() == {"n": 1}


async def test_a_recorded_reset_breaks_the_connection(tmp_path: Path) -> None:
    file = written(tmp_path, exchange(status=None, body=None, error="connection"))
    async with running_replay(file) as server, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.post(server.base_url + SEARCH, data=b'{"page":1}')


async def test_a_recorded_time_out_is_silence(tmp_path: Path) -> None:
    file = written(tmp_path, exchange(status=None, body=None, error="timeout"))
    async with running_replay(file) as server, aiohttp.ClientSession() as session:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(session.post(server.base_url + SEARCH, data=b'{"page":1}'), 0.05)
