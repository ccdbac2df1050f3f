"""One of each thing that belongs to a user, as its address takes it; only the engine makes notifications."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from tablewire.domain.notifications import Facts, Kind, Telling
from tablewire.domain.slots import Venue
from tablewire.storage.store import PostgresStore
from tests.api_client import Client

MARK: Final = "Of Ann Alone"
"""Stands in everything that is made here."""

CHANNEL_HOST: Final = "127.0.0.1"
"""Has to be in CHANNEL_ALLOW."""

CHANGES: Final[dict[str, Any]] = {
    "/watches/{id}": {"paused": True},
    "/chat/watches/{id}": {"paused": True},
    "/goals/{id}": {"name": "taken"},
    "/channels/{id}": {"name": "taken"},
}
"""What would change such a thing."""


def things(provider: str, venue_id: str) -> dict[str, Any]:
    """One of each by the address that makes it; their own addresses are those with an id behind."""
    venue = {"provider": provider, "venue_id": venue_id}
    soon = str((datetime.now(UTC) + timedelta(days=3)).date())
    return {
        "/watches": {"mode": "specific", "venues": [venue]},
        "/chat/watches": {"mode": "specific", "venues": [venue], "filters": {"party_size": 2}},
        "/notify-requests": {"venues": [venue], "dates": [soon]},
        "/goals": {"name": MARK, "min_score": 0},
        "/resy/watch": {**venue, "party_size": 2, "dates": [soon]},
        "/channels": {
            "name": MARK,
            "type": "webhook",
            "url": f"http://{CHANNEL_HOST}:9/discard",
            "paused": True,
        },
    }


async def one_of_each(client: Client, store: PostgresStore) -> dict[str, int]:
    """Make one of each as whoever the client asks as; answers their ids by address."""
    venue = Venue(provider="resy", venue_id="834", name=MARK)
    await store.learn([venue], datetime.now(UTC))
    ids = dict[str, int]()
    for path, body in things(venue.provider, venue.venue_id).items():
        made = await client.post(path, body)
        assert made.status == 201, made.body
        ids[f"{path}/{{id}}"] = made.json()["id"]
    ids["/notifications/{id}"] = await _tell((await client.get("/me")).json()["id"], store)
    return ids


async def _tell(user_id: int, store: PostgresStore) -> int:
    facts = Facts(provider="resy", venue_id="834", venue_name=MARK)
    telling = Telling(user_id=user_id, kind=Kind.SYSTEM, title=MARK, body="a table", facts=facts)
    (told,) = await store.people.notifications.tell([telling], datetime.now(UTC))
    return told.id


def marked(value: Any) -> bool:
    """Whether there is anything in a document that was made here."""
    return MARK.encode() in msgspec.json.encode(value)
