"""The service's own secret key: given by the operator, or made once and kept in DATA_DIR."""

import os
import secrets
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from tablewire.errors import FieldError, SettingsError

FILE_NAME = "secret.key"
SHORTEST = 32
"""Characters that a given key has at least."""
_BYTES = 32
_OTHERS = 0o077


def load_secret_key(data_dir: Path, given: str | None) -> bytes:
    """32 bytes, the same at every start. Raises `SettingsError` where there can be no key."""
    if given is None:
        given = _kept(data_dir / FILE_NAME)
    elif len(given) < SHORTEST:
        message = (
            f"it has {len(given)} characters; at least {SHORTEST} are wanted, e.g. of `openssl rand -hex 32`"
        )
        raise SettingsError([FieldError("TABLEWIRE_SECRET_KEY", message)])
    return blake2b(given.encode(), digest_size=_BYTES, person=b"tablewire key").digest()


def _kept(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        text = path.read_text("ascii").strip()
        open_to_others = path.stat().st_mode & _OTHERS
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(f"the key in {path} cannot be kept there: {error}") from error
    if open_to_others:
        raise _refused(f"{path} can be read by others: make it 0600, or set TABLEWIRE_SECRET_KEY")
    if len(text) < SHORTEST:
        raise _refused(f"{path} holds no key: restore it, or delete it and make channels and links anew")
    return text


def _make(path: Path) -> None:
    """Whole or not at all, and only once, even where several processes start at the same time."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "w") as writing:
            writing.write(secrets.token_hex(_BYTES) + "\n")
            writing.flush()
            os.fsync(writing.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _refused(message: str) -> SettingsError:
    return SettingsError([FieldError("TABLEWIRE_DATA_DIR", message)])
