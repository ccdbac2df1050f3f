"""Reading an entry: what is free, as much of it as can be understood."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewire.domain.buckets import DayParts
from tablewire.providers.opentable.convert import Listed, to_listed
from tablewire.providers.opentable.hours import Hours, parts_of
from tablewire.providers.opentable.reading import Asked, ReadEntry, read_entry
from tablewire.providers.opentable.wire import decode_restaurant
from tests.unit.providers.opentable_pages import DAY, UNAVAILABLE, entry, restaurant, slot

OFF_PEAK, PRIME = parts_of(DayParts(), Hours())


def listed(number: int) -> Listed:
    return to_listed(decode_restaurant(msgspec.Raw(msgspec.json.encode(restaurant(number)))))


BATCH = {number: listed(number) for number in (1, 2)}


def read(content: Any, *, part: Any = PRIME) -> ReadEntry:
    asked = Asked(DAY, 2, part, part.reaches[0])
    return read_entry(msgspec.Raw(msgspec.json.encode(content)), asked, BATCH)


def times(read: ReadEntry) -> list[str]:
    assert read.answer is not None
    return [seen.actual_time[11:16] for seen in read.answer.slots]


def test_free_slots_have_their_start_seatings_and_address() -> None:
    found = read(entry(1, slot(30, attributes=["bar"]), UNAVAILABLE, slot(-60)))
    assert times(found) == ["19:00", "20:30"]
    assert found.answer is not None
    assert found.answer.whole
    early, late = found.answer.slots
    assert (early.seatings, late.seatings) == (("Standard",), ("Bar",))
    assert late.book_url == "https://www.opentable.com/r/house-1?covers=2&dateTime=2026-10-22T20:30"
    assert (late.service_date, late.approximate) == (DAY, False)


@pytest.mark.parametrize("slots", [[], [UNAVAILABLE, UNAVAILABLE]])
def test_a_restaurant_without_a_free_table_was_observed(slots: list[Any]) -> None:
    found = read(entry(1, *slots))
    assert found.answer is not None
    assert (found.answer.slots, found.answer.whole, found.slots_listed) == ((), True, 0)


def test_one_start_has_all_its_seatings() -> None:
    found = read(entry(1, slot(0), slot(0, type="Experience", attributes=["bar", "default"])))
    assert found.answer is not None
    assert [seen.seatings for seen in found.answer.slots] == [("Bar", "Standard")]


def test_a_start_on_the_edge_belongs_to_the_later_part() -> None:
    assert times(read(entry(1, slot(180), slot(179)), part=OFF_PEAK)) == ["16:59"]
    assert times(read(entry(1, slot(-180), slot(180)), part=PRIME)) == ["17:00", "23:00"]


def test_starts_that_were_not_asked_for_are_left_out_and_understood() -> None:
    found = read(entry(1, slot(181), slot(-181), slot(400)))
    assert times(found) == []
    assert found.answer is not None
    assert found.answer.whole
    assert (found.slots_listed, found.slots_understood) == (3, 3)


def test_other_days_are_left_out() -> None:
    days = [{"dayOffset": 1, "slots": [slot(0)]}, {"dayOffset": 0, "slots": [slot(15)]}]
    assert times(read(entry(1, availabilityDays=days))) == ["20:15"]


@pytest.mark.parametrize("days", [[], [{"dayOffset": 1, "slots": []}]])
def test_a_restaurant_whose_date_is_not_spoken_of_was_not_observed(days: list[Any]) -> None:
    found = read(entry(1, availabilityDays=days))
    assert found.answer is None
    assert [flaw.field for _, flaw in found.flaws] == ["availabilityDays"]


@pytest.mark.parametrize("bad", [slot("soon"), slot(None), slot(10**6), {"isAvailable": 1}, None, 7, []])
def test_a_slot_that_makes_no_sense_leaves_the_rest_and_closes_nothing(bad: Any) -> None:
    found = read(entry(1, slot(0), bad))
    assert times(found) == ["20:00"]
    assert found.answer is not None
    assert not found.answer.whole
    assert [sort for sort, _ in found.flaws] == ["slots"]


@pytest.mark.parametrize(
    "days", [None, {}, "x", [{"slots": []}], [{"dayOffset": 0}], [{"dayOffset": 0, "slots": 5}]]
)
def test_an_entry_that_makes_no_sense_closes_nothing(days: Any) -> None:
    found = read(entry(1, availabilityDays=days))
    assert found.answer is not None
    assert (found.answer.venue_id, found.answer.slots, found.answer.whole) == ("1", (), False)
    assert [sort for sort, _ in found.flaws] == ["restaurants"]


def test_a_restaurant_that_was_not_asked_for_is_ignored() -> None:
    assert read(entry(99, slot(0))) == ReadEntry()
    assert read(entry(99, availabilityDays=None)) == ReadEntry()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "restaurantId",
                        "availabilityDays",
                        "dayOffset",
                        "slots",
                        "isAvailable",
                        "timeOffsetMinutes",
                        "type",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_nothing_that_stands_in_an_entrys_place_raises(content: Any) -> None:
    read(content)
