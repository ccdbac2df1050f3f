"""The checks can fail: what is broken on purpose is found by few seeds."""

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.running import run

QUICK = {
    "events are announced before they are stored": 0,
    "soft blocks close": 0,
    "a pair's third look announces nothing": 0,
    "memory is not read again after a conflict": 2,
}
"""Those that one of the very first worlds finds, and which."""


@pytest.mark.parametrize("bug", QUICK)
def test_one_of_the_first_seeds_finds_it_where(bug: str) -> None:
    with BUGS[bug]():
        assert run(QUICK[bug]).wrong


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("bug", BUGS)
def test_one_of_200_seeds_finds_it_where(bug: str, capsys: pytest.CaptureFixture[str]) -> None:
    with BUGS[bug]():
        found = next((outcome for seed in range(200) if (outcome := run(seed)).wrong), None)
    assert found is not None
    with capsys.disabled():
        print(f"\n| {bug} | {found.seed} | {found.wrong[0][:120]} |", end="")  # noqa: T201 - the record is the point
