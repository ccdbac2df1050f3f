"""A process with the libraries of generated histories in it, which takes a copy of itself for each copy of the rules that is tried."""

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis.stateful  # noqa: F401 - it takes long to import; the rules are imported by each copy, from its own folder

ROOT = Path(__file__).parents[2]
EXAMPLES, STEPS = 400, 30
"""So many histories of so many steps are tried at most, the same for all; a right set of rules passes them all."""
LIMIT = 100
"""Seconds: a hang limit."""


class Nursery:
    """Tries copies of the rules, one after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def tries(self, folder: Path, *, shrinks: bool = False) -> tuple[int, str]:
        """Run the histories against the rules in a folder; answers the exit status, and what was said.

        `shrinks`: what is wrong is told by the shortest history that shows it, which takes long to find.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder}\t{shrinks:d}\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        return status, _said_in(folder).read_text()


@contextmanager
def a_nursery() -> Iterator[Nursery]:
    """A process of that kind, for as long as the block lasts."""
    with subprocess.Popen(
        [sys.executable, "-B", "-m", "tests.property.nursery"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Nursery(process)


def main() -> None:
    """Try the folder of each line, and answer with the exit status on a line."""
    for line in sys.stdin:
        folder, _, shrinks = line.rstrip("\n").partition("\t")
        child = os.fork()
        if child == 0:
            _try(Path(folder), shrinks=shrinks == "1")
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _try(folder: Path, *, shrinks: bool) -> None:
    signal.alarm(LIMIT)
    with _said_in(folder).open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    sys.path.insert(0, str(folder))
    try:
        from tests.property import rules_machine

        status = rules_machine.main(EXAMPLES, STEPS, shrinks=shrinks)
    except Exception:  # noqa: BLE001 - whatever it is, the copy ends here and not in the loop of its parent
        traceback.print_exc(file=sys.stdout)
        status = 1
    sys.stdout.flush()
    os._exit(status)


def _said_in(folder: Path) -> Path:
    return folder / "said.txt"


if __name__ == "__main__":
    main()
