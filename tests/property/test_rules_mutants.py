"""The test of the tests: wrong rules do not get past the generated histories."""

from pathlib import Path

import pytest

from tests.property.mutants import DETECTED, MUTANTS, Mutant, detect, write


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_wrong_rule_is_found(mutant: Mutant, tmp_path: Path) -> None:
    write(tmp_path, mutant)
    outcome = detect(tmp_path)
    assert outcome.returncode == DETECTED, f"{mutant.name} was not found:\n{outcome.stdout}{outcome.stderr}"
    assert f"rules from {tmp_path}" in outcome.stdout, "the copy was not what was run"
