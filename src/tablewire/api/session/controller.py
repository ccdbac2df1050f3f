"""The addresses of logging in and out."""

from collections.abc import Iterable

from tablewire.api.gate import SESSION_COOKIE, Gate, cookie_of
from tablewire.api.me.schemas import me
from tablewire.api.protocol import AccountsDoor
from tablewire.api.requests import body_of, no_parameters
from tablewire.api.routes import AnyRequest, Operation, Reply, Route
from tablewire.api.session.schemas import Login, Session
from tablewire.api.token_gate import unauthorized
from tablewire.live.sse import encode_json
from tablewire.services.accounts import SESSION_LIFE


class SessionController:
    """A token is shown once; from then on the browser has a cookie that no script can read."""

    def __init__(self, accounts: AccountsDoor, gate: Gate) -> None:
        self._accounts = accounts
        self._gate = gate

    async def begin(self, request: AnyRequest) -> Reply:
        """Log in."""
        no_parameters(request)
        login = await body_of(request, Login)
        caller = await self._gate.login(request.scope, login.token)
        begun = await self._accounts.begin_session(caller)
        if begun is None:
            raise unauthorized("The token is no longer in force.", wrong=True)
        text, until = begun
        cookie = set_cookie(
            text, round(SESSION_LIFE.total_seconds()), secure=self._gate.is_secure(request.scope)
        )
        return Reply(
            body=encode_json(Session(me(caller.user), until)),
            status=201,
            headers={"set-cookie": cookie, "cache-control": "no-store"},
        )

    async def end(self, request: AnyRequest) -> Reply:
        """Log out; where there is no session, nothing happens."""
        no_parameters(request)
        text = cookie_of(request.scope)
        if text is not None:
            await self._accounts.end_session(text)
        return Reply(body=b"", status=204, headers={"set-cookie": no_cookie(), "cache-control": "no-store"})


def set_cookie(text: str, seconds: int, *, secure: bool) -> str:
    """The header that gives a browser its session."""
    parts = [f"{SESSION_COOKIE}={text}", "Path=/", f"Max-Age={seconds}", "HttpOnly", "SameSite=Strict"]
    return "; ".join([*parts, "Secure"] if secure else parts)


def no_cookie() -> str:
    """The header that takes it away again."""
    return set_cookie("", 0, secure=False)


BEGIN = Operation(
    summary="Begin a browser's session: answers a cookie",
    tag="users",
    body=Login,
    answer=Session,
    status=201,
    errors=(401, 409, 503),
)
END = Operation(summary="End the session: log out", tag="users", status=204)


def routes(accounts: AccountsDoor, gate: Gate) -> Iterable[Route]:
    """The addresses of logging in and out."""
    session = SessionController(accounts, gate)
    yield Route(path="/session", method="POST", operation=BEGIN, answer=session.begin, access="open")
    yield Route(path="/session", method="DELETE", operation=END, answer=session.end)
