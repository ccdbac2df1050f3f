"""Observed time and figures, on PostgreSQL: a door a noun, all over the same connections."""

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from tablewire.storage.observed_spans import PostgresObserved
from tablewire.storage.rankings import PostgresRankings
from tablewire.storage.rolled_days import PostgresRolledDays
from tablewire.storage.verdicts import PostgresVerdicts


class FigureStore:
    """Each attribute's meaning stands in its own module."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", engine: AsyncEngine) -> None:
        self.observed = PostgresObserved(pool)
        self.rolled = PostgresRolledDays(pool)
        self.rankings = PostgresRankings(engine)
        self.verdicts = PostgresVerdicts(engine)
