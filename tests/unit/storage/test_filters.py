import pytest

from tablewire.domain.filters import EventFilter, Op, Term, parse_filter
from tablewire.storage.filters import Where


def clause(query: dict[str, list[str]]) -> tuple[str, list[object]]:
    where = Where()
    where.add_filter(parse_filter(query))
    return where.sql, where.parameters


def test_no_condition_is_no_clause() -> None:
    assert Where().sql == ""


def test_conditions_are_joined_and_their_values_numbered() -> None:
    where = Where()
    where.add("id > {}", 7)
    where.add("(slot_time >= {} OR slot_time <= {})", "a", "b")
    assert (where.sql, where.parameters) == (
        "WHERE id > $1 AND (slot_time >= $2 OR slot_time <= $3)",
        [7, "a", "b"],
    )


def test_a_value_never_comes_into_the_statement() -> None:
    sql, parameters = clause({"venue_id": ["'; DROP TABLE venues; --"]})
    assert ("DROP" in sql, parameters) == (False, [["'; DROP TABLE venues; --"]])


def test_wildcards_of_like_are_taken_literally() -> None:
    where = Where()
    where.add_filter(EventFilter((Term("venue_name", Op.CONTAINS, ("a%b_c\\d",)),)))
    assert where.parameters == [["%a\\%b\\_c\\\\d%"]]


def test_a_name_is_compared_by_its_key() -> None:
    assert clause({"venue": ["Café"]}) == ("WHERE name_key LIKE ANY ($1::text[])", [["%cafe%"]])


def test_all_types_need_no_condition() -> None:
    where = Where()
    where.add_types({"drop", "reopened", "closed"})
    assert where.sql == ""


def test_a_field_that_cannot_be_filtered_on_is_refused() -> None:
    with pytest.raises(ValueError, match="no filter on 'id; --'"):
        Where().add_filter(EventFilter((Term("id; --", Op.ANY, ("x",)),)))
