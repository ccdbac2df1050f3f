"""Query strings, read strictly."""

from datetime import timedelta

import pytest

from tablewire.api.query import Query
from tablewire.errors import BadInput

DAY = timedelta(days=1)


def refused(query: Query) -> list[str]:
    with pytest.raises(BadInput) as error:
        query.check()
    return [wrong.field for wrong in error.value.fields]


def test_an_unknown_parameter_is_named() -> None:
    assert refused(Query(b"limt=5&x=1", ("limit",))) == ["limt", "x"]


def test_filters_are_unknown_where_there_are_none() -> None:
    assert refused(Query(b"market=nyc", ("limit",))) == ["market"]


def test_everything_wrong_is_named_at_once() -> None:
    query = Query(b"nope=1&limit=0&party_size=99", ("limit",), filters=True)
    query.filter()
    query.whole("limit", 50, 1, 500)
    assert refused(query) == ["nope", "party_size", "limit"]


@pytest.mark.parametrize("text", ["0", "501", "-1", "1.5", "", "x", "٣", "1e2", "+5"])
def test_a_number_out_of_bounds_is_refused(text: str) -> None:
    from urllib.parse import quote

    query = Query(f"limit={quote(text)}".encode(), ("limit",))
    query.whole("limit", 50, 1, 500)
    assert refused(query) == ["limit"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("10m", 600), ("1h", 3600), ("1.5h", 5400), ("20", 20)]
)
def test_durations_are_read(text: str, seconds: int) -> None:
    found = Query(f"within={text}".encode(), ("within",)).duration("within", None, DAY)
    assert found == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["0s", "2d", "-5s", "s", "10 m", "1h30m", "nan"])
def test_a_duration_that_is_none_or_too_long_is_refused(text: str) -> None:
    query = Query(b"within=" + text.replace(" ", "%20").encode(), ("within",))
    query.duration("within", None, DAY)
    assert refused(query) == ["within"]


def test_a_parameter_given_twice_is_refused_where_it_can_be_given_once() -> None:
    query = Query(b"since=1&since=2", ("since",))
    query.text("since")
    assert refused(query) == ["since"]


def read_a(raw: bytes) -> None:
    query = Query(raw, ("a",))
    query.text("a")
    query.check()


@pytest.mark.parametrize("raw", [b"a=%ff", b"a=%00", "a=é".encode("latin-1")])
def test_what_is_no_text_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput):
        read_a(raw)


def test_a_query_string_is_bounded() -> None:
    with pytest.raises(BadInput):
        Query(b"a=" + b"x" * 9_000, ("a",))
    with pytest.raises(BadInput):
        Query(b"&".join([b"a=1"] * 300), ("a",))


def test_words_are_of_a_closed_set() -> None:
    assert Query(b"include=gap,baseline", ("include",)).words("include", ("gap", "baseline")) == frozenset(
        {"gap", "baseline"}
    )
    query = Query(b"include=gap,all", ("include",))
    query.words("include", ("gap", "baseline"))
    assert refused(query) == ["include"]


def test_a_flag_is_true_or_false() -> None:
    assert Query(b"live=true", ("live",)).flag("live")
    assert not Query(b"", ("live",)).flag("live")
    query = Query(b"live=yes", ("live",))
    query.flag("live")
    assert refused(query) == ["live"]
