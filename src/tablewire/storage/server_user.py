"""Who the embedded server runs as: the same user, or for root, whom PostgreSQL refuses, one without rights."""

import asyncio
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

import msgspec

from tablewire.errors import StoreUnavailable

UNPRIVILEGED = ("tablewire", "pgserver", "nobody")
"""Users that root hands the server to: the first that exists; the first is made where the system can."""

_COMMAND_LIMIT = 60.0
"""Seconds that initdb and pg_ctl may take."""


class ServerUser(msgspec.Struct, frozen=True):
    """A user that the server's programs are started as; None means the one who runs this."""

    uid: int | None = None
    gid: int | None = None

    def give(self, path: Path) -> None:
        """Make a file or folder the server's own."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def open_way(self, *folders: Path) -> None:
        """Let the server pass through root's folders on the way to its own (search only: nothing in them can be listed)."""
        if self.uid is None:
            return
        for folder in folders:
            for passed in (folder, *folder.parents):
                mode = passed.stat().st_mode
                if not mode & stat.S_IXOTH:
                    passed.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)

    async def run(self, program: Path, *arguments: str) -> None:
        """Run one of the server's programs to its end. Raises `StoreUnavailable` with what it said where it fails."""
        # In a thread: not every event loop can start a process as another user.
        await asyncio.to_thread(self._run, program, arguments)

    def _run(self, program: Path, arguments: tuple[str, ...]) -> None:
        try:
            done = subprocess.run(  # noqa: S603 - our own programs, with our own arguments
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=_environment(),
                cwd="/",
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
                start_new_session=True,
                timeout=_COMMAND_LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise StoreUnavailable(f"{program.name} has not ended within {_COMMAND_LIMIT:.0f} s") from None
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip()
            raise StoreUnavailable(f"{program.name} failed with code {done.returncode}: {reason}")


async def server_user(cluster: Path) -> ServerUser:
    """The user for the server of a data directory: its owner where it is there already.

    Raises `StoreUnavailable` where root finds nobody to hand it to.
    """
    if os.geteuid() != 0:
        return ServerUser()
    found = await asyncio.to_thread(_owner_of, cluster)
    if found is not None:
        return found
    known = _first_known()
    if known is None or known.pw_name == UNPRIVILEGED[-1]:
        await _make_user()
        known = _first_known()
    if known is None:
        raise StoreUnavailable(
            "PostgreSQL refuses to run as root, and there is no other user; add one named tablewire"
        )
    return ServerUser(known.pw_uid, known.pw_gid)


def _owner_of(cluster: Path) -> ServerUser | None:
    """The user that a data directory belongs to; None where it is not there, or root's."""
    try:
        owner = cluster.stat()
    except FileNotFoundError:
        return None
    return ServerUser(owner.st_uid, owner.st_gid) if owner.st_uid else None


def _first_known() -> pwd.struct_passwd | None:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


async def _make_user() -> None:
    """Make the first of the unprivileged users, where this system has the usual program for it; else do without."""
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        return
    process = await asyncio.create_subprocess_exec(
        *(
            program,
            "--system",
            "--user-group",
            "--no-create-home",
            "--shell",
            "/usr/sbin/nologin",
            UNPRIVILEGED[0],
        ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await process.wait()


def _environment() -> dict[str, str]:
    """The environment without variables of PostgreSQL's own, which would lead its programs elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
