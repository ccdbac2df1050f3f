"""What the rows of notify requests and goals share."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tablewire.domain.venue_names import ChosenVenue
from tablewire.storage.failures import unavailable
from tablewire.storage.storable import storable, storable_or_none
from tablewire.storage.tables import feed_head

NEWEST_EVENT = select(feed_head.c.last_id).scalar_subquery()
"""The newest event, as the statement sees it."""
NOW = func.clock_timestamp()
"""By PostgreSQL's clock, the same for all services on one database."""
CHANGED_BEFORE = timedelta(seconds=10)
"""A change may become visible so much later than it was made."""


async def database_clock(engine: AsyncEngine) -> datetime:
    """The time by PostgreSQL's clock."""
    with unavailable():
        async with engine.connect() as connection:
            at: datetime = (await connection.execute(select(NOW))).scalar_one()
            return at


def venue_row(venue: ChosenVenue) -> dict[str, Any]:
    """A venue as it is stored in a list of them."""
    return {
        "provider": storable(venue.provider),
        "venue_id": storable(venue.venue_id),
        "name": storable_or_none(venue.name),
    }
