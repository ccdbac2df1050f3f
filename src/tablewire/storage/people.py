"""What belongs to users, on PostgreSQL: a door a noun, all over the same connections."""

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from tablewire.storage.accounts import PostgresAccounts
from tablewire.storage.alert_events import PostgresAlertEvents
from tablewire.storage.channels import PostgresChannels
from tablewire.storage.deliveries import PostgresOutbox
from tablewire.storage.goals import PostgresGoals
from tablewire.storage.notifications import PostgresNotifications
from tablewire.storage.notify_requests import PostgresNotifyRequests
from tablewire.storage.opening_ids import PostgresOpeningIds
from tablewire.storage.trails import PostgresTrails
from tablewire.storage.watch_list import PostgresWatchList
from tablewire.storage.watches import PostgresWatches


class PeopleStore:
    """Each attribute's meaning stands in its own module."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", engine: AsyncEngine) -> None:
        self.accounts = PostgresAccounts(pool, engine)
        self.watches = PostgresWatches(engine)
        self.watch_list = PostgresWatchList(engine)
        self.notify_requests = PostgresNotifyRequests(engine)
        self.goals = PostgresGoals(engine)
        self.opening_ids = PostgresOpeningIds(pool)
        self.notifications = PostgresNotifications(pool)
        self.trails = PostgresTrails(engine)
        self.channels = PostgresChannels(engine)
        self.outbox = PostgresOutbox(pool)
        self.alert_events = PostgresAlertEvents(engine)
