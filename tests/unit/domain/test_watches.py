"""Watches as values: their criteria, when they are due, and what is news to them."""

from datetime import date, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewire.domain.sightings import Sighting
from tablewire.domain.watch_news import (
    OUTSIDE,
    FoundName,
    VenueTables,
    compare,
    is_late_look,
    names_of,
    new_names,
)
from tablewire.domain.watches import (
    Mode,
    Seen,
    Watch,
    criteria_key,
    due_after_failure,
    filter_of,
    key_of,
    next_due,
)
from tablewire.errors import BadInput
from tests.unit.domain.scenes import DAY, NOON

MINUTE = timedelta(minutes=1)


def sighting(slot: str = "a", opening: str = "1", **fields: Any) -> Sighting:
    one = Sighting(
        slot_key=slot,
        opening=opening,
        market="nyc",
        provider="resy",
        venue_id="v",
        venue_name="Chez v",
        service_date=DAY,
        slot_date=DAY,
        slot_time=time(20, 0),
        time_bucket="prime",
        party_sizes=(2,),
    )
    return msgspec.structs.replace(one, **fields)


def watch(**fields: Any) -> Watch:
    one = Watch(id=1, user_id=1, mode=Mode.SPECIFIC, every_minutes=15, created_at=NOON, next_due_at=NOON)
    return msgspec.structs.replace(one, **fields)


def never(_: Sighting) -> bool:
    return False


# --- criteria

FILTERS: dict[str, Any] = {
    "party_size": [4, "2"],
    "time_from": "19:00",
    "neighborhood": "SoHo",
    "weekday": ["FRI", "sat"],
}


@given(st.permutations(list(FILTERS)))
def test_equal_wishes_in_any_order_share_a_key(order: list[str]) -> None:
    assert criteria_key(filter_of({name: FILTERS[name] for name in order})) == criteria_key(
        filter_of(FILTERS)
    )


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("party_size", [2, 4, 4]),
        ("time_from", "19:00:00"),
        ("neighborhood", "SÖHO"),
        ("weekday", ["sat", "fri"]),
    ],
)
def test_equal_wishes_in_other_spellings_share_a_key(name: str, spelling: Any) -> None:
    assert key_of(Mode.NEW, FILTERS | {name: spelling}) == key_of(Mode.NEW, FILTERS)


def test_other_wishes_have_other_keys() -> None:
    keys = {
        criteria_key(filter_of(filters)) for filters in ({}, {"party_size": 2}, {"party_size": 4}, FILTERS)
    }
    assert len(keys) == 4
    assert key_of(Mode.SPECIFIC, FILTERS) is None


def test_wrong_filters_are_named_as_fields_of_the_watch() -> None:
    with pytest.raises(BadInput) as wrong:
        filter_of({"party_size": 0, "colour": "red", "venue": []})
    assert {one.field for one in wrong.value.fields} == {
        "filters.party_size",
        "filters.colour",
        "filters.venue",
    }


# --- when it is due


def test_a_watch_keeps_its_beat() -> None:
    assert next_due(watch(), NOON + timedelta(seconds=40)) == NOON + 15 * MINUTE


def test_a_watch_that_missed_its_beat_starts_another() -> None:
    late = NOON + timedelta(hours=3)
    assert next_due(watch(), late) == late + 15 * MINUTE


def test_a_watch_that_is_run_early_is_due_an_interval_later() -> None:
    assert next_due(watch(next_due_at=NOON + 9 * MINUTE), NOON) == NOON + 15 * MINUTE


def test_a_failed_check_is_repeated_in_a_minute_and_then_less_and_less_often() -> None:
    one, at, waits = watch(last_checked_at=NOON - 15 * MINUTE), NOON, []
    for _ in range(7):
        due = due_after_failure(one, at)
        waits.append((due - at) / MINUTE)
        at = due
    assert waits == [1, 1, 2, 4, 8, 15, 15]


# --- what is news


def test_the_first_comparison_has_no_news() -> None:
    found = compare(None, [sighting()], [], quiet=never)
    assert (found.news, found.slots) == ((), {"a": "1"})


def test_only_openings_that_were_not_there_are_news() -> None:
    now = [sighting("a", "1"), sighting("b", "5"), sighting("c", "6")]
    found = compare(Seen(slots={"a": "1", "b": "2"}), now, [sighting("d", "4")], quiet=never)
    assert {(one.slot_key, one.opening) for one in found.news} == {("b", "5"), ("c", "6"), ("d", "4")}
    assert found.slots == {"a": "1", "b": "5", "c": "6"}


def test_an_opening_in_the_log_and_on_the_board_is_one() -> None:
    found = compare(Seen(), [sighting("a", "1")], [sighting("a", "1")], quiet=never)
    assert len(found.news) == 1


def test_news_beyond_the_limit_are_left_for_the_next_comparison() -> None:
    now = [sighting(slot, slot, slot_time=time(18 + number)) for number, slot in enumerate("abc")]
    first = compare(Seen(), now, [], quiet=never, most=2)
    assert ([one.slot_key for one in first.news], first.left) == (["a", "b"], 1)
    second = compare(Seen(slots=first.slots), now, [], quiet=never, most=2)
    assert [one.slot_key for one in second.news] == ["c"]


def test_what_is_gone_again_is_told_before_what_can_wait() -> None:
    gone = sighting("z", "9", slot_time=time(23))
    found = compare(Seen(), [sighting("a"), sighting("b")], [gone], quiet=never, most=1)
    assert ([one.slot_key for one in found.news], found.left, found.slots) == (["z"], 2, {})


def test_a_table_known_from_outside_is_no_news_when_its_date_comes_into_the_window() -> None:
    before = Seen(slots={"a": f"{OUTSIDE}17"})
    assert compare(before, [sighting("a", "first:9", in_baseline=True)], [], quiet=never).news == ()
    assert len(compare(before, [sighting("a", "9")], [], quiet=never).news) == 1


def test_only_what_was_there_at_a_late_first_look_is_quiet() -> None:
    assert is_late_look(sighting(in_baseline=True), {DAY})
    assert not is_late_look(sighting(in_baseline=True), {date(2026, 2, 19)})
    assert not is_late_look(sighting(), {DAY})


def found(*tables: Sighting, name: str = "Chez v", in_baseline: bool = False) -> dict[str, FoundName]:
    names: dict[str, FoundName] = {}
    names_of([VenueTables(one, 1, in_baseline) for one in tables], lambda _: name, names)
    return names


def test_names_are_compared_as_people_read_them() -> None:
    now = found(sighting(), name="Le Café") | found(sighting(), name="Bar")
    assert list(new_names(["LE CAFE"], now, ())) == ["bar"]


def test_a_name_that_may_have_been_there_all_along_is_no_news() -> None:
    late = found(sighting(), in_baseline=True)
    assert new_names([], late, {DAY}) == {}
    assert list(new_names([], late, {date(2026, 2, 19)})) == ["chez v"]


def test_a_restaurant_of_several_venues_is_one_name() -> None:
    late, early = sighting(slot_time=time(22)), sighting("b", slot_time=time(18), provider="opentable")
    [one] = found(late, early).values()
    assert (one.first, one.tables, one.opened) == (early, 2, True)
