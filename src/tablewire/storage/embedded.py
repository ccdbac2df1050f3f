"""An embedded PostgreSQL for those who have none: its binaries come as a wheel, its data live in DATA_DIR.

The server outlives a service that is killed, and the next one takes it over. Services that share a DATA_DIR share the server; the
last one that stops in order stops it.
"""

import asyncio
import shlex
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote

import asyncpg

from tablewire.errors import StoreUnavailable
from tablewire.storage.file_locks import FileLock
from tablewire.storage.postmaster import Postmaster, binaries
from tablewire.storage.server_user import ServerUser, server_user

ROLE = "tablewire"
"""The database role that owns everything; only this machine's users of the socket's folder can be it."""

START_LIMIT = 60.0
"""Seconds after which a server that does not answer is given up: recovery after a crash may take a while."""

_STARTS = 6
"""Starts that are tried."""
_START_AGAIN_AFTER = 0.5
"""Seconds that a start has to show a process before the next one."""

_LOG_LIMIT = 1_000_000
"""Bytes of log after which a start begins a new one; one older log is kept."""

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "50",
    "shared_buffers": "64MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_compression": "on",
    # A new file of the log is made within a commit: filled with zeros first, as is the default, it holds up every writer for
    # 40 to 90 ms; without that for 1 to 5 (measured on ext4). What was committed is flushed all the same.
    "wal_init_zero": "off",
    "max_wal_size": "512MB",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
"""Fit for one small service that must not lose a commit."""


class EmbeddedPostgres:
    """One use of the server in a DATA_DIR, from `start` to `stop`."""

    def __init__(
        self, data_dir: Path, *, database: str = "tablewire", settings: Mapping[str, str] | None = None
    ) -> None:
        """`settings` are settings of PostgreSQL that differ from the usual ones; they hold where this use starts the server."""
        self._folder = data_dir.expanduser().absolute()
        self._cluster = self._folder / "postgres"
        self._database = database
        self._settings = {**_SETTINGS, **(settings or {})}
        self._starting = FileLock(self._folder / "postgres.start.lock")
        self._users = FileLock(self._folder / "postgres.users.lock")
        self._postmaster: Postmaster | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def dsn(self) -> str:
        """The database's URL. Raises RuntimeError before the start."""
        return self._dsn(self._database)

    @property
    def postmaster(self) -> Postmaster:
        """The server's process. Raises RuntimeError before the start."""
        if self._postmaster is None:
            raise RuntimeError("the embedded server has not been started")
        return self._postmaster

    async def start(self) -> str:
        """Make sure that the server runs and has the database; answers its URL.

        Raises `StoreUnavailable` with the reason where that cannot be done.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            user = await server_user(self._cluster)
            await asyncio.to_thread(user.open_way, self._folder, binaries())
            async with self._starting.exclusive(START_LIMIT):
                await self._make_cluster(user)
                await asyncio.to_thread(self._turn_log)
                self._postmaster = await asyncio.to_thread(Postmaster.of, self._cluster, user)
                await self._until_it_answers()
                self._users.share()
        except (OSError, TimeoutError) as error:
            raise StoreUnavailable(
                f"the embedded PostgreSQL in {self._folder} does not start: {error}"
            ) from error
        return self.dsn

    async def stop(self) -> None:
        """End this use; the server is stopped where it was the last one. Raises `StoreUnavailable` where it does not stop."""
        if self._postmaster is None:
            return
        try:
            async with self._starting.exclusive(START_LIMIT):
                if self._users.take_over():
                    await self._postmaster.stop()
        except (OSError, TimeoutError) as error:
            raise StoreUnavailable(
                f"the embedded PostgreSQL in {self._folder} does not stop: {error}"
            ) from error
        finally:
            self._users.release()
            self._postmaster = None

    # --- in steps

    async def _make_cluster(self, user: ServerUser) -> None:
        """Make the data directory, whole or not at all: one that was not finished is thrown away."""
        if (self._cluster / "PG_VERSION").exists():
            return
        new = self._folder / "postgres.new"
        await asyncio.to_thread(shutil.rmtree, new, ignore_errors=True)
        new.mkdir(mode=0o700)
        user.give(new)
        await user.run(
            binaries() / "initdb",
            *("-D", str(new), "-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(["--no-sync"] if self._settings["fsync"] == "off" else []),
        )
        new.rename(self._cluster)

    def _turn_log(self) -> None:
        log = self._cluster / "server.log"
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))

    async def _until_it_answers(self) -> None:
        """Only a connection counts: a server that has just died can still look as if it ran.

        A start may fail while processes of a killed server are still ending, so it is tried several times.
        """
        deadline = time.monotonic() + START_LIMIT
        starts, next_start = 0, 0.0
        while True:
            try:
                await self._connect_and_make_database()
                return
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if time.monotonic() > deadline or (starts == _STARTS and time.monotonic() > next_start):
                    raise TimeoutError(f"{error}; its log ends: {self.postmaster.last_words()}") from error
            if time.monotonic() > next_start and not await asyncio.to_thread(self.postmaster.is_running):
                await self.postmaster.start(self._options(self.postmaster))
                starts, next_start = starts + 1, time.monotonic() + _START_AGAIN_AFTER
            await asyncio.sleep(0.01)

    async def _connect_and_make_database(self) -> None:
        connection = await asyncpg.connect(self._dsn("postgres"), timeout=5)
        try:
            if not await connection.fetchval(
                "SELECT true FROM pg_database WHERE datname = $1", self._database
            ):
                await connection.execute(f'CREATE DATABASE "{self._database}"')
        finally:
            await connection.close(timeout=5)

    def _options(self, postmaster: Postmaster) -> str:
        settings = {**self._settings, "unix_socket_directories": str(postmaster.socket_folder)}
        return " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())

    def _dsn(self, database: str) -> str:
        return f"postgresql://{ROLE}@/{quote(database)}?host={quote(str(self.postmaster.socket_folder))}"
