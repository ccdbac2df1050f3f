"""Charts as SVG, drawn in a process of their own."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

import tablewire.pictures
from tablewire.errors import NotDrawn
from tablewire.pictures.artist import Artist
from tablewire.pictures.charts import Chart, Day, Lasted
from tests.insights_days import MONDAY

HOSTILE = 'Chez <script>alert(1)</script> $x^ & "東京" \x1b\x0b'
CHART = Chart(
    title=HOSTILE,
    zone="America/New_York",
    days=tuple(Day(MONDAY + timedelta(days=ahead), None if ahead == 2 else ahead) for ahead in range(5)),
    lasted=(Lasted(MONDAY, 142.0), Lasted(MONDAY, 0.0)),
    taken=2,
    hours=tuple(tuple(None if hour < 6 else hour / 10 for hour in range(24)) for _ in range(7)),
)
NOTHING = Chart(title="", zone="UTC", days=(), lasted=(), taken=0, hours=((None,) * 24,) * 7)


SOURCES = str(Path(tablewire.pictures.__file__).parents[2])
DRAWN_HERE = (
    f"import sys; sys.path.insert(0, {SOURCES!r}); from tablewire.pictures.drawer import main; main()"
)
"""The process has to draw with what is tested, wherever that lies."""


def artist() -> Artist:
    return Artist((sys.executable, "-I", "-c", DRAWN_HERE))


async def test_a_name_from_outside_is_text_and_nothing_else() -> None:
    picture = await artist().draw(CHART)
    tree = ET.fromstring(picture)  # noqa: S314 - our own
    assert {part.tag.rpartition("}")[2] for part in tree.iter()}.isdisjoint({"script", "foreignObject", "a"})
    texts = [part.text for part in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert any('Chez <script>alert(1)</script> $x^ & "東京"' in (text or "") for text in texts)


async def test_a_venue_of_which_nothing_is_known_has_an_empty_chart() -> None:
    assert ET.fromstring(await artist().draw(NOTHING)).tag.endswith("svg")  # noqa: S314 - our own


async def test_the_installed_package_draws_wherever_the_service_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tablewire.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert ET.fromstring(await Artist().draw(NOTHING)).tag.endswith("svg")  # noqa: S314 - our own


async def test_the_chart_says_how_many_tables_it_is_of() -> None:
    texts = ET.fromstring(await artist().draw(CHART)).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 - our own
    shown = {text.text for text in texts}
    assert "Drops a day: 8 on days that were looked at; on shaded ones hardly anybody looked" in shown
    assert "How long tables lasted that were taken: a point each, 2" in shown
    assert {"drops", "lasted", "Feb 16", "Feb 20"} <= shown


async def test_the_last_day_is_named_and_none_that_is_not_in_the_chart() -> None:
    chart = msgspec.structs.replace(CHART, days=CHART.days[:4], lasted=())
    texts = ET.fromstring(await artist().draw(chart)).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 - our own
    named = [text.text for text in texts if re.fullmatch(r"[A-Z][a-z]{2} \d+", text.text or "")]
    assert named == ["Feb 19", "Feb 18", "Feb 17", "Feb 16"] * 2


async def test_a_picture_is_not_drawn_again_while_its_numbers_are_the_same() -> None:
    drawer = Artist((sys.executable, "-c", "import os; print(os.getpid())"))
    other = msgspec.structs.replace(CHART, title="another")
    first = await drawer.draw(CHART)
    assert await drawer.draw(CHART) == first
    assert await drawer.draw(other) != first


async def test_a_process_that_fails_is_an_error_with_a_name() -> None:
    with pytest.raises(NotDrawn):
        await Artist((sys.executable, "-c", "raise SystemExit(1)")).draw(CHART)
