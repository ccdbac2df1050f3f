"""Runs migrations on one asyncpg connection, one process at a time."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.pool import NullPool

from tablewire.storage.figure_tables import metadata
from tablewire.storage.pools import open_engine

LOCK = 7_238_011_946_003
"""The advisory lock that concurrent starts wait for."""


def _database_url() -> str:
    url = context.config.attributes.get("dsn") or os.environ.get("TABLEWIRE_DATABASE_URL")
    if not url:
        raise SystemExit("TABLEWIRE_DATABASE_URL has to name the database")
    return str(url)


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()


async def _run() -> None:
    engine = open_engine(_database_url(), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(_run())
