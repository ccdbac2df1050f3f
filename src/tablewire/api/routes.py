"""Routes: what an address answers, and how that stands in the OpenAPI document."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import BaseRouteHandler, asgi
from litestar.types import Receive, Scope, Send

from tablewire.live.sse import encode_json

AnyRequest = Request[Any, Any, Any]
Schema = dict[str, Any]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is bytes already, or no JSON, or no 200."""

    body: bytes
    media_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = {}


Answering = Callable[[AnyRequest], Awaitable[msgspec.Struct | Reply]]
RawAnswering = Callable[[Scope, Receive, Send], Awaitable[None]]


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of an operation."""

    name: str
    description: str
    schema: Schema
    where: Literal["query", "path", "header"] = "query"
    explode: bool = True
    """Whether several values are several parameters; else they are one, separated by commas."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What an address answers, as the document says it."""

    summary: str
    tag: str
    answer: type[Any] | None = None
    """The struct that is answered; None where it is no JSON."""
    media_types: tuple[str, ...] = ("application/json",)
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[int, ...] = ()
    """Statuses of problems beside 400, 403, 405, 413 and 500, which every address may answer."""
    others: dict[int, str] = {}
    """Other answers that are no problem documents, by status."""
    deprecated: bool = False


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One address. Exactly one of `answer` and `raw` is set."""

    path: str
    operation: Operation
    answer: Answering | None = None
    raw: RawAnswering | None = None
    """An ASGI application of its own, where the framework's way would cost too much."""

    def handler(self) -> BaseRouteHandler:
        """The framework's handler of this address."""
        path = self.path.replace("}", ":str}")
        if self.answer is not None:
            return get(path, include_in_schema=False)(_framed(self.answer))
        assert self.raw is not None, "a route has an answer"
        return asgi(path, copy_scope=False)(_only_get(self.raw))


def to_response(answer: msgspec.Struct | Reply) -> Response[bytes]:
    """A struct as JSON, or a reply as it is."""
    if isinstance(answer, Reply):
        return Response(
            answer.body, status_code=answer.status, media_type=answer.media_type, headers=answer.headers
        )
    headers = {"cache-control": "no-store"}
    return Response(encode_json(answer), media_type="application/json", headers=headers)


def _framed(answer: Answering) -> Callable[[AnyRequest], Awaitable[Response[bytes]]]:
    async def respond(request: Request[Any, Any, Any]) -> Response[bytes]:
        return to_response(await answer(request))

    return respond


def _only_get(raw: RawAnswering) -> RawAnswering:
    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method == "OPTIONS":
            start = {
                "type": "http.response.start",
                "status": HTTPStatus.NO_CONTENT,
                "headers": [(b"allow", b"GET, OPTIONS")],
            }
            await send(start)  # type: ignore[arg-type]  # a plain dict is what the protocol names
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        if method != "GET":
            raise MethodNotAllowedException(headers={"Allow": "GET, OPTIONS"})
        await raw(scope, receive, send)

    return respond
