"""Files that are there whole or not at all."""

from pathlib import Path

import pytest

from tablewire.errors import BadInput
from tablewire.whole_files import whole_file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_half(path: Path) -> None:
    with whole_file(path) as out:
        out.write(b"ha")
        raise OSError("full")


def test_a_file_is_there_once_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with whole_file(path) as out:
        out.write(b"all")
        assert not path.exists()
    assert (path.read_bytes(), names(tmp_path)) == (b"all", ["out.csv"])


def test_what_breaks_off_leaves_the_file_that_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"yesterday's")
    with pytest.raises(OSError, match="full"):
        write_half(path)
    assert (path.read_bytes(), names(tmp_path)) == (b"yesterday's", ["out.csv"])


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with whole_file(tmp_path / "link") as out:
        out.write(b"all")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"all"


@pytest.mark.parametrize("path", ["/dev/null", "{folder}", "{folder}/nowhere/out.csv"])
def test_what_is_no_file_to_be_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(BadInput), whole_file(Path(path.format(folder=tmp_path))):
        raise AssertionError("it was let in")
    assert not Path("/dev/null").is_file()
