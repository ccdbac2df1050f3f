"""Connections: one pool of asyncpg for the hot path, one SQLAlchemy engine for the rest."""

from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import Pool as EnginePool

from tablewire.storage.failures import unavailable

CONNECT_TIMEOUT = 5.0
"""Seconds that a new connection may take, and that a caller waits for a free one."""
COMMAND_TIMEOUT = 30.0
"""Seconds that one statement may take."""

_SESSION = {
    "application_name": "tablewire",
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "datestyle": "ISO",
    "jit": "off",
}
"""What the code relies on, whatever the server's defaults: ids in order, commits that last, plans without compilation."""


async def open_pool(dsn: str, *, max_size: int = 10) -> "asyncpg.Pool[asyncpg.Record]":
    """The pool of the hot path: it makes connections as they are needed, and new ones where old ones were lost.

    Raises `StoreUnavailable` where PostgreSQL does not answer.
    """
    with unavailable():
        return await asyncpg.create_pool(
            plain(dsn),
            min_size=0,
            max_size=max_size,
            timeout=CONNECT_TIMEOUT,
            command_timeout=COMMAND_TIMEOUT,
            server_settings=_SESSION,
            reset=_nothing_to_reset,
        )


def open_engine(dsn: str, *, poolclass: type[EnginePool] | None = None) -> AsyncEngine:
    """The engine for queries written with SQLAlchemy Core; it connects when first used, exactly as the pool does."""

    async def connect() -> Any:
        return await asyncpg.connect(
            plain(dsn), timeout=CONNECT_TIMEOUT, command_timeout=COMMAND_TIMEOUT, server_settings=_SESSION
        )

    sizes: dict[str, Any] = {"pool_size": 2, "max_overflow": 3, "pool_timeout": CONNECT_TIMEOUT}
    if poolclass is not None:
        sizes = {"poolclass": poolclass}
    return create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True, **sizes)


def plain(dsn: str) -> str:
    """A database URL without the name of a driver in its scheme, as asyncpg wants it."""
    scheme, separator, rest = dsn.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


async def _nothing_to_reset(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """No statement here leaves anything behind in a session, so giving a connection back costs no round trip."""
