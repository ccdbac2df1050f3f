"""Transactions of several statements on the pool, whose ends are told apart: stored, not stored, or nobody knows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from tablewire.storage.failures import committing, unavailable
from tablewire.storage.pools import CONNECT_TIMEOUT


@asynccontextmanager
async def transaction(
    pool: "asyncpg.Pool[asyncpg.Record]",
) -> "AsyncIterator[PoolConnectionProxy[asyncpg.Record]]":
    """One transaction: committed at the end of the block, rolled back where anything is raised in it.

    Raises `StoreUnavailable` or `StoreError` where nothing was stored, `CommitUnknown` where the commit broke off.
    """
    with unavailable():
        connection = await pool.acquire(timeout=CONNECT_TIMEOUT)
    complete = False
    try:
        async with connection.transaction():
            yield connection
            complete = True
    except Exception:
        with committing() if complete else unavailable():
            raise
    finally:
        await pool.release(connection)
