"""The file of a recording: new, private, bounded, and whole however the process ends."""

import gzip
import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tablewire.providers.recording_file import RecordingError, RecordingFile, place_for

AT = datetime(2026, 10, 22, 18, 2, tzinfo=UTC)


def begin(path: Path, limit: int = 10_000) -> RecordingFile:
    return RecordingFile(path, limit=limit, provider="resy", started_at=AT)


def lines(path: Path) -> list[bytes]:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines()


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz"])
def test_the_first_line_says_what_it_is(tmp_path: Path, name: str) -> None:
    file = begin(tmp_path / name)
    assert file.add(b"{}")
    file.close()
    head, first = lines(tmp_path / name)
    assert msgspec.json.decode(head) == {
        "format": "tablewire-recording",
        "version": 1,
        "provider": "resy",
        "started_at": "2026-10-22T18:02:00Z",
    }
    assert first == b"{}"


def test_a_packed_file_can_be_read_before_it_is_closed(tmp_path: Path) -> None:
    file = begin(tmp_path / "a.ndjson.gz")
    file.add(b'{"a":1}')
    assert lines(tmp_path / "a.ndjson.gz")[1:] == [b'{"a":1}']
    file.close()


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    begin(tmp_path / "a.ndjson").close()
    assert stat.S_IMODE((tmp_path / "a.ndjson").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text("precious")
    with pytest.raises(RecordingError, match=r"a\.ndjson is there already"):
        begin(tmp_path / "a.ndjson")
    assert (tmp_path / "a.ndjson").read_text() == "precious"


def test_where_no_file_can_be_made_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be made: No such file or directory"):
        begin(tmp_path / "nowhere" / "a.ndjson")


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz"])
def test_it_never_grows_beyond_its_limit(tmp_path: Path, name: str) -> None:
    file = begin(tmp_path / name, limit=400)
    taken = [file.add(b'{"n":%d}' % number) for number in range(200)]
    file.close()
    assert (taken[0], taken[-1], file.full) == (True, False, True)
    assert file.size == (tmp_path / name).stat().st_size <= 400
    assert len(lines(tmp_path / name)) == 1 + taken.count(True)


def test_a_directory_gets_a_new_file_each_time(tmp_path: Path) -> None:
    first = place_for(tmp_path / "kept", AT)
    assert first == tmp_path / "kept" / "recording-20261022T180200Z.ndjson.gz"
    first.touch()
    assert place_for(tmp_path / "kept", AT).name == "recording-20261022T180200Z-1.ndjson.gz"


def test_a_file_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    assert place_for(tmp_path / "a.ndjson.gz", AT) == tmp_path / "a.ndjson.gz"
    (tmp_path / "a.ndjson.gz").touch()
    assert place_for(tmp_path / "a.ndjson.gz", AT) == tmp_path / "a-1.ndjson.gz"


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match="cannot be made"):
        place_for(tmp_path / "file" / "kept", AT)
