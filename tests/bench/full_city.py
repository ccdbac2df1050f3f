"""Both providers at full size, at three budgets: what users feel, against the truth, and what it costs. `python -m tests.bench.full_city`."""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from tablewire.telemetry import configure_logging
from tests.bench.city_plot import draw
from tests.bench.city_table import Detection, costs_table, depths_table, detection_table
from tests.bench.figures import say
from tests.bench.live_city import Cost, Load, measure
from tests.integration.detection.checker import check
from tests.integration.detection.schedules import every_fault
from tests.integration.detection.virtual_time import run_virtual
from tests.integration.detection.world import Run, Schedule, play

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
PICTURE = PAGE.parent / "images" / "full-city.svg"
BEGIN, END = "<!-- full city: written by make city -->", "<!-- /full city -->"
SIZES = {"resy": 2700, "opentable": 1500}
HOURS = {2.0: 2.0, 5.0: 1.5, 20.0: 0.75}
"""Simulated hours at each budget (calls a second to each provider): several passes over everything."""
QUIET = {2.0: 70, 5.0: 30, 20.0: 8}
"""Cycles without faults at the end, in which every page is asked for again: memory has to be what was served then."""
WARM_UP = {2.0: 1080.0, 5.0: 480.0, 20.0: 240.0}
"""Real seconds until costs are measured, at most: a pass over everything."""


class Results(msgspec.Struct):
    """What has been found so far: the halves, and the budgets, may be run apart."""

    detections: list[Detection] = []
    costs: list[Cost] = []

    def add(self, detections: Iterable[Detection], costs: Iterable[Cost]) -> None:
        """Take over what is new; it takes the place of what was found before at the same budget."""
        found = {(one.rate, one.provider): one for one in (*self.detections, *detections)}
        paid = {one.rate: one for one in (*self.costs, *costs)}
        self.detections = [found[key] for key in sorted(found, key=lambda key: (key[0], key[1] != "resy"))]
        self.costs = [paid[rate] for rate in sorted(paid)]


def main() -> int:
    """Run both halves, print the tables, and write them into the page where that is wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.full_city", description=__doc__)
    parser.add_argument(
        "--write", action="store_true", help=f"write the tables to {PAGE.name} and the plot beside it"
    )
    parser.add_argument("--only", choices=("detection", "costs", "nothing"), help="one half of it, or none")
    parser.add_argument("--rates", default="2,5,20", help="budgets, in calls a second to each provider")
    parser.add_argument("--keep", type=Path, help="a file in which results are kept from run to run")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the venues and of the hours, for a short look"
    )
    wanted = parser.parse_args()
    rates = [float(rate) for rate in wanted.rates.split(",")]
    results = Results()
    if wanted.keep is not None and wanted.keep.exists():
        results = msgspec.json.decode(wanted.keep.read_bytes(), type=Results)
    if wanted.only in (None, "detection"):
        with ProcessPoolExecutor(2) as pool:
            for found in pool.map(detect, rates, [wanted.share] * len(rates)):
                results.add(found, ())
    if wanted.only in (None, "costs"):
        for rate in rates:
            results.add((), [_cost(rate, wanted.share)])
    for table in (
        detection_table(results.detections),
        depths_table(results.detections),
        costs_table(results.costs),
    ):
        say(f"{table}\n")
    wrong = [line for one in results.detections for line in one.wrong]
    for line in wrong[:50]:
        say(line)
    if wanted.keep is not None:
        before = (
            msgspec.json.decode(wanted.keep.read_bytes(), type=Results) if wanted.keep.exists() else Results()
        )
        before.add(results.detections, results.costs)
        wanted.keep.write_bytes(msgspec.json.encode(before))
    if wanted.write:
        _write(results)
    return 1 if wrong else 0


def detect(rate: float, share: float) -> list[Detection]:
    """The engine and the city in one process, on simulated time, with a tenth of all calls struck; held against the truth."""
    configure_logging("console", "error")
    schedule = Schedule(
        seed=round(1000 + rate),
        venues=round(SIZES["resy"] * share),
        opentable_venues=round(SIZES["opentable"] * share),
        days=14,
        cycles=QUIET[rate] + max(20, round(HOURS[rate] * share * 120)),
        speed=1.0,
        rate=rate,
        faults=every_fault(),
        in_process=True,
        sample_every=60.0,
        quiet_end=QUIET[rate],
    )
    run = run_virtual(lambda loop: play(loop, schedule))
    return [_detection(run, rate, provider) for provider in SIZES]


def _detection(run: Run, rate: float, provider: str) -> Detection:
    verdict = check(run, provider)
    return Detection(
        rate=rate,
        provider=provider,
        openings=verdict.openings,
        closings=verdict.closings,
        precision=verdict.precision,
        repeats=verdict.repeats,
        false_closings=verdict.false_closings,
        missed=verdict.missed_twice,
        served_twice=verdict.served_twice,
        p50=verdict.delay(50),
        p95=verdict.delay(95),
        found=verdict.found,
        samples=run.of(provider).samples,
        calls=verdict.calls,
        struck=verdict.faults.total(),
        seconds=run.ended - run.schedule.start.timestamp(),
        wrong=[f"{rate:g}/s, {provider}: {line}" for line in verdict.faults_found],
    )


def _cost(rate: float, share: float) -> Cost:
    load = Load(
        rate=rate,
        warm_up=WARM_UP[rate],
        resy_venues=round(SIZES["resy"] * share),
        opentable_venues=round(SIZES["opentable"] * share),
    )
    with tempfile.TemporaryDirectory(prefix="tw-", dir="/tmp") as folder:
        return measure(load, Path(folder))


def _write(results: Results) -> None:
    """Put the tables between the page's marks, and the picture beside it."""
    if not results.detections or not results.costs:
        raise SystemExit("--write wants both halves")
    draw(results.detections, PICTURE)
    tables = [
        detection_table(results.detections),
        depths_table(results.detections),
        costs_table(results.costs),
    ]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    picture = f"![Delay and coverage at each budget](images/{PICTURE.name})"
    block = "\n\n".join([*tables, picture])
    PAGE.write_text(f"{before}{BEGIN}\n{block}\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
