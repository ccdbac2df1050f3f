"""Calls to one provider: within its budget, time-outs and retries, and rested when it keeps failing."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp

from tablewire.providers.breaker import Breaker
from tablewire.providers.budget import Budget
from tablewire.providers.calls import (
    NOT_THE_PROVIDERS,
    CallFailure,
    FailureKind,
    Fetched,
    Refusal,
    Request,
)
from tablewire.providers.protocol import ProviderStatus, Seats
from tablewire.providers.retry import Jitter, full_jitter, parse_retry_after, wait_before_retry
from tablewire.providers.turns import ReadingTurns
from tablewire.providers.verdict import Answered, judge

MAX_BODY = 8 << 20
"""Bytes of a body, unpacked, beyond which it is not read."""
_CHUNK = 1 << 16
_KEPT_OF_A_REFUSAL = 4096
_REMEMBERED_CALLS = 100
_COMPLAINTS = (FailureKind.RATE_LIMITED, FailureKind.BLOCKED)
_PROBLEMS = (
    FailureKind.UNAUTHORIZED,
    FailureKind.BLOCKED,
    FailureKind.RATE_LIMITED,
    FailureKind.STALE_QUERY,
)
_EXPLAINED = (FailureKind.REJECTED, FailureKind.UNAUTHORIZED)
"""Refusals whose body may say more than their status."""

T = TypeVar("T")
Observer = Callable[[str, float], None]
"""Told of every attempt: how it ended (`ok` or a failure's kind), and how many seconds it took."""
Exchange = Callable[[Request], Awaitable[Answered]]
"""Sends a request and brings back its answer. It raises aiohttp.ClientError or OSError where there is none, and is cancelled when
the attempt's time is over."""
Wrap = Callable[[Exchange], Exchange]
"""Makes one exchange of another, e.g. one that keeps what it sees."""
Explain = Callable[[int, bytes], tuple[FailureKind, str] | None]
"""What a refusal's status and body mean at this provider, where that is known better than from the status alone."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _ignore(_kind: str, _seconds: float) -> None:
    """Nobody wants to know."""


class Caller:
    """Sends one provider's calls. A call never raises for what the provider does; only cancelling ends it early."""

    def __init__(
        self,
        provider: str,
        *,
        seats: Seats,
        rate: float,
        timeout: float,
        user_agent: str,
        now: Callable[[], datetime] = _utc_now,
        jitter: Jitter = full_jitter,
        observe: Observer = _ignore,
        exchange: Exchange | None = None,
        wrap: Wrap | None = None,
    ) -> None:
        """`rate` is in calls a second; `timeout`, in seconds, is that of one attempt from when it is sent.

        `exchange` takes the place of HTTP; `wrap` is put round whichever it is.
        """
        self.provider = provider
        self.now = now
        self.sent = 0
        """Requests sent, retries included."""
        self.retries = 0
        """Attempts that were a call's second or third."""
        self.reading = ReadingTurns()
        """Whoever reads what a call has brought takes turns here; where too many wait, no more is sent."""
        self.budget = Budget(rate)
        self.breaker = Breaker()
        self._seats = seats
        seats.keep(provider, rate)
        self._timeout = timeout
        self._user_agent = user_agent
        self._jitter = jitter
        self._observe = observe
        self._exchange = (exchange or self._over_http) if wrap is None else wrap(exchange or self._over_http)
        self._session: aiohttp.ClientSession | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._outcomes: Counter[str] = Counter()
        self._failed: deque[bool] = deque(maxlen=_REMEMBERED_CALLS)
        self._problem: str | None = None

    async def call(
        self,
        request: Request,
        decode: Callable[[bytes], T],
        *,
        until: float | None = None,
        explain: Explain | None = None,
    ) -> Fetched[T] | CallFailure:
        """Send a request, again where that may help, and decode what is answered.

        `decode` raises ValueError for a body it cannot understand, and Refusal for one that it understands as a refusal; `explain`
        looks at the bodies of other refusals. `until` is a moment of the running loop's clock: nothing is sent, waited for or tried
        again beyond it.
        """
        attempt = 1
        while True:
            result = await self._attempt(request, decode, until, explain)
            if isinstance(result, Fetched):
                return result
            wait = wait_before_retry(result, attempt, self._jitter)
            at = self._clock()
            if wait is None or (until is not None and at + wait >= until) or self.breaker.refuses(at + wait):
                return result
            await asyncio.sleep(wait)
            attempt += 1
            self.retries += 1

    def status(self, *, enabled: bool, problems: tuple[str, ...] = ()) -> ProviderStatus:
        """How the provider is doing, with what its adapter knows of its problems."""
        at = self._clock()
        state = self.breaker.state(at)
        own = () if self._problem is None else (self._problem,)
        rested = () if state == "closed" else (f"{self.provider}: rested after failures in a row",)
        return ProviderStatus(
            enabled=enabled,
            breaker=state,
            rate=self.budget.rate,
            rate_now=self.budget.rate_now,
            error_rate=sum(self._failed) / len(self._failed) if self._failed else 0.0,
            problems=(*own, *rested, *problems),
            calls=self.sent,
            retries=self.retries,
            waiting=self._waiting,
            outcomes=dict(self._outcomes),
        )

    async def aclose(self) -> None:
        """Give back connections. It may be called again, and a later call opens new ones."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    # --- one attempt

    async def _attempt(
        self,
        request: Request,
        decode: Callable[[bytes], T],
        until: float | None,
        explain: Explain | None,
    ) -> Fetched[T] | CallFailure:
        if (refused := self._refusal()) is not None:
            return refused
        self._waiting += 1
        try:
            may_be_sent = await self._take_seat(until)
        finally:
            self._waiting -= 1
        if not may_be_sent:
            return self._count(
                CallFailure(kind=FailureKind.OUT_OF_TIME, message="no time left to send the call")
            )
        try:
            at = self._clock()
            if not self.breaker.admit(at):
                return self._refused()
            self.budget.take(at)
            return await self._send(request, decode, until, explain)
        except BaseException:
            # Cancelled, mostly. A probe that nobody ends would keep the breaker shut for good.
            self.breaker.abandoned()
            raise
        finally:
            self._seats.give_back(self.provider)

    def _refusal(self) -> CallFailure | None:
        return self._refused() if self.breaker.refuses(self._clock()) else None

    def _refused(self) -> CallFailure:
        return self._count(
            CallFailure(
                kind=FailureKind.BREAKER_OPEN,
                message="not sent: the provider is rested after failures in a row",
            )
        )

    async def _take_seat(self, until: float | None) -> bool:
        """Wait until what came is read, for the budget, then for a seat; one call at a time, so that none is sent on tokens saved up."""
        if until is not None and self._clock() >= until:
            return False  # a scope that is over stops only what waits in it
        try:
            async with asyncio.timeout_at(until), self._turn:
                await self.reading.room()
                while (wait := self.budget.wait(at := self._clock())) > 0:
                    if until is not None and at + wait >= until:
                        return False
                    await asyncio.sleep(wait)
                await self._seats.take(self.provider)
        except TimeoutError:
            return False
        return True

    async def _send(
        self,
        request: Request,
        decode: Callable[[bytes], T],
        until: float | None,
        explain: Explain | None,
    ) -> Fetched[T] | CallFailure:
        started = self._clock()
        limit = self._timeout if until is None else min(self._timeout, until - started)
        sent_at = self.now()
        self.sent += 1
        request.sent += 1
        scope = asyncio.timeout(limit)
        try:
            async with scope:
                answered = await self._exchange(request)
        except TimeoutError:
            failure = self._too_late(sent_at, cut=scope.expired() and limit < self._timeout)
        except (aiohttp.ClientError, OSError) as error:
            failure = CallFailure(
                kind=FailureKind.CONNECTION,
                message=f"the connection failed ({type(error).__name__})",
                sent_at=sent_at,
            )
        else:
            return self._understand(answered, decode, sent_at, started, explain)
        return self._settle(failure, started)

    def _too_late(self, sent_at: datetime, *, cut: bool) -> CallFailure:
        """Nothing whole came in time: the call's own, or, where it was `cut`, what was left of its caller's."""
        if cut:
            message = "given up unanswered: the poll's time was over"
            return CallFailure(kind=FailureKind.OUT_OF_TIME, message=message, sent_at=sent_at)
        message = f"no whole answer in time (at most {self._timeout:g} s)"
        return CallFailure(kind=FailureKind.TIMEOUT, message=message, sent_at=sent_at)

    def _understand(
        self,
        answered: Answered,
        decode: Callable[[bytes], T],
        sent_at: datetime,
        started: float,
        explain: Explain | None,
    ) -> Fetched[T] | CallFailure:
        arrived_at = self.now()
        body = answered.body or b""
        verdict = judge(answered)
        if verdict is not None and verdict[0] in _EXPLAINED and explain is not None:
            verdict = explain(answered.status, body) or verdict
        if verdict is None:
            try:
                value = decode(body)
            except Refusal as refusal:
                verdict = refusal.kind, refusal.message
            except (ValueError, RecursionError):
                verdict = FailureKind.BAD_BODY, f"a body of {len(body)} bytes that could not be decoded"
            else:
                self._succeeded(started)
                return Fetched(
                    status=answered.status, body=value, size=len(body), sent_at=sent_at, arrived_at=arrived_at
                )
        kind, message = verdict
        failure = CallFailure(
            kind=kind,
            message=message,
            sent_at=sent_at,
            status=answered.status,
            retry_after=parse_retry_after(answered.retry_after, arrived_at),
            body=body[:_KEPT_OF_A_REFUSAL],
        )
        return self._settle(failure, started)

    # --- what is remembered of it

    def _succeeded(self, started: float) -> None:
        at = self._clock()
        self._outcomes["ok"] += 1
        self._failed.append(False)
        self._problem = None
        self.budget.succeeded(at)
        self.breaker.succeeded()
        self._observe("ok", at - started)

    def _settle(self, failure: CallFailure, started: float) -> CallFailure:
        at = self._clock()
        self._observe(failure.kind.value, at - started)
        if failure.kind in NOT_THE_PROVIDERS:
            self.breaker.abandoned()
            return self._count(failure)
        self._failed.append(True)
        self.breaker.failed(at)
        if failure.kind in _COMPLAINTS:
            self.budget.complained(started, at)
        if failure.retry_after is not None:
            self.budget.pause(at, failure.retry_after)
        if failure.kind in _PROBLEMS and self._problem is None:
            self._problem = f"{self.provider}: {failure.message}, since {self.now():%Y-%m-%d %H:%M} UTC"
        return self._count(failure)

    def _count(self, failure: CallFailure) -> CallFailure:
        self._outcomes[failure.kind.value] += 1
        return failure

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # the seats are the limit
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self._user_agent, "Accept": "application/json"},
                timeout=aiohttp.ClientTimeout(total=None),  # an attempt has its own
                trust_env=False,
            )
        return self._session

    async def _over_http(self, request: Request) -> Answered:
        async with self._open_session().request(
            request.method, request.url, headers=request.headers, data=request.body, allow_redirects=False
        ) as response:
            return Answered(
                status=response.status,
                content_type=response.headers.get("Content-Type", ""),
                retry_after=response.headers.get("Retry-After"),
                body=await _bounded(response),
            )

    @staticmethod
    def _clock() -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:  # the status may be asked for before there is a loop
            return time.monotonic()


async def _bounded(response: aiohttp.ClientResponse) -> bytes | None:
    if (response.content_length or 0) > MAX_BODY:
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(_CHUNK):
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
