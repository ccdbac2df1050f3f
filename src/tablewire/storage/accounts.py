"""Users, their tokens and their sessions on PostgreSQL: asyncpg for what every request asks, SQLAlchemy Core for the rest."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tablewire.domain.users import Caller, User
from tablewire.storage.account_door import Account
from tablewire.storage.failures import unavailable
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.user_tables import user_sessions, user_tokens, users

MOST_SESSIONS = 50
"""Sessions of one token; the oldest ones end when there are more."""

OF_BEARER = """
SELECT t.id AS token_id, u.id, u.name, u.is_admin, u.time_zone
FROM user_tokens t JOIN users u ON u.id = t.user_id
WHERE t.hash = $1 AND t.revoked_at IS NULL
"""

OF_SESSION = """
SELECT t.id AS token_id, u.id, u.name, u.is_admin, u.time_zone
FROM user_sessions s JOIN user_tokens t ON t.id = s.token_id JOIN users u ON u.id = s.user_id
WHERE s.hash = $1 AND s.expires_at > $2 AND t.revoked_at IS NULL
"""

IN_FORCE = "SELECT id FROM user_tokens WHERE id = ANY($1::bigint[]) AND revoked_at IS NULL"

# The token's row is held, so that a session of a token that is being revoked is either not begun or ended with it.
HOLD_IN_FORCE = "SELECT 1 FROM user_tokens WHERE id = $1 AND revoked_at IS NULL FOR SHARE"

BEGIN_SESSION = """
INSERT INTO user_sessions (hash, user_id, token_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
"""

FORGET_SESSIONS = """
DELETE FROM user_sessions WHERE expires_at <= $1 OR hash IN (
    SELECT hash FROM user_sessions WHERE token_id = $2 ORDER BY created_at DESC, hash OFFSET $3
)
"""


class PostgresAccounts:
    """See `account_door.AccountBook` for what each question means."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", engine: AsyncEngine) -> None:
        self._pool = pool
        self._engine = engine

    async def add(
        self, name: str, *, is_admin: bool, time_zone: str, token: bytes, at: datetime
    ) -> User | None:
        """Make a user with one token."""
        with unavailable():
            async with self._engine.begin() as connection:
                made = await _insert(connection, name, is_admin=is_admin, time_zone=time_zone, at=at)
                if made is not None:
                    await connection.execute(
                        insert(user_tokens).values(user_id=made.id, hash=token, created_at=at)
                    )
                return made

    async def add_token(self, name: str, token: bytes, at: datetime) -> User | None:
        """One more token for a user."""
        with unavailable():
            async with self._engine.begin() as connection:
                user = await _named(connection, name)
                if user is not None:
                    await connection.execute(
                        insert(user_tokens).values(user_id=user.id, hash=token, created_at=at)
                    )
                return user

    async def ensure(self, name: str, *, is_admin: bool, time_zone: str, at: datetime) -> User:
        """The user of that name, made now where there is none yet."""
        with unavailable():
            async with self._engine.begin() as connection:
                await _insert(connection, name, is_admin=is_admin, time_zone=time_zone, at=at)
            # In a transaction of its own: another process may have made them meanwhile.
            async with self._engine.connect() as connection:
                user = await _named(connection, name)
        assert user is not None, "a user who has just been made is there"
        return user

    async def accounts(self) -> list[Account]:
        """All users, by name."""
        counted = (
            select(func.count())
            .where(user_tokens.c.user_id == users.c.id, user_tokens.c.revoked_at.is_(None))
            .scalar_subquery()
        )
        with unavailable():
            async with self._engine.connect() as connection:
                found = await connection.execute(
                    select(users, counted.label("tokens")).order_by(users.c.name)
                )
                return [
                    Account(user=_user(row), created_at=row.created_at, tokens=row.tokens) for row in found
                ]

    async def revoke(self, name: str, at: datetime) -> int | None:
        """Revoke all tokens of a user, and end their sessions."""
        with unavailable():
            async with self._engine.begin() as connection:
                user = await _named(connection, name)
                if user is None:
                    return None
                its = user_tokens.c.user_id == user.id
                revoked = await connection.execute(
                    update(user_tokens).where(its, user_tokens.c.revoked_at.is_(None)).values(revoked_at=at)
                )
                await connection.execute(delete(user_sessions).where(user_sessions.c.user_id == user.id))
                return revoked.rowcount

    async def delete(self, user_id: int) -> bool:
        """Delete a user; everything that is theirs refers to them, and goes with them."""
        with unavailable():
            async with self._engine.begin() as connection:
                gone = await connection.execute(delete(users).where(users.c.id == user_id))
                return gone.rowcount > 0

    async def set_time_zone(self, user_id: int, time_zone: str) -> User | None:
        """Set the zone of a user's quiet hours."""
        statement = update(users).where(users.c.id == user_id).values(time_zone=time_zone).returning(users)
        with unavailable():
            async with self._engine.begin() as connection:
                row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _user(row)

    async def of_token(self, token: bytes) -> Caller | None:
        """Whose token it is."""
        return await self._caller(OF_BEARER, token)

    async def of_session(self, session: bytes, now: datetime) -> Caller | None:
        """Whose session it is."""
        return await self._caller(OF_SESSION, session, now)

    async def begin_session(self, session: bytes, caller: Caller, at: datetime, until: datetime) -> bool:
        """Keep a session."""
        with unavailable():
            async with (
                self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection,
                connection.transaction(),
            ):
                if await connection.fetchval(HOLD_IN_FORCE, caller.token_id) is None:
                    return False
                await connection.execute(BEGIN_SESSION, session, caller.user.id, caller.token_id, at, until)
                await connection.execute(FORGET_SESSIONS, at, caller.token_id, MOST_SESSIONS)
                return True

    async def end_session(self, session: bytes) -> None:
        """Forget a session."""
        with unavailable():
            async with self._engine.begin() as connection:
                await connection.execute(delete(user_sessions).where(user_sessions.c.hash == session))

    async def in_force(self, token_ids: Collection[int]) -> frozenset[int]:
        """Those of some tokens that are in force."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                return frozenset(row["id"] for row in await connection.fetch(IN_FORCE, list(token_ids)))

    async def _caller(self, question: str, *values: object) -> Caller | None:
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                row = await connection.fetchrow(question, *values)
        if row is None:
            return None
        user = User(id=row["id"], name=row["name"], is_admin=row["is_admin"], time_zone=row["time_zone"])
        return Caller(user, row["token_id"])


async def _insert(
    connection: AsyncConnection, name: str, *, is_admin: bool, time_zone: str, at: datetime
) -> User | None:
    """Make a user; None where the name is taken."""
    new = insert(users).values(name=name, is_admin=is_admin, time_zone=time_zone, created_at=at)
    statement = new.on_conflict_do_nothing(index_elements=["name"]).returning(users)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _user(row)


async def _named(connection: AsyncConnection, name: str) -> User | None:
    row = (await connection.execute(select(users).where(users.c.name == name))).one_or_none()
    return None if row is None else _user(row)


def _user(row: Row[Any]) -> User:
    return User(id=row.id, name=row.name, is_admin=row.is_admin, time_zone=row.time_zone)
