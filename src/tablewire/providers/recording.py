"""Recording: keeps every exchange with the providers in a file, scrubbed, without holding up the calls."""

import asyncio
import base64
import queue
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp
import msgspec

from tablewire.providers.calls import Request
from tablewire.providers.http import Exchange as Send
from tablewire.providers.http import Wrap
from tablewire.providers.recording_file import Exchange, RecordingFile
from tablewire.providers.scrub import Scrubber
from tablewire.providers.secret_names import secrets_of
from tablewire.providers.verdict import Answered

MOST_WAITING = 64 << 20
"""Bytes that may wait to be written; beyond that exchanges are lost rather than memory."""
_FORM = "x-www-form-urlencoded"

Say = Callable[[str], None]


class _Raw(msgspec.Struct, frozen=True):
    """An exchange as it was, on its way to the writer."""

    at: datetime
    provider: str
    request: Request
    answered: Answered | None
    error: str | None

    @property
    def weight(self) -> int:
        """Its bytes, roughly."""
        return len(self.request.body or b"") + len((self.answered and self.answered.body) or b"") + 1_000


class Recorder:
    """Keeps exchanges. One thread scrubs and writes them; where it cannot keep up, exchanges are lost, and counted."""

    def __init__(
        self, file: RecordingFile, *, secrets: Iterable[str], now: Callable[[], datetime], say: Say
    ) -> None:
        """`say` is told, in plain words, when keeping ends before its time; it is called in the writing thread."""
        self.kept = 0
        self.lost = 0
        self._file = file
        self._scrubber = Scrubber(secrets)
        self._now = now
        self._say = say
        self._waiting: queue.SimpleQueue[_Raw | None] = queue.SimpleQueue()
        self._weight = 0
        self._lock = threading.Lock()
        self._over = False
        self._thread = threading.Thread(target=self._write_all, name="recording", daemon=True)
        self._thread.start()

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._file.size

    @property
    def over(self) -> bool:
        """Whether nothing is kept any more: the file is full or broken, or it was closed."""
        return self._over

    def wrap(self, provider: str) -> Wrap:
        """What keeps a provider's exchanges, put round whatever sends them."""

        def wrapped(send: Send) -> Send:
            async def exchange(request: Request) -> Answered:
                return await self._exchange(provider, send, request)

            return exchange

        return wrapped

    async def aclose(self) -> None:
        """Write what is waiting, and close the file. It may be called again."""
        if self._thread.is_alive():
            self._waiting.put(None)
            await asyncio.to_thread(self._thread.join)

    async def _exchange(self, provider: str, send: Send, request: Request) -> Answered:
        at = self._now()
        try:
            answered = await send(request)
        except (asyncio.CancelledError, TimeoutError):
            # Given up unanswered, by the call's own time-out or with its poll.
            self._keep(_Raw(at, provider, request, None, "timeout"))
            raise
        except (aiohttp.ClientError, OSError):
            self._keep(_Raw(at, provider, request, None, "connection"))
            raise
        self._keep(_Raw(at, provider, request, answered, None))
        return answered

    def _keep(self, raw: _Raw) -> None:
        if self._over:
            return
        with self._lock:
            if self._weight + raw.weight > MOST_WAITING:
                self.lost += 1
                return
            self._weight += raw.weight
        self._waiting.put(raw)

    # --- in the writing thread

    def _write_all(self) -> None:
        while (raw := self._waiting.get()) is not None:
            with self._lock:
                self._weight -= raw.weight
            if not self._over:
                self._write(raw)
        self._over = True
        self._file.close()

    def _write(self, raw: _Raw) -> None:
        try:
            room = self._file.add(self._line(raw))
        except OSError as error:
            self._end(f"the recording ends: {self._file.path} cannot be written ({error.strerror})")
            return
        except Exception:  # noqa: BLE001 - the edge of a loop: what cannot be scrubbed is not kept, whatever it is
            self.lost += 1
            return
        if room:
            self.kept += 1
        else:
            self._end(f"the recording ends: {self._file.path} is as large as it may be")

    def _end(self, why: str) -> None:
        self._over = True
        self._say(why)

    def _line(self, raw: _Raw) -> bytes:
        scrub, request, answered = self._scrubber, raw.request, raw.answered
        scrub.add(secrets_of(request.headers))
        form = any(_FORM in value.lower() for value in request.headers.values())
        sent = None if request.body is None else request.body.decode("utf-8", "replace")
        url = urlsplit(request.url)
        body, packed = (None, None) if answered is None else self._body(answered.body)
        exchange = Exchange(
            at=raw.at,
            provider=raw.provider,
            method=request.method,
            path=scrub.path(f"{url.path}?{url.query}" if url.query else url.path),
            request=None if sent is None else scrub.form(sent) if form else scrub.body(sent),
            status=None if answered is None else answered.status,
            content_type=None if answered is None else scrub.text(answered.content_type),
            retry_after=None
            if answered is None or answered.retry_after is None
            else scrub.text(answered.retry_after),
            body=body,
            body_base64=msgspec.UNSET if packed is None else packed,
            error=raw.error,
        )
        return msgspec.json.encode(exchange)

    def _body(self, body: bytes | None) -> tuple[str | None, str | None]:
        """A body as text or, where it is none, as base64."""
        if body is None:
            return None, None
        try:
            return self._scrubber.body(body.decode()), None
        except UnicodeDecodeError:
            clean = self._scrubber.text(body.decode("latin-1")).encode("latin-1")
            return None, base64.b64encode(clean).decode()
