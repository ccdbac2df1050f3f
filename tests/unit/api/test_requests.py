"""Bodies, read strictly."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from tablewire.api.requests import read_body
from tablewire.errors import BadInput


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=5)]
    size: Annotated[int, msgspec.Meta(ge=1, le=20)] = 2


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mode: Literal["one", "many"]
    parts: list[Part] = []
    day: date | None = None
    best: Part | None = None
    color: Color | msgspec.UnsetType = msgspec.UNSET
    extra: dict[str, Any] = {}


def refused(text: str | bytes, kind: Any = Body) -> dict[str, str]:
    with pytest.raises(BadInput) as error:
        read_body(text.encode() if isinstance(text, str) else text, kind)
    return {wrong.field: wrong.message for wrong in error.value.fields}


def test_a_good_body_is_read() -> None:
    body = read_body(b'{"mode":"one","parts":[{"name":"a"}],"day":"2026-02-18","color":"red"}', Body)
    assert body == Body(mode="one", parts=[Part("a")], day=date(2026, 2, 18), color=Color.RED)


def test_everything_wrong_is_named_at_once_with_its_place() -> None:
    found = refused(
        '{"nope":1,"parts":[{"name":"a","size":99},{"size":1}],"day":"soon","best":{"name":7},"color":"green"}'
    )
    assert set(found) == {"nope", "mode", "parts[0].size", "parts[1].name", "day", "best.name", "color"}
    assert found["mode"] == "it is missing"
    assert "there are: mode, parts" in found["nope"]


def test_a_word_of_a_closed_set_that_is_none_is_told_which_are() -> None:
    found = refused('{"mode":"two","color":"green"}')
    assert found["mode"].endswith("allowed: one, many")
    assert found["color"].endswith("allowed: red, blue")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b'{"mode":"one"}x',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"mode":1e999}',
        b'"\\ud800"',
    ],
)
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    assert list(refused(raw)) in (["body"], ["mode"])


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "1"])
def test_a_body_of_another_kind_is_refused(text: str) -> None:
    assert list(refused(text)) == ["body"]


def test_what_no_column_takes_is_refused_wherever_it_is() -> None:
    found = refused('{"mode":"one","extra":{"a":["x\\u0000"],"b":99999999999999999999,"c\\u0000":1}}')
    assert set(found) == {"extra.a[0]", "extra.b", "extra"}


def test_one_or_many_are_read_by_what_they_are() -> None:
    assert read_body(b'[{"name":"a"}]', list[Part] | Part) == [Part("a")]  # type: ignore[arg-type]  # a union
    one: Any = read_body(b'{"name":"a"}', list[Part] | Part)  # type: ignore[arg-type]  # a union
    assert one == Part("a")
    assert refused('[{"name":""}]', list[Part] | Part) == {"[0].name": "expected `str` of length >= 1"}


def test_only_so_many_errors_are_named() -> None:
    assert len(refused('{"mode":"one",' + ",".join(f'"x{n}":1' for n in range(500)) + "}")) == 50
