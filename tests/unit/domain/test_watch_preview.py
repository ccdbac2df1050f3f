"""What watches would have told, from made-up histories."""

from datetime import timedelta
from typing import Any

import msgspec

from tablewire.domain.events import CloseReason, Event, EventType
from tablewire.domain.sightings import sighting_of
from tablewire.domain.watch_limits import limits_of, ruled_out
from tablewire.domain.watch_preview import WouldTell, lives_of, names_told, tables_told
from tests.stored_scenes import made_up_event
from tests.unit.domain.scenes import after

EVERY = timedelta(minutes=15)
NOW = after(120)


def opening(number: int, minute: float, **fields: Any) -> Event:
    event = made_up_event(number, id=number, opened_at=after(minute), first_seen_at=after(minute))
    return msgspec.structs.replace(event, **fields)


def closing(number: int, minute: float, until: float, **fields: Any) -> Event:
    return opening(
        number,
        minute,
        event_type=EventType.CLOSED,
        closed_at=after(until),
        close_reason=CloseReason.TAKEN,
        drop_duration_seconds=(until - minute) * 60,
        **fields,
    )


def test_every_opening_would_be_told_at_the_check_after_it() -> None:
    events = [opening(1, 20), closing(1, 20, 30), opening(2, 100)]
    table = sighting_of(events[2])
    told = tables_told(
        lives_of(events, [table]),
        {(table.slot_key, table.opening): table},
        since=after(0),
        now=NOW,
        every=EVERY,
    )
    assert [(one.told_at, one.open_seconds, one.still_open) for one in told] == [
        (after(105), None, True),
        (after(30), 600.0, False),
    ]


def test_what_was_there_before_and_what_opened_too_early_would_not_be_told() -> None:
    events = [opening(1, -60), closing(2, 5, 10, opened_at=None)]
    assert tables_told(lives_of(events, []), {}, since=after(0), now=NOW, every=EVERY) == []


def names(events: list[Event]) -> list[tuple[str | None, float]]:
    told: list[WouldTell] = names_told(
        lives_of(events, []), {}, lambda one: one.venue_name, since=after(0), now=NOW, every=EVERY
    )
    return [(one.name, (one.told_at - after(0)) / timedelta(minutes=1)) for one in told]


def test_a_name_would_be_told_where_a_check_finds_it_and_the_one_before_did_not() -> None:
    first, second = [opening(1, 20), closing(1, 20, 40)], [opening(8, 80), closing(8, 80, 95)]
    assert names([*first, *second]) == [("Chez 1", 90), ("Chez 1", 30)]


def test_a_name_that_has_another_table_all_along_would_not_be_told() -> None:
    there = closing(8, -30, 110, opened_at=None, first_seen_at=after(-30))
    assert names([opening(1, 20), closing(1, 20, 40), there]) == []


def test_a_name_that_is_gone_before_a_check_would_not_be_told() -> None:
    assert names([opening(1, 20), closing(1, 20, 25)]) == []


def test_limits_that_rule_out_are_counted_and_the_one_in_the_way_comes_first() -> None:
    openings = [sighting_of(opening(number, number)) for number in range(4)]
    limits = limits_of({"party_size": 6, "venue": "chez", "time_from": "22:00", "time_to": "01:00"})
    found = ruled_out(openings, limits)
    assert [(one.limit, one.openings, one.alone) for one in found] == [
        ("party_size", 4, 0),
        ("time_from and time_to", 4, 0),
    ]
    alone = ruled_out(openings, limits_of({"party_size": 6}))[0]
    assert (alone.alone, alone.example is not None) == (4, True)
