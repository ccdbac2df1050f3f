"""The door of stored users: what the services ask of it, in their words. Tokens and sessions are known by hashes only."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import msgspec

from tablewire.domain.users import Caller, User


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A user as an operator sees them."""

    user: User
    created_at: datetime
    tokens: int
    """How many of their tokens are in force."""


class AccountBook(Protocol):
    """Users, their tokens and their sessions. Every method raises `StoreError`."""

    async def add(
        self, name: str, *, is_admin: bool, time_zone: str, token: bytes, at: datetime
    ) -> User | None:
        """Make a user with one token, by its hash; None where the name is taken."""
        ...

    async def add_token(self, name: str, token: bytes, at: datetime) -> User | None:
        """One more token for a user; None where there is no such user."""
        ...

    async def ensure(self, name: str, *, is_admin: bool, time_zone: str, at: datetime) -> User:
        """The user of that name, made now where there is none yet."""
        ...

    async def accounts(self) -> list[Account]:
        """All users, by name."""
        ...

    async def revoke(self, name: str, at: datetime) -> int | None:
        """Revoke all tokens of a user, and end their sessions; answers how many were in force, None where there is no such user."""
        ...

    async def delete(self, user_id: int) -> bool:
        """Delete a user and everything that is theirs; answers whether they were there."""
        ...

    async def set_time_zone(self, user_id: int, time_zone: str) -> User | None:
        """Set the zone of a user's quiet hours; None where there is no such user."""
        ...

    async def of_token(self, token: bytes) -> Caller | None:
        """Whose token it is, while it is in force."""
        ...

    async def of_session(self, session: bytes, now: datetime) -> Caller | None:
        """Whose session it is, while it and its token are in force."""
        ...

    async def begin_session(self, session: bytes, caller: Caller, at: datetime, until: datetime) -> bool:
        """Keep a session; answers whether its token was still in force. Sessions that are over are forgotten."""
        ...

    async def end_session(self, session: bytes) -> None:
        """Forget a session."""
        ...

    async def in_force(self, token_ids: Collection[int]) -> frozenset[int]:
        """Those of some tokens that are in force."""
        ...
