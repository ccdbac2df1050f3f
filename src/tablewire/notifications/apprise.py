"""Apprise: every other service of its hundred, in a process of its own that may block, hang and be killed."""

import asyncio
import sys
from collections.abc import Sequence
from itertools import count

import msgspec

from tablewire.notifications.apprise_jobs import Job, Outcome, Start
from tablewire.notifications.guard import Guard
from tablewire.notifications.protocol import Failed, FailureKind, Message, Receipt, Sent

WORKER = (sys.executable, "-I", "-m", "tablewire.notifications.apprise_worker")
MOST_HANGING = 16
"""Given-up jobs that still hang; beyond that the process is started afresh."""
MOST_JOBS = 64
"""Jobs under way; each has a thread in the process."""
LONGEST_LINE = 2**20
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUTF8": "1", "MALLOC_ARENA_MAX": "2"}
"""Nothing of ours: neither secrets nor proxies."""


class _Died(Exception):
    """The process ended before the job did."""


class _Worker:
    """One process, and the jobs that it has."""

    def __init__(self, process: asyncio.subprocess.Process, start: Start) -> None:
        self._process = process
        self._asked: dict[int, tuple[str, asyncio.Future[Outcome]]] = {}
        self._ids = count(1)
        self.dead = False
        self._write(start)
        self._reading = asyncio.create_task(self._read(), name="read what Apprise says")

    def hangs(self, key: str) -> bool:
        """Whether a job of this key was given up and still runs."""
        return any(future.cancelled() and key == of for of, future in self._asked.values())

    @property
    def hanging(self) -> int:
        """Jobs that were given up and still run."""
        return sum(future.cancelled() for _, future in self._asked.values())

    @property
    def jobs(self) -> int:
        """Jobs under way, the hanging ones included."""
        return len(self._asked)

    async def ask(self, key: str, job: Job) -> Outcome:
        """Have a job done. Raises `_Died`; where it is cancelled the job goes on in the process, and counts as hanging."""
        if self._process.stdin is None or self._process.stdin.is_closing():
            raise _Died
        numbered = msgspec.structs.replace(job, id=next(self._ids))
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._asked[numbered.id] = key, future
        self._write(numbered)
        return await future

    async def end(self) -> None:
        """Kill it; whoever waits learns of it."""
        self.dead = True
        if self._process.returncode is None:
            self._process.kill()
        await self._reading

    def _write(self, line: msgspec.Struct) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(line) + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                outcome = msgspec.json.decode(line, type=Outcome)
                _, future = self._asked.pop(outcome.id)
                if not future.done():
                    future.set_result(outcome)
        except (ValueError, OSError, KeyError):
            self._process.kill()  # it does not speak as agreed
        self.dead = True
        await self._process.wait()
        for _, future in self._asked.values():
            if not future.done():
                future.set_exception(_Died())
        self._asked.clear()


class AppriseProcess:
    """Starts the process when it is first needed, and again when it has ended."""

    def __init__(self, guard: Guard, command: Sequence[str] = WORKER) -> None:
        self._start = Start.of(guard)
        self._command = tuple(command)
        self._worker: _Worker | None = None
        self._starting = asyncio.Lock()

    async def examine(self, url: str) -> Outcome:
        """Whether Apprise understands a URL, and which host it names."""
        return await self._do(f"examine {url}", Job(id=0, url=url, examine=True))

    async def send(self, url: str, message: Message) -> Receipt:
        """Send a message. Cancelling gives it up; the channel then rests for as long as it hangs."""
        body = "\n".join(part for part in (message.body, message.url or "") if part) or message.title
        outcome = await self._do(url, Job(id=0, url=url, title=message.title, body=body))
        if outcome.ok:
            return Sent()
        kind = FailureKind.REFUSED if outcome.refused else FailureKind.TEMPORARY
        return Failed(kind, outcome.reason or "it could not be delivered")

    async def aclose(self) -> None:
        """End the process."""
        if self._worker is not None:
            await self._worker.end()
            self._worker = None

    async def _do(self, key: str, job: Job) -> Outcome:
        for _ in range(2):  # a process that ends while it is handed a job has not done it, as a rule
            worker = await self._ready()
            if worker.hangs(key):
                return Outcome(id=0, ok=False, reason="the last try still hangs")
            if worker.jobs >= MOST_JOBS:
                return Outcome(id=0, ok=False, reason="too many messages are on their way")
            try:
                return await worker.ask(key, job)
            except _Died:
                continue
        return Outcome(id=0, ok=False, reason="Apprise's process ended")

    async def _ready(self) -> _Worker:
        async with self._starting:
            worker = self._worker
            if worker is not None and worker.hanging >= MOST_HANGING:
                await worker.end()
            if worker is None or worker.dead:
                worker = self._worker = await self._started()
            return worker

    async def _started(self) -> _Worker:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_ENVIRONMENT,
            limit=LONGEST_LINE,
        )
        return _Worker(process, self._start)


class AppriseChannel:
    """One Apprise URL."""

    def __init__(self, process: AppriseProcess, url: str) -> None:
        self._process = process
        self._url = url

    async def send(self, message: Message, until: float) -> Receipt:  # noqa: ARG002 - the caller holds the time-out
        """Have it sent."""
        return await self._process.send(self._url, message)
