"""Notifications as rows of `notifications`, there and back."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from tablewire.domain.notifications import Facts, Kind, Notification, Telling
from tablewire.storage.storable import storable

COLUMNS = (
    "id, user_id, kind, source_id, event_id, slot_key, opening, title, body, book_url, facts, goal_match_score, created_at, "
    "place, read_at, closed_at, open_seconds"
)

_facts = msgspec.json.Decoder(Facts).decode


def cleaned(telling: Telling) -> Telling:
    """A telling with nothing in it that PostgreSQL does not take."""
    changed = _unstorable(telling)
    facts = _unstorable(telling.facts)
    if facts:
        changed["facts"] = msgspec.structs.replace(telling.facts, **facts)
    return msgspec.structs.replace(telling, **changed) if changed else telling


def tellings_json(tellings: Sequence[Telling]) -> str:
    """Cleaned tellings as one JSON text, whose names are those of the columns."""
    return msgspec.json.encode(tellings).decode()


def stored(telling: Telling, id: int, at: datetime) -> Notification:
    """The notification that a telling has become."""
    said = {name: getattr(telling, name) for name in Telling.__struct_fields__}
    return Notification(**said, id=id, place=id, created_at=at)


def notification_of(row: asyncpg.Record) -> Notification:
    """A row of `COLUMNS` as a notification."""
    values = dict(row)
    values["kind"] = Kind(values["kind"])
    values["facts"] = _facts(values["facts"])
    return Notification(**values)


def _unstorable(struct: msgspec.Struct) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in struct.__struct_fields__:
        text = getattr(struct, name)
        if type(text) is str and storable(text) is not text and storable(text) != text:
            found[name] = storable(text)
    return found
