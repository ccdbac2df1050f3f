"""Draws a chart as SVG with matplotlib: the only module that imports it, in a process of its own."""

import io
import warnings
from collections.abc import Iterable
from datetime import date
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tablewire.pictures.charts import Chart

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
INK, PALE, LEAST = "#1b4b66", "#e8eef2", "#f5f5f5"
MINUTE = 60.0
TICKS = ((10, "10 s"), (60, "1 min"), (600, "10 min"), (3_600, "1 h"), (21_600, "6 h"), (86_400, "1 day"))
LONGEST_TITLE = 80
FEWEST_DAYS = 7
"""So wide is the axis at least: a single day would fill it with one bar."""
MOST_LABELS = 10
GOLDEN = 0.618034
"""Multiples of it, without their whole part, are spread evenly however many there are."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: any script, and smaller
    "svg.hashsalt": "tablewire",  # the same chart is the same bytes
    "text.parse_math": False,  # a name may have dollar signs
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
}


def draw(chart: Chart) -> bytes:
    """The chart as a whole SVG document."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the font lacks: the reader's font draws them
        figure = Figure(figsize=(9, 7.5), layout="constrained")
        drops, lasted, hours = figure.subplots(3, 1)
        figure.suptitle(_plain(chart.title), fontsize=12)
        _draw_drops(drops, chart)
        _draw_lasted(lasted, chart)
        _draw_hours(hours, chart)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": "Tablewire"})
        return out.getvalue()


def _draw_drops(axes: Axes, chart: Chart) -> None:
    counted = sum(day.drops or 0 for day in chart.days)
    axes.set_title(
        f"Drops a day: {counted:,} on days that were looked at; on shaded ones hardly anybody looked",
        loc="left",
    )
    axes.set_ylabel("drops")
    seen = {day.day: day.drops for day in chart.days if day.drops is not None}
    axes.bar(_places(seen), [*seen.values()], color=INK, width=0.8)
    for unseen in _places(day.day for day in chart.days if day.drops is None):
        axes.axvspan(unseen - 0.5, unseen + 0.5, color=PALE, linewidth=0)
    axes.set_ylim(0, max([*seen.values(), 1]) * 1.05)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    _show_span(axes, chart)


def _draw_lasted(axes: Axes, chart: Chart) -> None:
    shown = f"{chart.taken:,}"
    if len(chart.lasted) < chart.taken:
        shown = f"{len(chart.lasted):,} of {shown}, evenly taken"
    axes.set_title(f"How long tables lasted that were taken: a point each, {shown}", loc="left")
    axes.set_ylabel("lasted")
    seconds = [max(1.0, one.seconds) for one in chart.lasted]
    places = _places(one.day for one in chart.lasted)
    beside = [at + 0.6 * (number * GOLDEN % 1 - 0.5) for number, at in enumerate(places)]
    axes.scatter(beside, seconds, s=9, color=INK, alpha=0.4, linewidths=0)
    axes.set_yscale("log")
    axes.set_ylim(1, max([*seconds, 3_600.0]) * 1.5)
    axes.set_yticks([at for at, _ in TICKS], [text for _, text in TICKS])
    axes.minorticks_off()
    _show_span(axes, chart)


def _draw_hours(axes: Axes, chart: Chart) -> None:
    axes.set_title(
        f"Best hours: when tables drop ({_plain(chart.zone)}); grey: hardly anybody looked", loc="left"
    )
    axes.grid(visible=False)
    cells = [[float("nan") if cell is None else cell for cell in row] for row in chart.hours]
    colours = LinearSegmentedColormap.from_list("drops", [PALE, INK])
    colours.set_bad(LEAST)
    most = max((cell for row in chart.hours for cell in row if cell), default=1.0)
    shown = axes.pcolormesh(cells, cmap=colours, edgecolors="white", linewidth=0.5, vmin=0, vmax=most)
    axes.set_yticks([row + 0.5 for row in range(7)], WEEKDAYS)
    axes.set_xticks(range(0, 25, 3), [f"{hour:02}:00" for hour in range(0, 25, 3)])
    axes.invert_yaxis()
    figure = axes.get_figure()
    assert figure is not None
    scale = figure.colorbar(shown, ax=axes, aspect=12)
    scale.set_label("drops for each hour\nthat a venue was looked at", labelpad=8)


def _show_span(axes: Axes, chart: Chart) -> None:
    days = [day.day for day in chart.days]
    # The last day always has its name, and none has one that is not of the chart.
    named = days[:: -(len(days) // MOST_LABELS + 1)]
    axes.set_xticks(_places(named), [f"{day:%b %-d}" for day in named])
    if days:
        first, last = _places((days[0], days[-1]))
        axes.set_xlim(min(first, last - FEWEST_DAYS + 1) - 0.7, last + 0.7)


def _places(days: Iterable[date]) -> list[int]:
    return [day.toordinal() for day in days]


def _plain(text: str) -> str:
    """A text from outside as XML may have it, and no longer than fits."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return shown if len(shown) <= LONGEST_TITLE else f"{shown[: LONGEST_TITLE - 1]}…"
