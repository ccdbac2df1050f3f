"""HTTP to addresses that users name: only what the guard allows is connected to, and little of the answer is read."""

import ipaddress
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from tablewire.notifications.guard import Guard
from tablewire.notifications.names import Names
from tablewire.notifications.protocol import Failed, FailureKind

MAX_ANSWER = 65_536
"""Bytes that are read of an answer; what comes after them is nobody's business."""
LONGEST_WAIT = 3600.0
"""Seconds that a receiver may ask us to wait."""


class Answer(msgspec.Struct, frozen=True):
    """What a receiver answered."""

    status: int
    body: bytes
    retry_after: float | None = None

    @property
    def is_success(self) -> bool:
        """Whether it took the message."""
        return 200 <= self.status < 300

    def failed(self, kind: FailureKind = FailureKind.TEMPORARY, note: str = "") -> Failed:
        """The failure that this answer is."""
        moved = " (redirects are not followed)" if 300 <= self.status < 400 else ""
        said = note or moved
        return Failed(kind, f"the receiver answered {self.status}{said}", self.retry_after)


class Refused(OSError):
    """The guard refused an address."""


class GuardedHttp:
    """A connection for each message: no cookies, no proxies, no redirects, no address that the guard refuses."""

    def __init__(
        self,
        guard: Guard,
        names: Names,
        user_agent: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._guard = guard
        self._names = names
        self._user_agent = user_agent
        self._now = now

    async def refusal(self, host: str) -> str | None:
        """What speaks against a host, its addresses included; None where nothing does. Raises OSError where it is not found."""
        if (against := self._guard.against_host(host)) is not None:
            return against
        try:
            await _GuardedNames(self._guard, self._names).resolve(host.strip("[]"))
        except Refused as refused:
            return str(refused)
        return None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer | Failed:
        """Send one request; whoever calls sets the time-out."""
        try:
            target = URL(url)
        except ValueError:
            return Failed(FailureKind.REFUSED, "it is no URL")
        if target.scheme not in {"http", "https"}:
            return Failed(FailureKind.REFUSED, "only http and https are spoken")
        if (against := self._guard.against_host(target.host or "")) is not None:
            return Failed(FailureKind.REFUSED, against)
        resolver = _GuardedNames(self._guard, self._names)
        try:
            return await self._exchange(target, body, headers, resolver)
        except aiohttp.InvalidURL:
            return Failed(FailureKind.REFUSED, "it is no URL that can be called")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if resolver.refused is not None:
                return Failed(FailureKind.REFUSED, resolver.refused)
            return Failed(FailureKind.TEMPORARY, f"the connection failed ({_named(error)})")

    async def _exchange(
        self, target: URL, body: bytes, headers: Mapping[str, str], resolver: "_GuardedNames"
    ) -> Answer:
        connector = aiohttp.TCPConnector(
            resolver=resolver, socket_factory=resolver.make_socket, force_close=True, use_dns_cache=False
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self._user_agent},
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
                auto_decompress=False,  # what unpacks to gigabytes stays packed
            ) as session,
            session.post(target, data=body, headers=headers, allow_redirects=False) as response,
        ):
            return Answer(
                status=response.status,
                body=await _beginning(response),
                retry_after=_seconds_of(response.headers.get("Retry-After"), self._now()),
            )


class _GuardedNames(AbstractResolver):
    """Only allowed addresses of a name; and whatever is connected to is looked at once more, also what was written as an address."""

    def __init__(self, guard: Guard, names: Names) -> None:
        self._guard = guard
        self._names = names
        self._trusted = False
        self.refused: str | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self._trusted = self._guard.trusts(host)
        found = await self._names.look_up(host)
        kept = [(kind, address) for kind, address in found if not self._is_refused(address)]
        if not kept and self.refused is not None:
            message = f"{host[:100]} is at {self.refused}"
            self.refused = message
            raise Refused(message)
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for kind, address in kept
            if family in (socket.AF_UNSPEC, kind)
        ]

    def make_socket(self, info: "aiohttp.AddrInfoType") -> socket.socket:
        """The socket of one attempt to connect. Raises `Refused`."""
        family, kind, protocol, _, address = info
        if self._is_refused(str(address[0])):
            raise Refused(self.refused)
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    def _is_refused(self, address: str) -> bool:
        if self._trusted:
            return False
        against = self._guard.against_address(ipaddress.ip_address(address.partition("%")[0]))
        self.refused = against or self.refused
        return against is not None

    async def close(self) -> None:
        """There is nothing to give back."""


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    read = bytearray()
    while len(read) < MAX_ANSWER:
        chunk = await response.content.read(MAX_ANSWER - len(read))
        if not chunk:
            return bytes(read)
        read += chunk
    response.close()
    return bytes(read)


def _seconds_of(text: str | None, now: datetime) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text) if text.isascii() and text.isdigit() else (_date(text) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _date(text: str) -> datetime:
    return parsedate_to_datetime(text).astimezone(UTC)


def _named(error: BaseException) -> str:
    """The kind of an error, without the URL that its text may have."""
    cause = getattr(error, "os_error", None) or error
    return type(cause).__name__
