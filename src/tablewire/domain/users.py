"""Users: who asks, and what they may do."""

import msgspec

LOCAL_NAME = "local"
"""The one user of a service without authentication."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person, or a program of theirs."""

    id: int
    name: str
    is_admin: bool = False
    time_zone: str = "UTC"
    """IANA name of the zone in which their quiet hours are meant."""


class Caller(msgspec.Struct, frozen=True):
    """Who asks, and by which of their tokens."""

    user: User
    token_id: int


_TOKEN = "token "  # noqa: S105 - how a client's name begins, no secret


def client_name(token_id: int) -> str:
    """What a client is called who asks by a token: limits and open streams are counted under it. Addresses look otherwise."""
    return f"{_TOKEN}{token_id}"


def token_of(client: str) -> int | None:
    """The token by which a client asks; None where they ask without one."""
    return int(client.removeprefix(_TOKEN)) if client.startswith(_TOKEN) else None
