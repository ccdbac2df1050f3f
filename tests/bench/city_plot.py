"""The picture of a run over a whole city: how late openings are told, and how much is covered, at each budget."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.bench.city_table import Detection

_COLOURS = {2.0: "#c2410c", 5.0: "#0f766e", 20.0: "#1d4ed8"}
_LINES = {"resy": "-", "opentable": "--"}


def draw(found: Sequence[Detection], target: Path) -> None:
    """Write it as SVG; the same figures give the same bytes."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    late, covered = figure.subplots(1, 2)
    for one in found:
        label = f"{'Resy' if one.provider == 'resy' else 'OpenTable'}, {one.rate:g} calls/s"
        style = {"color": _COLOURS.get(one.rate), "linestyle": _LINES.get(one.provider), "label": label}
        seconds = sorted(each.seconds for each in one.found)
        late.plot(seconds, [(rank + 1) / len(seconds) for rank in range(len(seconds))], **style)
        minutes = [sample.at / 60 for sample in one.samples]
        covered.plot(
            minutes, [_share(sample.within_10_minutes, sample.pairs) for sample in one.samples], **style
        )
    late.set(
        xscale="log",
        xlabel="seconds from the true opening to clients",
        ylabel="share of openings told",
        title="How late openings are told",
    )
    covered.set(
        xlabel="minutes since the start",
        ylabel="share looked at within 10 minutes",
        ylim=(0, 1.03),
        title="Coverage of (venue, date, part of the day, party size)",
    )
    for axes in (late, covered):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    late.legend(fontsize=8, frameon=False)
    with mpl.rc_context({"svg.hashsalt": "full city"}):
        figure.savefig(target, format="svg", metadata={"Date": None})


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
