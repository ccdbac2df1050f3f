"""A market's report as a page."""

from datetime import UTC, datetime

from tablewire.pictures.page import Line, page

AT = datetime(2026, 2, 18, 12, tzinfo=UTC)
SVG = b'<?xml version="1.0"?><!DOCTYPE svg><svg><g/></svg>'


def line(name: str) -> Line:
    return Line(
        name=name, neighborhood="<b>", scarcity=88.4, drops_per_day=1.5, median_seconds=None, samples=14
    )


def test_names_from_outside_are_escaped_and_charts_stand_in_the_page() -> None:
    text = page("nyc", AT, [line("<script>x</script>")], [SVG]).decode()
    assert "<script" not in text
    assert "&lt;script&gt;x&lt;/script&gt;, &lt;b&gt;" in text
    assert "<figure><svg><g/></svg></figure>" in text
    assert "<td>88</td><td>1.5</td><td>–</td><td>14</td>" in text


def test_demo_data_says_that_it_is() -> None:
    assert b"nothing here is real" in page("nyc", AT, [], [], demo=True)
    assert b"nothing here is real" not in page("nyc", AT, [], [])
