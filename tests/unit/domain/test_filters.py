"""What filters let through, and what they refuse."""

from datetime import date, time

import msgspec
import pytest

from tablewire.domain.events import Event
from tablewire.domain.filters import (
    MAX_LENGTH,
    MAX_VALUES,
    PARAMETERS,
    EventFilter,
    parse_filter,
    parse_types,
)
from tablewire.errors import BadInput, FieldError
from tests.unit.domain.scenes import EIGHT, Scene, call


def drop() -> Event:
    """Wednesday the 18th of February 2026, 20:30, for two or four at L’Artusi in the West Village."""
    scene = Scene()
    scene.poll(call(0, {"834": []}))
    scene.poll(call(1, {"834": [EIGHT]}))
    return msgspec.structs.replace(
        scene.log[0],
        venue_name="L’Artusi – Café",
        neighborhood="West Village",
        price_range=3,
        party_sizes=(2, 4),
        slot_time=time(20, 30),
    )


def lets_through(query: dict[str, list[str]], event: Event | None = None) -> bool:
    return parse_filter(query).matches(event or drop())


def refusals(query: dict[str, list[str]]) -> list[FieldError]:
    with pytest.raises(BadInput) as refused:
        parse_filter(query)
    return refused.value.fields


PASSES = [
    ("market", "nyc"),
    ("provider", "resy"),
    ("venue_id", "834"),
    ("restaurant", "resy:834"),
    ("venue", "lartusi"),
    ("venue", "CAFE"),
    ("venue", "L'Artusi Café"),
    ("neighborhood", "west village"),
    ("date_from", "2026-02-18"),
    ("date_to", "2026-02-18"),
    ("time_from", "20:30"),
    ("time_to", "20:30"),
    ("time_to", "20:30:00"),
    ("time_bucket", "prime"),
    ("party_size", "4"),
    ("price_max", "3"),
    ("weekday", "wed"),
    ("weekday", "WED"),
]
STOPS = [
    ("market", "sf"),
    ("provider", "opentable"),
    ("venue_id", "83"),
    ("restaurant", "opentable:834"),
    ("venue", "carbone"),
    ("neighborhood", "village"),
    ("date_from", "2026-02-19"),
    ("date_to", "2026-02-17"),
    ("time_from", "20:31"),
    ("time_to", "20:29"),
    ("time_bucket", "off_peak"),
    ("party_size", "3"),
    ("price_max", "2"),
    ("weekday", "thu"),
]


@pytest.mark.parametrize(("name", "value"), PASSES)
def test_a_value_that_fits_lets_an_event_through(name: str, value: str) -> None:
    assert lets_through({name: [value]})


@pytest.mark.parametrize(("name", "value"), STOPS)
def test_a_value_that_does_not_fit_stops_an_event(name: str, value: str) -> None:
    assert not lets_through({name: [value]})


def test_every_parameter_is_tried_both_ways() -> None:
    assert {name for name, _ in PASSES} == {name for name, _ in STOPS} == set(PARAMETERS)


def test_no_parameter_lets_everything_through() -> None:
    assert lets_through({})


def test_a_repeated_parameter_means_any_of_its_values() -> None:
    assert lets_through({"venue_id": ["1", "834"]})


def test_different_parameters_mean_all() -> None:
    assert not lets_through({"venue_id": ["834"], "weekday": ["thu"]})


@pytest.mark.parametrize(("name", "field"), [("neighborhood", "neighborhood"), ("price_max", "price_range")])
def test_a_null_field_never_matches(name: str, field: str) -> None:
    value = {"neighborhood": "west village", "price_max": "4"}[name]
    assert not lets_through({name: [value]}, msgspec.structs.replace(drop(), **{field: None}))


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (time(22), True),
        (time(23, 59), True),
        (time(0, 30), True),
        (time(1), True),
        (time(1, 1), False),
        (time(21, 59), False),
    ],
)
def test_hours_may_go_over_midnight(at: time, found: bool) -> None:
    event = msgspec.structs.replace(drop(), slot_time=at)
    assert lets_through({"time_from": ["22:00"], "time_to": ["01:00"]}, event) is found


@pytest.mark.parametrize(
    ("at", "found"), [(time(19), True), (time(21), True), (time(18, 59), False), (time(21, 1), False)]
)
def test_hours_within_a_day_are_inclusive(at: time, found: bool) -> None:
    event = msgspec.structs.replace(drop(), slot_time=at)
    assert lets_through({"time_from": ["19:00"], "time_to": ["21:00"]}, event) is found


def test_the_weekday_is_that_of_the_service_date() -> None:
    after_midnight = msgspec.structs.replace(drop(), slot_date=date(2026, 2, 19), slot_time=time(0, 30))
    assert lets_through({"weekday": ["wed"]}, after_midnight)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("market", "", "empty"),
        ("venue", "—", "letters nor digits"),
        ("date_from", "2026-02-30", "2026-02-18"),
        ("date_from", "2026-W08-3", "2026-02-18"),
        ("date_to", "20260218", "2026-02-18"),
        ("time_from", "25:00", "19:30"),
        ("time_from", "T1930", "19:30"),
        ("time_to", "7pm", "19:30"),
        ("time_bucket", "noon", "prime and off_peak"),
        ("party_size", "0", "1 to 20"),
        ("party_size", "21", "1 to 20"),
        ("party_size", "-2", "whole number"),
        ("party_size", "٢", "whole number"),
        ("price_max", "5", "1 to 4"),
        ("weekday", "noday", "mon, tue"),
        ("venue", "x" * (MAX_LENGTH + 1), f"{MAX_LENGTH} characters"),
        ("venue", "x\x00", "null"),
    ],
)
def test_a_bad_value_is_refused_with_its_name_itself_and_what_is_allowed(
    name: str, value: str, allowed: str
) -> None:
    (wrong,) = refusals({name: [value]})
    assert wrong.field == name
    assert repr(value[:MAX_LENGTH]) in wrong.message
    assert allowed in wrong.message


def test_an_unknown_parameter_is_refused_by_name() -> None:
    (wrong,) = refusals({"venues": ["834"]})
    assert (wrong.field, "venue_id" in wrong.message) == ("venues", True)


@pytest.mark.parametrize("name", ["date_from", "date_to", "time_from", "time_to", "price_max"])
def test_a_bound_cannot_be_repeated(name: str) -> None:
    (wrong,) = refusals({name: ["1", "1"]})
    assert wrong.field == name


def test_all_that_is_wrong_is_named_at_once() -> None:
    wrong = refusals({"weekday": ["noday", "wed"], "nothing": ["1"], "price_max": ["9"]})
    assert {error.field for error in wrong} == {"weekday", "nothing", "price_max"}


@pytest.mark.parametrize(("count", "is_refused"), [(MAX_VALUES, False), (MAX_VALUES + 1, True)])
def test_a_parameter_has_only_so_many_values(count: int, is_refused: bool) -> None:
    query = {"venue_id": [str(number) for number in range(count)]}
    if is_refused:
        assert [wrong.field for wrong in refusals(query)] == ["venue_id"]
    else:
        assert len(parse_filter(query).terms[0].values) == count


def test_equal_filters_are_equal_values_in_whatever_order_they_were_given() -> None:
    one = parse_filter({"weekday": ["wed", "mon"], "venue": ["café", "bar"]})
    other = parse_filter({"venue": ["BAR", "Cafe", "bar"], "weekday": ["mon", "WED"]})
    assert (one, hash(one)) == (other, hash(other))


def test_no_filter_is_the_empty_filter() -> None:
    assert parse_filter({}) == EventFilter()


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, {"drop"}), ("closed", {"closed"}), ("drop, reopened,closed", {"drop", "reopened", "closed"})],
)
def test_types_are_words_by_comma_and_drops_where_left_out(text: str | None, words: set[str]) -> None:
    assert parse_types(text) == words


@pytest.mark.parametrize("text", ["", "drops", "drop,,closed", "scan"])
def test_unknown_types_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="drop, reopened, closed are"):
        parse_types(text)


def test_a_stream_may_ask_for_scans_too() -> None:
    assert parse_types("drop,scan", also=("scan",)) == {"drop", "scan"}
