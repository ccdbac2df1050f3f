"""The rules of discovery hold in generated histories of a tiny city."""

from pathlib import Path

import pytest

from tests.property.mutants import write
from tests.property.nursery import Nursery
from tests.property.rules_machine import run

MUST_BE_REACHED = {
    "after_gap expired",
    "after_gap opens silently",
    "after_gap taken",
    "baseline expired",
    "baseline taken",
    "baseline vanished",
    "baseline withdrawn",
    "drop expired",
    "drop opens",
    "drop taken",
    "drop vanished",
    "drop withdrawn",
    "duration within its bounds",
    "fooled by a first empty page",
    "held, then confirmed",
    "lie",
    "recalled",
    "reopened opens",
    "reopened taken",
    "restart",
    "settings narrowed",
}
"""Histories that never come to these would prove little."""


def test_the_histories_that_find_wrong_rules_keep_to_the_right_ones(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, None)
    status, said = nursery.tries(tmp_path, shrinks=True)
    assert status == 0, said
    assert f"rules from {tmp_path}" in said, "the copy was not what was run"
    missing = MUST_BE_REACHED - set(said.replace("came to: ", "").splitlines())
    assert not missing, f"no history came to {sorted(missing)}"


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_thousands_of_histories_keep_to_the_rules() -> None:
    run(20_000, 50, fixed=False)
