"""Runs the benchmarks: `python -m tests.bench [--full] [NAME…]`."""

import argparse
import importlib
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.bench.figures import Bench, Figure, fail_line, say

SUBJECTS = (
    "fanout",
    "polling",
    "storing",
    "feeds",
    "end_to_end",
    "whole",
    "sweeps",
    "matching",
    "telling",
    "insights",
)


def main() -> int:
    """Run them; answers the exit code: 1 only where one could not be run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="at full size, with more pairs")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of: {', '.join(SUBJECTS)}")
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(SUBJECTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are: {', '.join(SUBJECTS)}")
    figures: list[Figure] = []
    failed: list[str] = []
    for name in wanted.names or SUBJECTS:
        say(f"\n== {name}")
        began = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix="tw-", dir="/tmp"))
        bench = Bench(full=wanted.full, folder=folder)
        try:
            importlib.import_module(f"tests.bench.{name}").run(bench)
        except Exception as error:  # noqa: BLE001 - the edge: the others go on
            traceback.print_exc()
            failed.append(fail_line(name, error))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        figures += bench.figures
        say(f"   {time.monotonic() - began:.0f} s")
    say("")
    for line in [*(figure.line() for figure in figures), *failed]:
        say(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
