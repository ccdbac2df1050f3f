"""The usual store: SQLAlchemy's ORM, a row an event, and the ids of the open slots as one JSON list."""

from datetime import date, datetime, time
from typing import Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Text, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tablewire.domain.events import Event


class Base(DeclarativeBase):
    """What all tables share."""


class DropEvent(Base):
    """One event."""

    __tablename__ = "orm_events"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(Text, unique=True)
    event_type: Mapped[str]
    market: Mapped[str]
    bucket_id: Mapped[str]
    service_date: Mapped[date]
    provider: Mapped[str]
    slot_id: Mapped[str]
    venue_id: Mapped[str] = mapped_column(index=True)
    venue_name: Mapped[str]
    neighborhood: Mapped[str | None]
    price_range: Mapped[int | None]
    slot_date: Mapped[date]
    slot_time: Mapped[time]
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), index=True)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Checkpoint(Base):
    """The open slots of one bucket."""

    __tablename__ = "orm_checkpoints"

    bucket_id: Mapped[str] = mapped_column(primary_key=True)
    polls: Mapped[int]
    scanned_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    slot_ids: Mapped[list[str]] = mapped_column(JSONB)


def row(event: Event) -> DropEvent:
    """An event as a row."""
    return DropEvent(
        dedupe_key=event.dedupe_key,
        event_type=event.event_type.value,
        market=event.market,
        bucket_id=event.bucket_id,
        service_date=event.service_date,
        provider=event.provider,
        slot_id=event.slot_id,
        venue_id=event.venue_id,
        venue_name=event.venue_name,
        neighborhood=event.neighborhood,
        price_range=event.price_range,
        slot_date=event.slot_date,
        slot_time=event.slot_time,
        opened_at=event.opened_at,
        closed_at=event.closed_at,
        payload=msgspec.to_builtins(event),
    )


class OrmStore:
    """Stores polls."""

    def __init__(self, dsn: str) -> None:
        self._engine: AsyncEngine = create_async_engine(
            dsn.replace("postgresql://", "postgresql+asyncpg://"), pool_size=5
        )
        self._session = async_sessionmaker(self._engine, expire_on_commit=False, class_=AsyncSession)

    async def make(self) -> None:
        """Make the tables."""
        async with self._engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    async def record(
        self, bucket_id: str, at: datetime, events: list[DropEvent], slot_ids: list[str]
    ) -> None:
        """Store one poll in one transaction."""
        async with self._session() as session, session.begin():
            session.add_all(events)
            found = await session.get(Checkpoint, bucket_id)
            if found is None:
                found = Checkpoint(bucket_id=bucket_id, polls=0)
                session.add(found)
            found.polls += 1
            found.scanned_at = at
            found.slot_ids = slot_ids

    async def checkpoint(self, bucket_id: str) -> list[str]:
        """The open slots of a bucket as stored."""
        async with self._session() as session:
            found = await session.scalar(select(Checkpoint).where(Checkpoint.bucket_id == bucket_id))
            return found.slot_ids if found else []

    async def close(self) -> None:
        """Give all connections back."""
        await self._engine.dispose()
