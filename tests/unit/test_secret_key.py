"""The secret key: the same at every start, made once, and readable by nobody else."""

from pathlib import Path

import pytest

from tablewire.errors import SettingsError
from tablewire.secret_key import FILE_NAME, load_secret_key

GIVEN = "0123456789abcdef0123456789abcdef"


def test_a_key_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    key = load_secret_key(tmp_path / "data", None)
    kept = tmp_path / "data" / FILE_NAME
    assert len(key) == 32
    assert kept.stat().st_mode & 0o777 == 0o600
    assert load_secret_key(tmp_path / "data", None) == key
    assert [path.name for path in kept.parent.iterdir()] == [FILE_NAME]


def test_a_given_key_wins_and_nothing_is_kept(tmp_path: Path) -> None:
    key = load_secret_key(tmp_path, GIVEN)
    assert key == load_secret_key(tmp_path, GIVEN) != load_secret_key(tmp_path, GIVEN + "x")
    assert not list(tmp_path.iterdir())


def test_a_key_too_short_is_refused_without_being_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load_secret_key(tmp_path, "tooshort")
    assert refused.value.fields[0].field == "TABLEWIRE_SECRET_KEY"
    assert "tooshort" not in str(refused.value)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_secret_key(tmp_path, None)
    (tmp_path / FILE_NAME).chmod(0o640)
    with pytest.raises(SettingsError, match="0600"):
        load_secret_key(tmp_path, None)


@pytest.mark.parametrize("damaged", [b"", b"short", b"\xff" * 64])
def test_a_damaged_key_is_refused_and_not_replaced(tmp_path: Path, damaged: bytes) -> None:
    load_secret_key(tmp_path, None)
    (tmp_path / FILE_NAME).write_bytes(damaged)
    with pytest.raises(SettingsError):
        load_secret_key(tmp_path, None)
    assert (tmp_path / FILE_NAME).read_bytes() == damaged
