"""A market's report as one page that needs nothing else: a table, and charts as inline SVG."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

import msgspec

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: right; padding: .25rem .5rem; border-bottom: 1px solid #ddd }}
th:first-child, td:first-child {{ text-align: left }}
svg {{ max-width: 100%; height: auto }}
</style></head><body>
"""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One venue of the table; null where there is no figure."""

    name: str
    neighborhood: str | None
    scarcity: float | None
    drops_per_day: float | None
    median_seconds: float | None
    samples: int


def page(
    market: str, at: datetime, lines: Sequence[Line], charts: Sequence[bytes], *, demo: bool = False
) -> bytes:
    """The whole page; `charts` are SVG documents of our own."""
    title = f"Restaurant tables of {market}"
    parts = [
        HEAD.format(title=escape(title)),
        f"<h1>{escape(title)}</h1><p>Made {at:%Y-%m-%d %H:%M} UTC. Every figure is null, shown as –, without samples.</p>",
        "<p><strong>Demo data: nothing here is real.</strong></p>" if demo else "",
        "<h2>The hardest tables</h2>",
        _table(lines) if lines else "<p>No venue has figures yet: tablewire metrics refresh</p>",
        *(f"<figure>{_inline(chart)}</figure>" for chart in charts),
        "</body></html>\n",
    ]
    return "\n".join(parts).encode()


def _table(lines: Sequence[Line]) -> str:
    heads = ("venue", "scarcity", "drops a day", "median lasts", "days")
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(line))}</tr>\n" for line in lines)
    return f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>\n{rows}</table>"


def _cells(line: Line) -> tuple[str, ...]:
    place = f", {line.neighborhood}" if line.neighborhood else ""
    return (
        escape(f"{line.name}{place}"),
        _number(line.scarcity, ".0f"),
        _number(line.drops_per_day, ".1f"),
        _lasting(line.median_seconds),
        str(line.samples),
    )


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _lasting(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _inline(svg: bytes) -> str:
    """An SVG document without what only a file of its own has."""
    text = svg.decode()
    return text[text.index("<svg") :]
