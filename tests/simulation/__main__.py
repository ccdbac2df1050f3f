"""`python -m tests.simulation`: plays one seed or many, and says what is wrong."""

import argparse
import sys
import time

from tests.simulation.audit import audit
from tests.simulation.running import Total, complaint, run_many
from tests.simulation.scenario import draw
from tests.simulation.trace import lines, mark_of
from tests.simulation.world import play

_SHOWN_EVERY = 500


def main() -> int:
    """Answer 1 where anything is wrong."""
    wanted = _arguments().parse_args()
    if wanted.seed is not None:
        return _play_one(wanted.seed, trace=wanted.trace, about=wanted.about)
    begin, _, end = wanted.seeds.partition("-")
    return _play_many(range(int(begin), int(end)), wanted.workers)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=int, help="play one seed")
    which.add_argument("--seeds", metavar="BEGIN-END", help="play the seeds from BEGIN to before END")
    parser.add_argument("--workers", type=int, default=1, help="processes that play seeds side by side")
    parser.add_argument("--trace", action="store_true", help="with --seed: tell all that happened")
    parser.add_argument("--about", default="", metavar="VENUE_ID", help="with --trace: of this venue only")
    return parser


def _play_one(seed: int, *, trace: bool, about: str) -> int:
    played = play(draw(seed))
    if trace:
        for line in lines(played, about):
            _say(line)
    wrong = audit(played)
    for sentence in wrong:
        _say(f"WRONG: {sentence}")
    _say(
        f"seed {seed}: {len(wrong) or 'nothing'} wrong; {played.ended / 3600:.1f} h simulated; mark {mark_of(played)}"
    )
    return 1 if wrong else 0


def _play_many(seeds: range, workers: int) -> int:
    began, total = time.perf_counter(), Total()
    for outcome in run_many(seeds, workers):
        total.add(outcome)
        if outcome.wrong:
            _say(complaint([outcome]))
        if total.seeds % _SHOWN_EVERY == 0:
            _say(f"... {total.seeds} of {len(seeds)}, {len(total.failed)} failed")
    _say(total.told(time.perf_counter() - began))
    return 1 if total.failed else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
