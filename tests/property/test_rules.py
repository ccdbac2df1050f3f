"""The rules of discovery hold in generated histories of a tiny city."""

import os

import pytest

from tests.property.rules_machine import RulesMachine, run

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


SOAKS = os.environ.get("TABLEWIRE_SOAK") == "1"
"""Whether to run thousands of new histories rather than some hundred fixed ones."""


@pytest.mark.timeout(0 if SOAKS else 120)
def test_generated_histories_keep_to_the_rules() -> None:
    RulesMachine.reached.clear()
    run(5_000 if SOAKS else 400, 50 if SOAKS else 30, fixed=not SOAKS)
    missing = MUST_BE_REACHED - set(RulesMachine.reached)
    assert not missing, f"no history came to {sorted(missing)}"


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_thousands_of_histories_keep_to_the_rules() -> None:
    run(20_000, 50, fixed=False)
