"""The shell around every request: its id, who may ask, HEAD, and the headers that every answer has."""

import os
import re
from http import HTTPStatus
from typing import Any, Final

from litestar import Litestar
from litestar.types import HTTPResponseStartEvent, Message, Receive, Scope, Send

from tablewire.api.problems import Refusal, send_error

MAX_BODY: Final = 1_048_576
_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_LOCAL_HOST = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_NO_SCRIPT = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
_CSP: Final = b"content-security-policy"
_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PATCH, PUT, DELETE"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, If-None-Match, Last-Event-ID, X-Request-ID",
    ),
    (b"access-control-max-age", b"600"),
)
_CORS_EXPOSED: Final = (b"access-control-expose-headers", b"ETag, Retry-After, X-Request-ID")


class Shell(Litestar):
    """The application, with its shell. `local_only` refuses a Host or Origin that is not this machine's."""

    def __init__(self, *, local_only: bool, cors_origins: tuple[str, ...], **framework: Any) -> None:
        self._local_only = local_only
        self._cors_origins = frozenset(origin.encode().lower() for origin in cors_origins)
        super().__init__(**framework)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]  # wider
        """Serve one request, or the lifespan."""
        method = scope.get("method")
        if method is None:
            await super().__call__(scope, receive, send)
            return
        send, refused, preflight = self._look_at(scope, send)
        if refused is not None:
            await send_error(scope, send, refused)
        elif preflight:
            await _preflight(send)
        elif method == "HEAD":
            await super().__call__(_as_get(scope), receive, _without_body(send))
        else:
            await super().__call__(scope, receive, send)

    def _look_at(self, scope: Scope, send: Send) -> tuple[Send, Refusal | None, bool]:
        """What every answer to this request carries, whether it is refused, and whether it is a browser's question before one.

        Apart from `__call__`, so that a stream does not keep what is needed here for as long as it is open.
        """
        headers = dict(scope["headers"])
        request_id = _request_id(headers.get(b"x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        origin = headers.get(b"origin")
        shared = origin is not None and origin.lower() in self._cors_origins
        extra = [(b"x-request-id", request_id), *_ALWAYS]
        if self._cors_origins:
            extra.append((b"vary", b"Origin"))
        if shared and origin is not None:
            extra += [(b"access-control-allow-origin", origin), _CORS_EXPOSED]
        asked = shared and scope.get("method") == "OPTIONS" and b"access-control-request-method" in headers
        return _with_headers(send, extra), self._refusal(scope, headers, shared=shared), asked

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes], *, shared: bool) -> Refusal | None:
        host, origin = headers.get(b"host"), headers.get(b"origin")
        if self._local_only:
            hosts = sum(name == b"host" for name, _ in scope["headers"])
            if host is None or hosts != 1 or not _LOCAL_HOST.fullmatch(host):
                detail = "This service answers this machine only, under localhost, 127.0.0.1 or [::1]."
                return Refusal(HTTPStatus.FORBIDDEN, "foreign-host", detail)
            if origin is not None and not shared and origin.partition(b"://")[2].lower() != host.lower():
                detail = "Pages of that origin may not read this service; CORS_ORIGINS lists those that may."
                return Refusal(HTTPStatus.FORBIDDEN, "foreign-origin", detail)
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > MAX_BODY:
            return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", "The body is over 1 MiB.")
        return None


def _request_id(given: bytes | None) -> bytes:
    if given is not None and _SAFE_ID.fullmatch(given):
        return given
    return os.urandom(8).hex().encode()


def _with_headers(send: Send, extra: list[tuple[bytes, bytes]]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            if not any(name == _CSP for name, _ in headers):
                headers.append((_CSP, _NO_SCRIPT))
            message["headers"] = headers + extra
        await send(message)

    return sending


def _without_body(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return sending


def _as_get(scope: Scope) -> Scope:
    state: dict[str, Any] = {**scope["state"], "head": True}
    return {**scope, "method": "GET", "state": state, "extensions": {}}  # type: ignore[return-value]  # still HTTP


async def _preflight(send: Send) -> None:
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": HTTPStatus.NO_CONTENT,
        "headers": list(_PREFLIGHT),
    }
    await send(start)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
