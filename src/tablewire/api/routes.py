"""Routes: what an address answers, and how that stands in the OpenAPI document."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from litestar import Request, Response, route
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import BaseRouteHandler, asgi
from litestar.types import Receive, Scope, Send

from tablewire.api.gate import Access, Gate
from tablewire.live.sse import encode_json

AnyRequest = Request[Any, Any, Any]
Schema = dict[str, Any]
Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is bytes already, or no JSON, or no 200."""

    body: bytes
    media_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = {}


Answering = Callable[[AnyRequest], Awaitable[msgspec.Struct | Reply | None]]
"""What answers: a struct goes out as JSON, None as nothing, both with the operation's status."""
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
    body: Any = None
    """The type that the request's JSON body has: a struct that refuses unknown fields; None where no body is taken."""
    status: int = 200
    """The status of the answer where all is well; 204: there is no body."""
    media_types: tuple[str, ...] = ("application/json",)
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[int, ...] = ()
    """Statuses of problems beside those that every address may answer, and those that follow from its access."""
    others: dict[int, str] = {}
    """Other answers that are no problem documents, by status."""
    deprecated: bool = False


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One address and method. Exactly one of `answer` and `raw` is set."""

    path: str
    operation: Operation
    method: Method = "GET"
    access: Access = "user"
    """Who may ask: nobody gets in who is not named."""
    answer: Answering | None = None
    raw: RawAnswering | None = None
    """An ASGI application of its own, where the framework's way would cost too much; for GET only."""

    def handler(self, gate: Gate) -> BaseRouteHandler:
        """The framework's handler of this address, behind the gate."""
        path = self.path.replace("}", ":str}")
        if self.answer is not None:
            # The status is the answer's own: the framework would have one for each method.
            made = route(path, http_method=[self.method], status_code=HTTPStatus.OK, include_in_schema=False)
            return made(self._framed(self.answer, gate))
        assert self.raw is not None, "a route has an answer"
        assert self.method == "GET", "a raw route answers GET"
        return asgi(path, copy_scope=False)(_only_get(self.raw, gate, self.access))

    def _framed(self, answer: Answering, gate: Gate) -> Callable[[AnyRequest], Awaitable[Response[bytes]]]:
        access, status = self.access, self.operation.status

        async def respond(request: Request[Any, Any, Any]) -> Response[bytes]:
            await gate.admit(request.scope, access)
            return to_response(await answer(request), status)

        return respond


def to_response(answer: msgspec.Struct | Reply | None, status: int = HTTPStatus.OK) -> Response[bytes]:
    """A struct as JSON, a reply as it is, None as an answer without a body."""
    if isinstance(answer, Reply):
        return Response(
            answer.body, status_code=answer.status, media_type=answer.media_type, headers=answer.headers
        )
    headers = {"cache-control": "no-store"}
    if answer is None:
        return Response(b"", status_code=status, headers=headers)
    return Response(encode_json(answer), status_code=status, media_type="application/json", headers=headers)


def _only_get(raw: RawAnswering, gate: Gate, access: Access) -> RawAnswering:
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
        await gate.admit(scope, access)
        await raw(scope, receive, send)

    return respond
