"""Adornments: fields whose loss costs no answer, but is to be known."""

from typing import Any

import msgspec
import pytest

from tablewire.providers.drift import Flaw
from tablewire.providers.resy.adornments import WITH_TABLES, of_hit, of_table
from tablewire.providers.resy.wire import Slot, Template, decode_hit
from tests.unit.providers.resy_pages import hit, slot, template


def flaws_of_hit(**changes: Any) -> tuple[tuple[str, Flaw], ...]:
    return of_hit(decode_hit(msgspec.Raw(msgspec.json.encode(hit(1, **changes)))))


def flaws_of_table(table: dict[str, Any], terms: Any) -> set[tuple[str, str]]:
    found = of_table(
        msgspec.convert(table, Slot), None if terms is None else msgspec.convert(terms, Template)
    )
    assert {sort for sort, _ in found} <= {WITH_TABLES}
    return {(flaw.field, flaw.fault) for _, flaw in found}


def test_a_hit_that_has_all_of_them_has_no_flaw() -> None:
    assert flaws_of_hit() == ()


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"cuisine": "Noodles"}, Flaw("cuisine", "str instead of array")),
        ({"price_range_id": None}, Flaw("price_range_id", "missing")),
        ({"location": {}}, Flaw("location.url_slug", "missing")),
        ({"url_slug": {"a": 1}}, Flaw("url_slug", "object instead of str")),
        ({"_geoloc": {"lat": 40.7}}, Flaw("_geoloc.lng", "missing")),
    ],
)
def test_what_a_hit_lacks_is_named_as_the_wire_writes_it(changes: dict[str, Any], flaw: Flaw) -> None:
    assert flaws_of_hit(**changes) == (("hits", flaw),)


def test_a_table_that_has_all_of_them_has_no_flaw() -> None:
    assert flaws_of_table(slot("19:00:00"), template()) == set()


def test_what_a_table_lacks_is_named() -> None:
    bare = slot("19:00:00", config={"type": 7}, shift=None)
    assert flaws_of_table(bare, None) == {
        ("config.type", "int instead of str"),
        ("shift.day", "missing"),
        ("template", "missing"),
        ("template.reservation_config", "missing"),
    }
