"""Errors as clients see them: problem documents (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import Scope, Send

from tablewire.errors import (
    BadCursor,
    BadInput,
    Conflict,
    CursorGone,
    FieldError,
    NotDrawn,
    NotFound,
    StoreError,
    TablewireError,
    TooManyStreams,
)
from tablewire.telemetry import LogEvent, get_logger

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
_log = get_logger("api")


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What went wrong, for machines (`type`) and for people (`detail`)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldError] | None = None
    """Every wrong field of the input."""
    oldest_cursor: str | None = None
    """The cursor after which everything comes that is kept."""


class Refusal(Exception):
    """A request is refused for a reason that only HTTP knows."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        retry_after: int | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.kind = kind
        self.retry_after = retry_after
        self.headers = dict(headers or {})
        super().__init__(detail)


class Fault(msgspec.Struct, frozen=True):
    """An answer that is an error: the problem, and headers that go with it."""

    problem: Problem
    headers: dict[str, str]

    @property
    def body(self) -> bytes:
        """The problem document."""
        return msgspec.json.encode(self.problem)


def request_id_of(scope: Scope) -> str:
    """The request's id, also in the log and in the answer's headers."""
    return str(scope.get("state", {}).get("request_id", "-"))


def fault_of(error: Exception, request_id: str) -> Fault:
    """The answer to an error. One that nobody expected says nothing of the inside, and is logged."""
    if isinstance(error, Refusal):
        fault = _fault(error.status, error.kind, str(error), request_id, retry_after=error.retry_after)
        fault.headers.update(error.headers)
        return fault
    if isinstance(error, TablewireError):
        known = _known(error, request_id)
        if known is not None:
            return known
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _of_framework(error, request_id)
    _log.error(LogEvent.REQUEST_FAILED, request_id=request_id, exc_info=error)
    return _fault(
        500, "internal", "Something went wrong; the log has more under this request id.", request_id
    )


def _known(error: TablewireError, request_id: str) -> Fault | None:
    match error:
        case BadInput():
            kind = "bad-cursor" if isinstance(error, BadCursor) else "bad-input"
            fault = _fault(400, kind, str(error), request_id)
            fault.problem.errors = error.fields
            return fault
        case NotFound():
            return _fault(404, "not-found", str(error) or "There is no such thing.", request_id)
        case Conflict():
            return _fault(409, "conflict", str(error), request_id)
        case CursorGone():
            kind = "cursor-too-old" if error.reason == "too_old" else "cursor-ahead"
            fault = _fault(410, kind, str(error), request_id)
            fault.problem.oldest_cursor = error.oldest_cursor
            return fault
        case TooManyStreams():
            status = 429 if error.per_client else 503
            return _fault(status, "too-many-streams", str(error), request_id, retry_after=RETRY_SECONDS)
        case NotDrawn():
            return _fault(503, "not-drawn", str(error), request_id, retry_after=RETRY_SECONDS)
        case StoreError():
            _log.warning(LogEvent.STORE_AWAY, request_id=request_id, reason=str(error))
            detail = "The store cannot be reached at the moment."
            return _fault(503, "store-unavailable", detail, request_id, retry_after=RETRY_SECONDS)
        case _:
            return None


def _of_framework(error: HTTPException, request_id: str) -> Fault:
    kinds = {
        404: ("not-found", "There is nothing at this address."),
        405: ("method-not-allowed", "This address does not take that method."),
        413: ("body-too-large", "The body is over 1 MiB."),
    }
    kind, detail = kinds.get(error.status_code, ("bad-input", "The request cannot be understood."))
    status = error.status_code if error.status_code in kinds else 400
    fault = _fault(status, kind, detail, request_id)
    allow = {name.lower(): value for name, value in (error.headers or {}).items()}.get("allow")
    if allow:
        fault.headers["allow"] = allow
    return fault


def _fault(status: int, kind: str, detail: str, request_id: str, *, retry_after: int | None = None) -> Fault:
    title = HTTPStatus(status).phrase
    problem = Problem(
        type=f"/problems/{kind}", title=title, status=status, detail=detail, request_id=request_id
    )
    headers = {"cache-control": "no-store"}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return Fault(problem, headers)


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The framework's handler of every error."""
    fault = fault_of(error, request_id_of(request.scope))
    return Response(
        fault.body, status_code=fault.problem.status, media_type=MEDIA_TYPE, headers=fault.headers
    )


async def send_error(scope: Scope, send: Send, error: Exception) -> None:
    """The same answer, outside the framework."""
    fault = fault_of(error, request_id_of(scope))
    body = fault.body
    headers = [(name.encode(), value.encode()) for name, value in fault.headers.items()]
    headers += [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": fault.problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
