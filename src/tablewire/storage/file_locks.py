"""Locks on files that several processes share; the system lets them go when a process dies, however it dies."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class FileLock:
    """A lock that one holder has alone, or that several share."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @asynccontextmanager
    async def exclusive(self, limit: float) -> AsyncIterator[None]:
        """Hold it alone. Raises TimeoutError where others have it for `limit` seconds."""
        deadline = time.monotonic() + limit
        while not self._try(fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._path} has been held by another process for {limit:.0f} s")
            await asyncio.sleep(0.02)
        try:
            yield
        finally:
            self.release()

    def share(self) -> None:
        """Hold it together with others. Raises BlockingIOError where somebody has it alone."""
        if not self._try(fcntl.LOCK_SH):
            raise BlockingIOError(f"{self._path} is held by another process")

    def take_over(self) -> bool:
        """Hold it alone from now on, if nobody shares it. Where somebody does, this holder's own share may be gone."""
        return self._try(fcntl.LOCK_EX)

    def release(self) -> None:
        """Let it go, if it is held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _try(self, kind: int) -> bool:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
