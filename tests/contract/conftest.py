"""One suite for each store: the same tests for the one on PostgreSQL and the one in memory."""

from collections.abc import AsyncIterator

import pytest

from tablewire.storage.memory import MemoryStore
from tablewire.storage.protocol import Store
from tablewire.storage.store import PostgresStore
from tests.database import TestServer


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest, test_server: TestServer) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    dsn = await test_server.create()
    postgres = await PostgresStore.open(dsn)
    yield postgres
    await postgres.close()
    await test_server.drop(dsn)
