"""Databases for tests: one embedded server a test session and worker, a migrated template, a clone of it for each test."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from tablewire.storage import migrate
from tablewire.storage.embedded import EmbeddedPostgres
from tablewire.storage.store import PostgresStore

NO_SAFETY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}
"""These databases are thrown away, so nothing has to reach the disk."""

MEMORY = "/dev/shm"
ROOM = 4_000_000_000
"""Bytes that must be free in memory: each worker has a server there, and a container's share may be small."""

TEMPLATE = "template_migrated"

_names = count(1)


class TestServer:
    """The session's server: it makes migrated databases, and throws them away."""

    __test__ = False

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._admin = server.dsn.replace(f"/{TEMPLATE}?", "/postgres?")

    async def create(self, *, template: str = TEMPLATE) -> str:
        """A new database, migrated unless another template is named; answers its URL."""
        name = f"test_{os.getpid()}_{next(_names)}"
        await self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self._admin.replace("/postgres?", f"/{name}?")

    async def drop(self, dsn: str) -> None:
        """Throw a database away, whoever is still connected."""
        name = dsn.partition("@/")[2].partition("?")[0]
        await self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._admin)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def _short_folder() -> Path:
    """A new folder whose path is short enough for a socket: in memory where there is room, as what is in it is thrown away."""
    try:
        in_memory = shutil.disk_usage(MEMORY).free >= ROOM
    except OSError:
        in_memory = False
    return Path(tempfile.mkdtemp(prefix="tw-", dir=MEMORY if in_memory else "/tmp"))


@pytest.fixture(scope="session")
def test_server() -> Iterator[TestServer]:
    """The session's server, with the migrated template; gone at the end, whatever happened in between."""
    folder = _short_folder()
    server = EmbeddedPostgres(folder, database=TEMPLATE, settings=NO_SAFETY)

    async def start() -> None:
        await migrate.upgrade(await server.start())

    try:
        asyncio.run(start())
        yield TestServer(server)
    finally:
        asyncio.run(server.stop())
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def empty_dsn(test_server: TestServer) -> AsyncIterator[str]:
    """A fresh database without any table."""
    dsn = await test_server.create(template="template0")
    yield dsn
    await test_server.drop(dsn)


@pytest.fixture
async def dsn(test_server: TestServer) -> AsyncIterator[str]:
    """A fresh migrated database."""
    dsn = await test_server.create()
    yield dsn
    await test_server.drop(dsn)


@pytest.fixture
async def store(dsn: str) -> AsyncIterator[PostgresStore]:
    """A store on a fresh migrated database."""
    store = await PostgresStore.open(dsn)
    yield store
    await store.close()


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    """A DATA_DIR with a migrated database in a stopped server: copying it is quicker than making another."""
    folder = _short_folder()

    async def prepare() -> None:
        async with EmbeddedPostgres(folder, settings={"fsync": "off"}) as server:
            await migrate.upgrade(server.dsn)

    try:
        asyncio.run(prepare())
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def data_dir(prepared: Path) -> Iterator[Path]:
    """A DATA_DIR of one test's own, with a migrated database; whatever server is left in it is killed at the end."""
    folder = _short_folder()
    subprocess.run(["cp", "-a", f"{prepared}/postgres", f"{folder}/postgres"], check=True)
    yield folder
    left = folder / "postgres" / "postmaster.pid"
    if left.exists():
        with suppress(ProcessLookupError):
            os.kill(int(left.read_text().split()[0]), signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


class FaultyServer:
    """A server of one test's own, to be stopped, killed and started again while others use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server = EmbeddedPostgres(folder, settings={"fsync": "off"})

    @property
    def dsn(self) -> str:
        """Its migrated database; the same after a restart."""
        return self._server.dsn

    @property
    def pid(self) -> int | None:
        """Its process, if there is one."""
        return self._server.postmaster.pid()

    async def start(self) -> str:
        """Start it, again or for the first time; answers the URL of its migrated database."""
        dsn = await self._server.start()
        await migrate.upgrade(dsn)
        return dsn

    async def stop(self) -> None:
        """Stop it in order; `start` brings it back."""
        await self._server.postmaster.stop()

    def kill(self) -> None:
        """Kill it as a crash would."""
        self._server.postmaster.kill()

    async def end(self) -> None:
        """Stop it for good."""
        await self._server.stop()


@pytest.fixture
async def postgres(data_dir: Path) -> AsyncIterator[FaultyServer]:
    """A started server with a migrated database of its own."""
    server = FaultyServer(data_dir)
    await server.start()
    yield server
    await server.end()
