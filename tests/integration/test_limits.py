"""Limits of what a user may have, on PostgreSQL: also where several things are made at once."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from tablewire.domain.channels import ChannelType
from tablewire.domain.watch_list import ListEntry
from tablewire.domain.watches import Mode
from tablewire.errors import NotFound
from tablewire.storage.channel_door import NewChannel
from tablewire.storage.store import PostgresStore
from tablewire.storage.watch_door import NewWatch
from tests.clock import START
from tests.stored_wishes import PostgresWishes

KINDS = ("channels", "watch_list", "watches")
MOST = 2


def make(store: PostgresStore, kind: str, user_id: int) -> Awaitable[Any]:
    """One more thing of a kind, where there are fewer than two."""
    books = store.people
    if kind == "channels":
        channel = NewChannel(
            user_id=user_id, name="hook", type=ChannelType.WEBHOOK, address=b"sealed", shown="…"
        )
        return books.channels.make(channel, START, MOST)
    if kind == "watch_list":
        entry = ListEntry(
            provider="resy",
            venue_id="1",
            party_size=2,
            dates=(START.date(),),
            created_at=START,
            next_due_at=START,
        )
        return books.watch_list.add(user_id, entry, START, most=MOST)
    watch = NewWatch(
        user_id=user_id, mode=Mode.SPECIFIC, venues=(), filters={}, criteria_key=None, every_minutes=5, paused=False
    )  # fmt: skip
    return books.watches.make(watch, START, most=MOST)


@pytest.mark.parametrize("kind", KINDS)
async def test_several_that_are_made_at_once_do_not_pass_the_limit_together(
    store: PostgresStore, kind: str
) -> None:
    user_id = await PostgresWishes(store._pool).user()
    made = await asyncio.gather(*(make(store, kind, user_id) for _ in range(5)))
    assert sum(one is not None for one in made) == MOST


@pytest.mark.parametrize("kind", KINDS)
async def test_of_a_user_who_is_gone_nothing_is_made(store: PostgresStore, kind: str) -> None:
    with pytest.raises(NotFound):
        await make(store, kind, 99)
