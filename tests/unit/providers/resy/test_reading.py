"""Reading a hit: what is bookable, what is not, and what cannot be understood."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewire.domain.slots import slot_id
from tablewire.domain.snapshots import VenueAnswer
from tablewire.providers.drift import Flaw
from tablewire.providers.resy.convert import Asked
from tablewire.providers.resy.reading import ReadHit, read_hit
from tests.unit.providers.resy_pages import DAY, hit, slot, template

ASKED = Asked(service_date=date.fromisoformat(DAY), party_size=2, zone=ZoneInfo("America/New_York"))

any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def read(value: Any) -> ReadHit:
    return read_hit(msgspec.Raw(msgspec.json.encode(value)), ASKED)


def answer(*slots: Any, **changes: Any) -> VenueAnswer:
    found = read(hit(7, *slots, **changes)).answer
    assert found is not None
    return found


def times(said: VenueAnswer) -> list[str]:
    return [seen.actual_time[11:16] for seen in said.slots]


def test_a_slot_has_its_id_its_start_and_where_to_book_it() -> None:
    (seen,) = answer(slot("19:00:00"), templates={"11": template(secs=3600)}).slots
    assert seen.slot_id == slot_id("resy", "7", f"{DAY} 19:00:00")
    assert seen.actual_time == f"{DAY} 19:00:00"
    assert seen.service_date == ASKED.service_date
    assert seen.seatings == ("Dining Room",)
    assert seen.book_url == f"https://resy.com/cities/new-york-ny/venues/house-7?date={DAY}&seats=2"
    assert seen.off_market_at == datetime(2026, 10, 22, 22, 0, tzinfo=UTC)


def test_tables_that_start_at_once_are_one_slot_with_all_seatings() -> None:
    said = answer(
        slot("20:00:00", config={"type": "Patio "}),
        slot("19:00:00", config={"type": "Table"}),
        slot("20:00:00", config={"type": "Bar"}),
        slot("20:00:00", config={"type": "Bar"}),
    )
    assert [(seen.actual_time[11:16], seen.seatings) for seen in said.slots] == [
        ("19:00", ("Table",)),
        ("20:00", ("Bar", "Patio")),
    ]


def test_a_start_goes_off_the_market_with_the_last_of_its_tables() -> None:
    tables = (slot("19:00:00"), slot("19:00:00", template={"id": 12}))
    both = {"11": template(secs=3600), "12": template(secs=1800)}
    assert answer(*tables, templates=both).slots[0].off_market_at == datetime(
        2026, 10, 22, 22, 30, tzinfo=UTC
    )
    one = {"11": template(secs=3600), "12": template()}
    assert answer(*tables, templates=one).slots[0].off_market_at is None


@pytest.mark.parametrize(
    "changes",
    [
        {"exclusive": {"id": 0, "is_eligible": False}},
        {"exclusive": {"id": 1000, "is_eligible": True}},
        {"is_global_dining_access": True},
        {"template": {"id": 21}},
        {"template": {"id": 22}},
    ],
)
def test_what_the_public_cannot_book_is_no_slot(changes: dict[str, Any]) -> None:
    templates = {"11": template(), "21": template(is_event=1), "22": template(is_pickup=True)}
    said = answer(slot("19:00:00", **changes), slot("20:00:00"), templates=templates)
    assert times(said) == ["20:00"]
    assert said.whole


def test_tock_is_left_alone() -> None:
    found = read(hit(7, slot("19:00:00"), is_tock_inventory=True))
    assert (found.answer, found.venue, found.is_senseless) == (None, None, False)


def test_a_venue_without_a_table_is_observed() -> None:
    said = answer()
    assert said == VenueAnswer("7", (), whole=True)


@pytest.mark.parametrize("availability", [None, {}, {"slots": None}, {"slots": "none"}, [], "text", 5])
def test_missing_availability_is_no_observation(availability: Any) -> None:
    found = read(hit(7, availability=availability))
    assert found.answer == VenueAnswer("7", (), whole=False)
    assert found.venue is not None
    assert found.faults.flaws


def test_missing_availability_is_named() -> None:
    without = hit(7)
    del without["availability"]
    assert read(without).faults.flaws == (("hits", Flaw("availability", "missing")),)


def test_a_table_after_midnight_belongs_to_the_evening_of_its_shift() -> None:
    late = slot("2026-10-23 00:30:00")
    assert times(answer(late)) == ["00:30"]
    assert times(answer(slot("00:30:00", shift={"day": "2026-10-21"}))) == []
    assert times(answer(slot("2026-10-23 00:30:00", shift=None))) == ["00:30"]


def test_a_slot_of_another_dates_service_is_left_to_that_dates_sweep() -> None:
    said = answer(slot("2026-10-23 19:00:00", shift={"day": "2026-10-23"}), slot("19:00:00"))
    assert times(said) == ["19:00"]
    assert said.whole


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "text",
        {},
        slot("19:00:00", date=None),
        slot("19:00:00", date={}),
        slot("19:00:00", date={"start": 1771441200}),
        slot("19:00:00", date={"start": "tonight"}),
        slot("2027-10-22 19:00:00"),
        slot("19:00:00", exclusive=None),
        slot("19:00:00", exclusive={"id": 0}),
        slot("19:00:00", config="Bar"),
    ],
)
def test_a_slot_that_makes_no_sense_makes_the_answer_less_than_whole(bad: Any) -> None:
    said = answer(slot("18:00:00"), bad, slot("20:00:00"))
    assert times(said) == ["18:00", "20:00"]
    assert not said.whole


@pytest.mark.parametrize("templates", [[], "text", {"11": None}, {"11": {"reservation_config": 5}}])
def test_a_slot_whose_terms_cannot_be_read_is_not_taken_for_public(templates: Any) -> None:
    said = answer(slot("19:00:00"), availability={"slots": [slot("19:00:00")], "templates": templates})
    assert said == VenueAnswer("7", (), whole=False)


def test_terms_that_cannot_be_read_harm_only_their_own_slots() -> None:
    said = answer(
        slot("19:00:00"), slot("20:00:00", template={"id": 12}), templates={"11": template(), "12": 5}
    )
    assert times(said) == ["19:00"]
    assert not said.whole


@pytest.mark.parametrize(
    "terms", [template(secs="soon", time=5), template(secs=-5, time="late"), template(secs=10**30)]
)
def test_terms_that_make_no_sense_say_nothing(terms: Any) -> None:
    (seen,) = answer(slot("19:00:00"), templates={"11": terms}).slots
    assert seen.off_market_at is None


@given(value=any_json)
def test_anything_may_stand_in_place_of_a_hit(value: Any) -> None:
    found = read(value)
    assert found.is_senseless
    assert found.answer is None


@given(field=st.sampled_from(sorted(hit(7))), value=any_json)
def test_anything_may_stand_in_place_of_a_field(field: str, value: Any) -> None:
    found = read(hit(7, slot("19:00:00"), **{field: value}))
    assert found.is_senseless or found.answer is not None or found == ReadHit()


@given(field=st.sampled_from(sorted(slot("19:00:00"))), value=any_json)
def test_anything_may_stand_in_a_slot_without_harm_to_the_next(field: str, value: Any) -> None:
    said = answer(slot("19:00:00", **{field: value}), slot("20:00:00"))
    assert "20:00" in times(said)
    assert set(times(said)) <= {"19:00", "20:00"}


def test_a_hit_nested_beyond_reason_is_only_senseless() -> None:
    deep = b'{"id":{"resy":7},"name":"x","cuisine":' + b"[" * 900 + b"]" * 900 + b"}"
    assert (
        read_hit(msgspec.Raw(deep), ASKED).answer is not None
        or read_hit(msgspec.Raw(deep), ASKED).is_senseless
    )
