"""A client of some routes in process: the application is called as a server would call it, without a socket."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlencode

import msgspec
from litestar import Litestar

from tablewire.api.gate import LocalGate
from tablewire.api.problems import Refusal
from tablewire.api.rooms import HttpOptions
from tablewire.api.router import application
from tablewire.api.routes import Route
from tablewire.domain.users import User

HANG = 30.0
ANN = User(id=1, name="ann", time_zone="America/New_York")
BOB = User(id=2, name="bob", time_zone="Europe/Berlin")
ROOT = User(id=3, name="root", is_admin=True)


class Answer(msgspec.Struct):
    """One whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as plain values."""
        return msgspec.json.decode(self.body)

    @property
    def wrong(self) -> list[str]:
        """The fields that a problem document names."""
        return [one["field"] for one in self.json().get("errors", [])]


class Client:
    """Asks as `user`, who can be changed between two requests; None: nobody is known."""

    def __init__(self, app: Litestar | None = None, user: User | None = None) -> None:
        self.app = app
        self.user = user
        self.headers: dict[str, str] = {"host": "localhost"}

    async def get(self, path: str, **query: Any) -> Answer:
        """GET; a value that is a list is given several times."""
        return await self.request("GET", path, query=query)

    async def post(self, path: str, json: Any = None) -> Answer:
        """POST with a JSON body."""
        return await self.request("POST", path, json=json)

    async def patch(self, path: str, json: Any = None) -> Answer:
        """PATCH with a JSON body."""
        return await self.request("PATCH", path, json=json)

    async def put(self, path: str, json: Any = None) -> Answer:
        """PUT with a JSON body."""
        return await self.request("PUT", path, json=json)

    async def delete(self, path: str, json: Any = None) -> Answer:
        """DELETE, with a JSON body where one is given."""
        return await self.request("DELETE", path, json=json)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        json: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        client: str = "127.0.0.1",
    ) -> Answer:
        """Any request; `raw` is a body that is no JSON."""
        path, _, given = path.partition("?")
        asked = "&".join(part for part in (given, urlencode(query or {}, doseq=True)) if part)
        body = raw if raw is not None else b"" if json is None else msgspec.json.encode(json)
        lines = {**self.headers, "content-length": str(len(body)), **(headers or {})}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": asked.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in lines.items()],
            "client": (client, 50_000),
            "server": ("127.0.0.1", 80),
            "state": {},
            "extensions": {},
        }
        async with asyncio.timeout(HANG):
            return await self._call(scope, body)

    async def _call(self, scope: dict[str, Any], body: bytes) -> Answer:
        answer = Answer(0, {}, b"")
        asked: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return asked.pop() if asked else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        assert self.app is not None
        await self.app(scope, receive, send)  # type: ignore[arg-type]  # plain dicts are what the protocol names
        return answer


@asynccontextmanager
async def serving(
    routes: Iterable[Route], *, user: User | None = ANN, options: HttpOptions | None = None
) -> AsyncIterator[Client]:
    """Some routes in process, asked by a user. Streams need a server: see `tests/unit/live/doubles.py`."""
    client = Client(user=user)

    async def asking() -> User:
        if client.user is None:
            raise Refusal(401, "unauthorized", "A token is needed.")
        return client.user

    client.app = application(list(routes), LocalGate(asking), options or HttpOptions(version="0.1.0"))
    yield client
