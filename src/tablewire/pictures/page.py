"""A market's report as one page that needs nothing else: a table, and charts as inline SVG."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

import msgspec

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #222; --soft: #666; --line: #ddd; --paper: #fff }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e4e4e4; --soft: #a5a5a5; --line: #3c3c3c; --paper: #161616 }} }}
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: var(--ink); background: var(--paper) }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: right; padding: .25rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top }}
th:nth-child(2), td:nth-child(2) {{ text-align: left }}
small {{ display: block; color: var(--soft) }}
th {{ font-weight: 600 }}
figure {{ margin: 1.5rem 0; padding: .5rem; background: #fff; border: 1px solid var(--line); border-radius: 6px;
  break-inside: avoid }}
svg {{ display: block; max-width: 100%; height: auto }}
</style></head><body>
"""

EXPLAINED = (
    "<p><small>Scarcity: 100 is a table that never is to be had; it is of how much prime time was booked, how seldom prime tables drop, "
    "and how short they last. Median lasts: half of the tables that dropped were gone after so long, with its 95% interval; those that "
    "are still open, or expired, count with the time that is known of them. Looked at: time that was observed, in days of 24 hours, "
    "and on how many days. – is: not known.</small></p>"
)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One venue of the table; null where there is no figure."""

    name: str
    provider: str
    neighborhood: str | None
    scarcity: float | None
    drops_per_day: float | None
    drops: int
    median_seconds: float | None
    median_low: float | None
    median_high: float | None
    median_samples: int
    observed_days: float
    days: int


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What the page is of."""

    market: str
    zone: str
    at: datetime
    """Local to the market."""
    ranked_days: int
    """The window of the table."""
    chart_days: int
    """That of the charts."""
    demo: bool = False


def page(of: Heading, lines: Sequence[Line], charts: Sequence[bytes]) -> bytes:
    """The whole page; `charts` are SVG documents of our own, the market's first."""
    title = f"Restaurant tables in {of.market}"
    market, *venues = charts or [b""]
    parts = [
        HEAD.format(title=escape(title)),
        f"<h1>{escape(title)}</h1>",
        f"<p>Made {of.at:%A, %-d %B %Y, %H:%M}; all times are those of {escape(of.zone)}.</p>",
        "<p><strong>Demo data: nothing here is real.</strong></p>" if of.demo else "",
        f"<h2>The hardest tables of the last {of.ranked_days} days</h2>",
        f"{_table(lines)}{EXPLAINED}" if lines else _nothing(),
        f"<h2>The last {of.chart_days} days</h2>",
        *_figures([market] if market else []),
        "<h3>The hardest of them, one by one</h3>" if venues else "",
        *_figures(venues),
        "</body></html>\n",
    ]
    return "\n".join(part for part in parts if part).encode()


def _nothing() -> str:
    return (
        "<p>No venue has enough samples yet: a venue is listed once it was looked at for an hour. "
        "What is new is figured every hour, or by <code>tablewire metrics refresh</code>.</p>"
    )


def _table(lines: Sequence[Line]) -> str:
    heads = (
        "",
        "Venue",
        "Scarcity<small>0 to 100</small>",
        "Drops a day<small>drops in all</small>",
        "Median lasts<small>95% interval, tables</small>",
        "Looked at<small>on days</small>",
    )
    rows = "".join(
        f"<tr>{''.join(f'<td>{cell}</td>' for cell in (str(rank), *_cells(line)))}</tr>\n"
        for rank, line in enumerate(lines, start=1)
    )
    head = "".join(f"<th>{head}</th>" for head in heads)
    return f'<div class="wide"><table><tr>{head}</tr>\n{rows}</table></div>'


def _cells(line: Line) -> tuple[str, ...]:
    place = ", ".join(part for part in (line.neighborhood, line.provider) if part)
    interval = f"{_lasting(line.median_low)} to {_lasting(line.median_high)}, {line.median_samples:,}"
    return (
        f"{escape(line.name)}<small>{escape(place)}</small>",
        _number(line.scarcity, ".0f"),
        f"{_number(line.drops_per_day, '.1f')}<small>{line.drops:,}</small>",
        f"{_lasting(line.median_seconds)}<small>{interval}</small>",
        f"{line.observed_days:.1f} days<small>{line.days}</small>",
    )


def _figures(charts: Sequence[bytes]) -> list[str]:
    return [f"<figure>{_inline(chart)}</figure>" for chart in charts]


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _lasting(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


def _inline(svg: bytes) -> str:
    """An SVG document without what only a file of its own has."""
    text = svg.decode()
    return text[text.index("<svg") :]
