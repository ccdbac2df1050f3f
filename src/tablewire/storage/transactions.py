"""Transactions of several statements on the pool, whose ends are told apart: stored, not stored, or nobody knows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from tablewire.storage.failures import committing, unavailable
from tablewire.storage.pools import CONNECT_TIMEOUT

NOT_FLUSHED = "SET LOCAL synchronous_commit = off"


@asynccontextmanager
async def transaction(
    pool: "asyncpg.Pool[asyncpg.Record]", *, flushed: bool = True
) -> "AsyncIterator[PoolConnectionProxy[asyncpg.Record]]":
    """One transaction: committed at the end of the block, rolled back where anything is raised in it.

    Where it is not `flushed` its commit does not wait for the disk: a crash of the server may undo it, whole, with all that was
    committed after it. That is for work that is noted as done by a later, flushed transaction, or that is found and done again.
    Raises `StoreUnavailable` or `StoreError` where nothing was stored, `CommitUnknown` where the commit broke off.
    """
    with unavailable():
        connection = await pool.acquire(timeout=CONNECT_TIMEOUT)
    complete = False
    try:
        async with connection.transaction():
            if not flushed:
                await connection.execute(NOT_FLUSHED)
            yield connection
            complete = True
    except Exception:
        with committing() if complete else unavailable():
            raise
    finally:
        await pool.release(connection)
