"""Has charts drawn in a process of their own: the service keeps its memory, and its loop never waits."""

import asyncio
import os
import sys
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from tablewire.errors import NotDrawn
from tablewire.pictures.charts import Chart

DRAWER = (sys.executable, "-I", "-m", "tablewire.pictures.drawer")
PATIENCE = 30.0
"""Seconds for one picture: matplotlib alone takes one to be imported."""
MOST_KEPT = 64
"""Pictures, some tens of kilobytes each, that are not drawn again while their numbers are the same."""
MOST_WAITING = 16
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUTF8": "1", "MPLBACKEND": "svg"}
"""No secret of ours."""
_CACHES = ("HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR")
"""Where matplotlib keeps its list of fonts; without them it makes it anew each time."""


class Artist:
    """Draws one picture at a time."""

    def __init__(self, command: Sequence[str] = DRAWER) -> None:
        self._command = tuple(command)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()

    async def draw(self, chart: Chart) -> bytes:
        """The chart as SVG. Raises `NotDrawn`."""
        asked = msgspec.msgpack.encode(chart)
        if asked not in self._kept:
            if self._waiting >= MOST_WAITING:
                raise NotDrawn("too many pictures are being drawn")
            self._waiting += 1
            try:
                async with self._turn:
                    if asked not in self._kept:
                        self._kept[asked] = await self._drawn(asked)
            finally:
                self._waiting -= 1
        self._kept.move_to_end(asked)
        picture = self._kept[asked]
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return picture

    async def _drawn(self, asked: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.DEVNULL,
            env=_ENVIRONMENT | {name: os.environ[name] for name in _CACHES if name in os.environ},
        )
        try:
            async with asyncio.timeout(PATIENCE):
                picture, _ = await process.communicate(asked)
        except TimeoutError:
            raise NotDrawn(f"the picture was not drawn within {PATIENCE:.0f} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode or not picture:
            raise NotDrawn("the process that draws ended without a picture")
        return picture
