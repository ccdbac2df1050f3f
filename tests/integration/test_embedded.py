"""The embedded server survives what happens to services: kills, crashes, neighbours, and long paths."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tablewire.errors import StoreUnavailable
from tablewire.storage.embedded import EmbeddedPostgres
from tablewire.storage.server_user import ServerUser, server_user

FAST = {"fsync": "off"}
LIMIT = 60.0

A_SERVICE = """
import asyncio, sys
from pathlib import Path
from tablewire.storage.embedded import EmbeddedPostgres

async def main():
    server = EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"})
    await server.start()
    print(server.postmaster.pid(), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def a_service(data_dir: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another service on the same DATA_DIR, ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", A_SERVICE, str(data_dir), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LIMIT):
            assert int(await process.stdout.readline())
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ask(dsn: str, question: str) -> object:
    """What the database answers."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_what_was_stored_is_there_after_a_stop_and_a_start(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir, settings=FAST) as server:
        connection = await asyncpg.connect(server.dsn)
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        await connection.close()
        first = server.postmaster.pid()
    async with EmbeddedPostgres(data_dir, settings=FAST) as server:
        assert server.postmaster.pid() != first
        assert await ask(server.dsn, "SELECT answer FROM kept") == 42


async def test_it_is_safe_and_speaks_to_this_machine_only(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        asked = "SELECT current_setting('fsync') || current_setting('synchronous_commit') || current_setting('listen_addresses')"
        assert await ask(server.dsn, asked) == "onon"


async def test_a_database_of_another_name_is_another_database(data_dir: Path) -> None:
    async with (
        EmbeddedPostgres(data_dir, settings=FAST) as one,
        EmbeddedPostgres(data_dir, database="tablewire_demo", settings=FAST) as other,
    ):
        assert one.postmaster.pid() == other.postmaster.pid()
        assert await ask(other.dsn, "SELECT current_database()") == "tablewire_demo"


async def test_the_server_of_a_killed_service_is_taken_over(data_dir: Path) -> None:
    async with a_service(data_dir) as service:
        service.kill()
        await service.wait()
        server = EmbeddedPostgres(data_dir, settings=FAST)
        before = int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        async with server:
            assert server.postmaster.pid() == before
            assert await ask(server.dsn, "SELECT 1") == 1
        assert server._postmaster is None
        assert not (data_dir / "postgres" / "postmaster.pid").exists()


async def test_a_killed_server_is_started_again(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, settings=FAST)
    await server.start()
    killed = server.postmaster.pid()
    server.postmaster.kill()
    await server.start()
    assert server.postmaster.pid() != killed
    assert await ask(server.dsn, "SELECT 1") == 1
    await server.stop()


async def test_a_service_and_its_server_killed_together_come_back(data_dir: Path) -> None:
    async with a_service(data_dir) as service:
        service.kill()
        os.kill(int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        async with EmbeddedPostgres(data_dir, settings=FAST) as server:
            assert await ask(server.dsn, "SELECT 1") == 1


async def test_the_one_that_stops_leaves_the_server_to_the_other(data_dir: Path) -> None:
    async with a_service(data_dir):
        async with EmbeddedPostgres(data_dir, settings=FAST) as server:
            dsn = server.dsn
        assert await ask(dsn, "SELECT 1") == 1


async def test_the_last_one_that_stops_stops_the_server(data_dir: Path) -> None:
    one, other = EmbeddedPostgres(data_dir, settings=FAST), EmbeddedPostgres(data_dir, settings=FAST)
    await asyncio.gather(one.start(), other.start())
    postmaster = one.postmaster
    await one.stop()
    still_runs = postmaster.is_running()
    await other.stop()
    assert (still_runs, postmaster.is_running()) == (True, False)


async def test_a_stale_pid_file_that_names_another_program_is_no_server(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir, settings=FAST):
        pass
    stale = data_dir / "postgres" / "postmaster.pid"
    stale.write_text(
        f"{os.getpid()}\n{data_dir / 'postgres'}\n1\n5432\n{data_dir / 'postgres'}\n\n1 1\nready\n"
    )
    async with EmbeddedPostgres(data_dir, settings=FAST) as server:
        assert await ask(server.dsn, "SELECT 1") == 1


async def test_a_cluster_that_was_not_finished_is_made_anew(data_dir: Path) -> None:
    shutil.rmtree(data_dir / "postgres")
    unfinished = data_dir / "postgres.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18")
    async with EmbeddedPostgres(data_dir, settings=FAST) as server:
        assert await ask(server.dsn, "SELECT 1") == 1


async def test_a_path_too_long_for_a_socket_does_not_matter(data_dir: Path) -> None:
    deep = data_dir / ("a-long-name-" * 6) / ("and another one " * 3)
    async with EmbeddedPostgres(deep, settings=FAST) as server:
        socket_folder = server.postmaster.socket_folder
        assert await ask(server.dsn, "SELECT 1") == 1
    assert socket_folder != deep / "postgres"
    shutil.rmtree(socket_folder)


async def test_a_socket_folder_of_somebody_else_is_refused(data_dir: Path) -> None:
    deep = data_dir / ("a-long-name-" * 8)
    async with EmbeddedPostgres(deep, settings=FAST) as server:
        socket_folder = server.postmaster.socket_folder
    socket_folder.chmod(0o777)
    with pytest.raises(StoreUnavailable, match="belongs to somebody else"):
        await EmbeddedPostgres(deep, settings=FAST).start()
    shutil.rmtree(socket_folder)


async def test_a_server_that_cannot_start_says_why(data_dir: Path) -> None:
    with pytest.raises(StoreUnavailable, match="no_such_setting"):
        await EmbeddedPostgres(data_dir, settings={"no_such_setting": "1"}).start()


async def test_stopping_what_was_not_started_is_nothing(data_dir: Path) -> None:
    await EmbeddedPostgres(data_dir).stop()


async def test_root_hands_a_new_server_to_a_user_without_rights(data_dir: Path) -> None:
    user = await server_user(data_dir / "nothing there yet")
    assert (user.uid is None) == (os.geteuid() != 0)
    assert user.uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a server as somebody else")
async def test_root_starts_the_server_of_somebody_as_that_user(data_dir: Path) -> None:
    somebody = (data_dir / "postgres").stat()
    assert await server_user(data_dir / "postgres") == ServerUser(somebody.st_uid, somebody.st_gid)
