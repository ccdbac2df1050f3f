"""The gate where users have tokens: bearers and sessions, limits, and no writing on behalf of foreign pages."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import msgspec
from litestar.types import Scope

from tablewire.api.addresses import Addresses
from tablewire.api.allowance import Allowances
from tablewire.api.gate import Access, cookie_of, let_in
from tablewire.api.problems import Refusal
from tablewire.api.protocol import WhoIsWho
from tablewire.domain.users import Caller, client_name

BURST: Final = 2.0
"""Seconds' worth of requests that may come at once."""
FALLBACK: Final = frozenset({"/feed", "/just-opened", "/still-open", "/new-drops"})
"""What clients poll each 10 s where they cannot have a stream: this goes on, however much else they ask."""
_FALLBACK_RATE: Final = 0.2
_FALLBACK_AT_ONCE: Final = 2.0
_WRONG_RATE: Final = 0.2
_WRONG_AT_ONCE: Final = 10.0
"""So many wrong tokens from one address, and one in five seconds after that."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class _Proof(msgspec.Struct, frozen=True):
    text: str
    by_cookie: bool


class TokenGate:
    """Every user by a token of theirs, or by a session that one began."""

    def __init__(
        self,
        accounts: WhoIsWho,
        *,
        per_second: float | None,
        addresses: Addresses | None = None,
        public_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._addresses = addresses or Addresses()
        self._public = None if public_url is None else _origin_of(public_url)
        self._requests = (
            None if per_second is None else Allowances(per_second, max(1.0, BURST * per_second), clock=clock)
        )
        self._fallback = Allowances(_FALLBACK_RATE, _FALLBACK_AT_ONCE, clock=clock)
        self._wrong = Allowances(_WRONG_RATE, _WRONG_AT_ONCE, clock=clock)

    async def admit(self, scope: Scope, access: Access) -> None:
        """Let in whoever may come in."""
        address = self._addresses.client(scope)
        if access == "open":
            self._refuse_foreign_pages(scope, by_cookie=False)
            self._count(scope, address)
            return
        proof = _proof_of(scope)
        if proof is None:
            self._count(scope, address)
            raise unauthorized(
                "A token is needed: Authorization: Bearer …, or a session begun by POST /session."
            )
        caller = await self._caller(scope, proof, address)
        if proof.by_cookie:
            self._refuse_foreign_pages(scope, by_cookie=True)
        self._count(scope, client_name(caller.token_id))
        let_in(scope, caller.user, access)

    async def login(self, scope: Scope, token: str) -> Caller:
        """Whose token it is."""
        return await self._caller(scope, _Proof(token, by_cookie=False), self._addresses.client(scope))

    def is_secure(self, scope: Scope) -> bool:
        """Whether the request came by https."""
        return self._addresses.is_secure(scope)

    async def _caller(self, scope: Scope, proof: _Proof, address: str) -> Caller:
        wait = None if self._accounts.knew(proof.text) else self._wrong.wait(address)
        if wait is not None:
            detail = f"Too many wrong tokens came from there; try again in {wait} s."
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too-many-failures", detail, retry_after=wait)
        find = self._accounts.of_session if proof.by_cookie else self._accounts.of_token
        caller = await find(proof.text)
        if caller is None:
            self._wrong.take(address)
            self._count(scope, address)
            what = "session is over" if proof.by_cookie else "token is not, or no longer, in force"
            raise unauthorized(f"The {what}.", wrong=True)
        return caller

    def _count(self, scope: Scope, client: str) -> None:
        """Count one request of a client. Raises `Refusal` where there were too many."""
        scope["state"]["client"] = client
        if self._requests is None:
            return
        wait = self._requests.take(client)
        if wait is None or (scope["path"] in FALLBACK and self._spare(client, scope["path"])):
            return
        detail = f"Too many requests; try again in {wait} s."
        raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too-many-requests", detail, retry_after=wait)

    def _spare(self, client: str, path: str) -> bool:
        return self._fallback.take(f"{client} {path}") is None

    def _refuse_foreign_pages(self, scope: Scope, *, by_cookie: bool) -> None:
        """Raises `Refusal` where a browser may have been made to write by a page that is not ours.

        A browser sends the cookie by itself; a bearer's token no foreign page has.
        """
        if scope.get("method") in _SAFE:
            return
        origin, host = _header(scope, b"origin"), _header(scope, b"host")
        if origin is None:
            if not by_cookie:
                return
            detail = (
                "With a session's cookie, writing needs the Origin that browsers send; programs use a token."
            )
            raise Refusal(HTTPStatus.FORBIDDEN, "foreign-origin", detail)
        scheme, _, its_host = origin.lower().partition("://")
        schemes = ("https",) if self.is_secure(scope) else ("http", "https")
        ours = host is not None and its_host == host.lower() and scheme in schemes
        if not ours and origin.lower() != self._public:
            detail = "Pages of that origin may not write here on behalf of a session."
            raise Refusal(HTTPStatus.FORBIDDEN, "foreign-origin", detail)


def unauthorized(detail: str, *, wrong: bool = False) -> Refusal:
    """The refusal of somebody who is not known."""
    challenge = 'Bearer realm="tablewire"' + (', error="invalid_token"' if wrong else "")
    return Refusal(HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers={"www-authenticate": challenge})


def _proof_of(scope: Scope) -> _Proof | None:
    """What is shown: a bearer's token, else a session's cookie. Other schemes are a proxy's business."""
    scheme, _, text = (_header(scope, b"authorization") or "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return _Proof(text.strip(), by_cookie=False)
    cookie = cookie_of(scope)
    return None if cookie is None else _Proof(cookie, by_cookie=True)


def _origin_of(url: str) -> str:
    parts = urlsplit(url.lower())
    return f"{parts.scheme}://{parts.netloc}"


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)
