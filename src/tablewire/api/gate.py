"""The gate before every address: who asks, and whether they may."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, Literal, Protocol

from litestar.types import Scope

from tablewire.api.addresses import Addresses
from tablewire.api.problems import Refusal
from tablewire.domain.users import Caller, User
from tablewire.errors import Conflict

Access = Literal["open", "user", "admin"]
"""Who may ask: everybody, every user, or admins only."""

SESSION_COOKIE: Final = "tablewire_session"


class Gate(Protocol):
    """What every request passes before it is answered."""

    async def admit(self, scope: Scope, access: Access) -> None:
        """Put the user, where there is one, and the client's name into the scope's state.

        Raises `Refusal` where they may not ask, `StoreError` where it cannot be found out.
        """
        ...

    async def login(self, scope: Scope, token: str) -> Caller:
        """Whose token it is that somebody logs in with. Raises `Refusal`, and `Conflict` where nobody logs in."""
        ...

    def is_secure(self, scope: Scope) -> bool:
        """Whether the request came by https."""
        ...


class LocalGate:
    """Without authentication everybody is one user."""

    def __init__(self, user: Callable[[], Awaitable[User]], addresses: Addresses | None = None) -> None:
        self._user = user
        self._addresses = addresses or Addresses()

    async def admit(self, scope: Scope, access: Access) -> None:
        """Let everybody in, as that user."""
        scope["state"]["client"] = self._addresses.client(scope)
        if access != "open":
            let_in(scope, await self._user(), access)

    async def login(self, scope: Scope, token: str) -> Caller:  # noqa: ARG002 - whatever is shown
        """Nobody logs in."""
        raise Conflict("with AUTH=off nobody logs in: everybody is the local user")

    def is_secure(self, scope: Scope) -> bool:
        """Whether the request came by https."""
        return self._addresses.is_secure(scope)


def let_in(scope: Scope, user: User, access: Access) -> None:
    """Put a user into the scope's state. Raises `Refusal` where they may not ask."""
    if access == "admin" and not user.is_admin:
        raise Refusal(HTTPStatus.FORBIDDEN, "admins-only", "Only an admin may do this.")
    scope["state"]["user"] = user


def client_of(scope: Scope) -> str:
    """Whose request it is, for what is limited by client: their token, else their address."""
    return str(scope["state"]["client"])


def cookie_of(scope: Scope) -> str | None:
    """The text of the session's cookie, where there is one."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, text = part.strip().partition("=")
                if key == SESSION_COOKIE:
                    return text
    return None
