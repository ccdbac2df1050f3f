"""Brings a database up to date, or takes it back, by Alembic's migrations."""

import asyncio
import re
import threading
from functools import cache
from pathlib import Path

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from tablewire.storage.failures import unavailable
from tablewire.storage.pools import CONNECT_TIMEOUT, plain

_ALEMBIC = threading.Lock()
"""Alembic keeps its context in globals, so in one process it does one thing at a time."""

_REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
_DOWN_REVISION = re.compile(r'^down_revision = "(\w+)"$', re.MULTILINE)


@cache
def scripts() -> Path:
    """The folder of migrations: in an installed wheel inside the package, in a checkout at its root.

    Raises FileNotFoundError where there is neither.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "_migrations", package.parents[1] / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise FileNotFoundError("the migrations are missing from this installation")


@cache
def head() -> str:
    """The newest revision: the one that no other follows. It is read from the files, as importing Alembic takes long."""
    texts = [path.read_text(encoding="utf-8") for path in (scripts() / "versions").glob("*.py")]
    revisions: set[str] = {name for text in texts for name in _REVISION.findall(text)}
    [newest] = revisions - {name for text in texts for name in _DOWN_REVISION.findall(text)}
    return newest


async def current(dsn: str) -> str | None:
    """The revision that a database is at, None where it is empty. Raises `StoreUnavailable`."""
    with unavailable():
        connection = await asyncpg.connect(plain(dsn), timeout=CONNECT_TIMEOUT)
        try:
            return await revision_of(connection)
        finally:
            await connection.close()


async def revision_of(
    connection: "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]",
) -> str | None:
    """The revision that the database behind a connection is at, None where it is empty."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    found = await connection.fetchval("SELECT version_num FROM alembic_version")
    return None if found is None else str(found)


async def upgrade(dsn: str, to: str = "head") -> None:
    """Bring a database up to a revision; of several at the same time one does it, and the others wait for it.

    Nothing is done, quickly, where it is there already. Raises `StoreUnavailable` where PostgreSQL is away, `StoreError` where it refuses.
    """
    wanted = head() if to == "head" else to
    if await current(dsn) != wanted:
        with unavailable():
            await asyncio.to_thread(_run, dsn, wanted, down=False)


async def downgrade(dsn: str, to: str = "base") -> None:
    """Take a database back to a revision: `base` is empty, and all that was stored is lost. Raises as `upgrade` does."""
    with unavailable():
        await asyncio.to_thread(_run, dsn, to, down=True)


def _run(dsn: str, to: str, *, down: bool) -> None:
    from alembic import command  # noqa: PLC0415 - it takes long to import, and most starts do not need it
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()  # no file: logging stays as it is
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["dsn"] = dsn
    with _ALEMBIC:
        (command.downgrade if down else command.upgrade)(config, to)
