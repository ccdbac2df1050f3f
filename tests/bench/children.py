"""Processes that a benchmark starts: each takes orders as lines of JSON, and answers each with one."""

import asyncio
import contextlib
import os
import resource
import select
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

PATIENCE = 120.0
"""Seconds that an order may take before the benchmark is given up."""

Order = Callable[[dict[str, Any]], Awaitable[Any]]


class ChildError(Exception):
    """A process of the benchmark has ended, or does not answer, or reports an error."""


class Child:
    """A process of the benchmark, as its parent sees it."""

    def __init__(self, module: str, **options: Any) -> None:
        self.module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.bench.{module}", msgspec.json.encode(options).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "TABLEWIRE_LOG_LEVEL": "error"},
        )
        self._seen = b""
        self.hello: dict[str, Any] = self.answer()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.hello["port"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def do(self, order: str, **values: Any) -> Any:
        """Give an order and wait for what comes of it."""
        self.tell(order, **values)
        return self.answer()

    def tell(self, order: str, **values: Any) -> None:
        """Give an order, and do not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode({"order": order, **values}) + b"\n")
        self._process.stdin.flush()

    def answer(self, patience: float = PATIENCE) -> Any:
        """What came of the oldest order not yet answered. Raises ChildError."""
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        deadline = time.monotonic() + patience
        while b"\n" not in self._seen:
            if not select.select([handle], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise ChildError(f"{self.module} does not answer")
            data = os.read(handle, 1 << 20)
            if not data:
                raise ChildError(f"{self.module} has ended")
            self._seen += data
        line, _, self._seen = self._seen.partition(b"\n")
        answer = msgspec.json.decode(line)
        if isinstance(answer, dict) and "error" in answer:
            raise ChildError(f"{self.module}: {answer['error']}")
        return answer

    def end(self) -> None:
        """End it, in order where it obeys."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process.stdout.close()


def options() -> dict[str, Any]:
    """What the parent gave this process."""
    given: dict[str, Any] = msgspec.json.decode(sys.argv[1])
    return given


def answer(value: Any) -> None:
    """Answer the parent."""
    os.write(1, msgspec.json.encode(value) + b"\n")


async def obey(orders: Mapping[str, Order], **hello: Any) -> None:
    """Take orders until the parent closes the line."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    answer(hello)
    while line := await reader.readline():
        order = msgspec.json.decode(line)
        try:
            answer(await orders[order["order"]](order))
        except Exception as error:  # noqa: BLE001 - the edge of the loop: the parent is told
            answer({"error": f"{type(error).__name__}: {error}"})


def raise_file_limit() -> int:
    """Allow this process as many open files as it may have; answers how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else 1 << 16
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
