"""The checks can fail: what is broken on purpose is found by few seeds."""

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.running import run

QUICK = (
    "events are announced before they are stored",
    "soft blocks close",
    "a pair's third look announces nothing",
    "memory is not read again after a conflict",
)
"""Those that the very first world finds."""


@pytest.mark.parametrize("bug", QUICK)
def test_the_first_seed_finds_it_where(bug: str) -> None:
    with BUGS[bug]():
        assert run(0).wrong


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("bug", BUGS)
def test_one_of_200_seeds_finds_it_where(bug: str, capsys: pytest.CaptureFixture[str]) -> None:
    with BUGS[bug]():
        found = next((outcome for seed in range(200) if (outcome := run(seed)).wrong), None)
    assert found is not None
    with capsys.disabled():
        print(f"\n| {bug} | {found.seed} | {found.wrong[0][:120]} |", end="")  # noqa: T201 - the record is the point
