"""How events are told apart."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tablewire.domain.events import Event, microseconds
from tests.unit.domain.scenes import EIGHT, Scene, call

SLOT = "4eb06f70fcedd7420e26f59a5ea0adb7"


def drop_and_closing() -> tuple[Event, Event]:
    scene = Scene()
    for minute, times in enumerate(([], [EIGHT], [])):
        scene.poll(call(minute, {"v": times}))
    drop, closing = (msgspec.structs.replace(event, slot_id=SLOT) for event in scene.log)
    return drop, closing


def test_an_opening_has_a_key_of_its_opening_in_microseconds() -> None:
    drop, _ = drop_and_closing()
    assert drop.dedupe_key == f"nyc|resy|2026-02-18_19:00|{SLOT}|1771434062000000"


def test_a_closing_has_a_key_of_its_closing() -> None:
    _, closing = drop_and_closing()
    assert closing.dedupe_key == f"closed|nyc|resy|2026-02-18_19:00|{SLOT}|1771434122000000"


def test_two_openings_a_microsecond_apart_are_two() -> None:
    drop, _ = drop_and_closing()
    assert drop.opened_at is not None
    later = msgspec.structs.replace(drop, opened_at=drop.opened_at + timedelta(microseconds=1))
    assert later.dedupe_key != drop.dedupe_key


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 2, 0, 0, 1, 7, tzinfo=UTC), 86_401_000_007),
        (datetime(2026, 2, 18, 17, 0, 0, 999_999, tzinfo=UTC), 1_771_434_000_999_999),
    ],
)
def test_microseconds_are_exact(at: datetime, found: int) -> None:
    assert microseconds(at) == found
