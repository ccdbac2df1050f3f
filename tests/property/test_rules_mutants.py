"""The test of the tests: wrong rules do not get past the generated histories."""

from pathlib import Path

import pytest

from tests.property.mutants import DETECTED, MUTANTS, Mutant, write
from tests.property.nursery import Nursery


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_wrong_rule_is_found(nursery: Nursery, mutant: Mutant, tmp_path: Path) -> None:
    write(tmp_path, mutant)
    status, said = nursery.tries(tmp_path)
    assert status == DETECTED, f"{mutant.name} was not found:\n{said}"
    assert f"rules from {tmp_path}" in said, "the copy was not what was run"
