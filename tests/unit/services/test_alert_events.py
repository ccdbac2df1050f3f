"""Alert events: what is refused, and what is completed from the notification."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tablewire.domain.alert_events import AlertEvent, AlertType, ToldOf
from tablewire.domain.users import User
from tablewire.errors import BadInput
from tablewire.services.alert_events import AlertEvents

NOW = datetime(2026, 2, 11, 15, tzinfo=UTC)
ANN = User(id=1, name="ann")
TOLD = ToldOf(
    event_id=42,
    provider="resy",
    venue_id="834",
    goal_match_score=0.75,
    created_at=NOW - timedelta(seconds=60),
    sent_at={"app": NOW - timedelta(seconds=60), "phone": NOW - timedelta(seconds=50)},
)


class Book:
    def __init__(self) -> None:
        self.kept: dict[str, AlertEvent] = {}

    async def told_of(self, user_id: int, notification_ids: Collection[int]) -> dict[int, ToldOf]:
        return {7: TOLD} if user_id == ANN.id and 7 in notification_ids else {}

    async def add(self, user_id: int, events: Sequence[AlertEvent], at: datetime) -> int:
        before = len(self.kept)
        for event in events:
            self.kept.setdefault(event.client_id, event)
        return len(self.kept) - before


def event(**fields: Any) -> AlertEvent:
    plain: dict[str, Any] = {"client_id": "c1", "event_type": AlertType.ALERT_OPENED, "occurred_at": NOW}
    return AlertEvent(**(plain | fields))


async def take(book: Book, *events: AlertEvent, many: bool = False) -> tuple[int, int]:
    taken = await AlertEvents(book, lambda: NOW).take(ANN, events, many=many)
    return taken.accepted, taken.repeated


async def test_a_repeat_counts_once() -> None:
    book = Book()
    assert await take(book, event(), event(), event(client_id="c2"), many=True) == (2, 1)
    assert await take(book, event()) == (0, 1)


@pytest.mark.parametrize(
    ("channel", "seconds"), [(None, 60.0), ("app", 60.0), ("phone", 50.0), ("other", 60.0)]
)
async def test_the_notification_completes_what_is_left_out(channel: str | None, seconds: float) -> None:
    book = Book()
    await take(book, event(notification_id=7, channel=channel))
    kept = book.kept["c1"]
    assert (kept.event_id, kept.provider, kept.venue_id) == (42, "resy", "834")
    assert (kept.goal_match_score, kept.time_to_action_seconds) == (0.75, seconds)


async def test_what_the_client_says_itself_stays() -> None:
    book = Book()
    said = event(
        notification_id=7, event_id=1, provider="opentable", venue_id="9", time_to_action_seconds=3.5
    )
    await take(book, said)
    kept = book.kept["c1"]
    assert (kept.event_id, kept.provider, kept.venue_id) == (1, "opentable", "9")
    assert kept.time_to_action_seconds == 3.5


async def test_where_clocks_disagree_the_time_to_action_is_not_known() -> None:
    book = Book()
    await take(book, event(notification_id=7, occurred_at=NOW - timedelta(hours=1)))
    assert book.kept["c1"].time_to_action_seconds is None


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_id": "x" * 201}, "client_id"),
        ({"client_id": "sent:7:app"}, "client_id"),
        ({"client_id": "go:7:app"}, "client_id"),
        ({"event_type": AlertType.ALERT_SENT}, "event_type"),
        ({"occurred_at": NOW + timedelta(minutes=6)}, "occurred_at"),
        ({"occurred_at": NOW - timedelta(days=20_000)}, "occurred_at"),
        ({"notification_id": 8}, "notification_id"),
        ({"venue_id": "834"}, "venue"),
        ({"session": ""}, "session"),
        ({"time_to_action_seconds": -1.0}, "time_to_action_seconds"),
        ({"time_to_action_seconds": float("nan")}, "time_to_action_seconds"),
        ({"metadata": {"x": "y" * 4_100}}, "metadata"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_kept(fields: dict[str, Any], wrong: str) -> None:
    book = Book()
    with pytest.raises(BadInput) as refused:
        await take(book, event(client_id="good"), event(**fields), many=True)
    assert [error.field for error in refused.value.fields] == [f"[1].{wrong}"]
    assert not book.kept


@pytest.mark.parametrize("count", [0, 501])
async def test_as_many_as_are_allowed_are_taken_at_once(count: int) -> None:
    with pytest.raises(BadInput, match="1 to 500"):
        await take(Book(), *(event(client_id=str(n)) for n in range(count)), many=True)
