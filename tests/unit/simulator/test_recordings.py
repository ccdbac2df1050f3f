"""Reading recordings: whole ones are understood, others refused by line."""

from pathlib import Path
from typing import Any

import pytest

from tablewire.simulator.recordings import RecordingError, read_recording
from tests.unit.simulator.recorded import HEADER, exchange, written


@pytest.mark.parametrize("packed", [False, True])
def test_a_recording_is_read_packed_or_not(tmp_path: Path, packed: bool) -> None:
    recording = read_recording(written(tmp_path, exchange(), exchange(body="{}"), packed=packed))
    assert [one.content() for one in recording.exchanges] == [b'{"n":1}', b"{}"]


def test_the_header_says_when_it_began(tmp_path: Path) -> None:
    header = read_recording(written(tmp_path)).header
    assert header.started_at.isoformat() == "2026-10-20T16:00:00+00:00"


def test_a_body_that_is_no_text_comes_back_as_it_was(tmp_path: Path) -> None:
    [one] = read_recording(written(tmp_path, exchange(body=None, body_base64="//79"))).exchanges
    assert one.content() == b"\xff\xfe\xfd"


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ({}, "at"),
        (exchange(error="weather"), "weather"),
        (exchange(status=None), "status=None"),
        (exchange(status=9999), "status=9999"),
        (exchange(body=None, body_base64="?"), "base64"),
        (exchange(path=7), r"\$\.path"),
        ([], "array"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(tmp_path: Path, second: Any, says: str) -> None:
    with pytest.raises(RecordingError, match=f"line 3: .*{says}"):
        read_recording(written(tmp_path, exchange(), second))


@pytest.mark.parametrize("changes", [{"format": "har"}, {"version": 2}])
def test_another_format_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(RecordingError, match="line 1: format="):
        read_recording(written(tmp_path, header=HEADER | changes))


@pytest.mark.parametrize("content", [b"", b"not json\n", b"\x1f\x8bnonsense", b'{"format": "\xff"}\n'])
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(RecordingError, match="file"):
        read_recording(file)


def test_a_line_that_was_cut_off_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, exchange(), exchange())
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(RecordingError, match="line 3"):
        read_recording(file)
