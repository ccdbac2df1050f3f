"""A market's report as a page."""

from datetime import UTC, datetime

import msgspec

from tablewire.pictures.page import Heading, Line, page

OF = Heading(
    market="nyc",
    zone="America/New_York",
    at=datetime(2026, 2, 18, 12, tzinfo=UTC),
    ranked_days=14,
    chart_days=30,
)
SVG = b'<?xml version="1.0"?><!DOCTYPE svg><svg><g/></svg>'


def line(name: str) -> Line:
    return Line(
        name=name,
        provider="resy",
        neighborhood="<b>",
        scarcity=88.4,
        drops_per_day=1.5,
        drops=21,
        median_seconds=142.0,
        median_low=95.0,
        median_high=None,
        median_samples=1_020,
        observed_days=13.5,
        days=14,
    )


def test_names_from_outside_are_escaped_and_charts_stand_in_the_page() -> None:
    text = page(OF, [line("<script>x</script>")], [SVG, SVG]).decode()
    assert "<script" not in text
    assert "&lt;script&gt;x&lt;/script&gt;<small>&lt;b&gt;, resy</small>" in text
    assert text.count("<figure><svg><g/></svg></figure>") == 2


def test_figures_come_with_their_samples_and_intervals() -> None:
    text = page(OF, [line("Chez V")], []).decode()
    assert "<td>88</td><td>1.5<small>21</small></td>" in text
    assert "<td>2 min<small>95 s to –, 1,020</small></td><td>13.5 days<small>14</small></td>" in text


def test_the_page_says_what_it_is_of() -> None:
    text = page(OF, [], [SVG]).decode()
    assert "Wednesday, 18 February 2026, 12:00; all times are those of America/New_York" in text
    assert "hardest tables of the last 14 days" in text
    assert "The last 30 days" in text
    assert "one by one" not in text
    assert "No venue has enough samples yet" in text


def test_the_page_needs_nothing_else() -> None:
    text = page(OF, [line("Chez V")], [SVG]).decode()
    assert "default-src 'none'" in text
    assert [part for part in ("<script", "<link", "http:", "https:", "@import", "url(") if part in text] == []


def test_demo_data_says_that_it_is() -> None:
    assert b"nothing here is real" in page(msgspec.structs.replace(OF, demo=True), [], [])
    assert b"nothing here is real" not in page(OF, [], [])
