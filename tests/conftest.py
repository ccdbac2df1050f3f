"""What every test shares: how much hypothesis generates, and where the captured answers of providers are."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.database"]

CAPTURES = Path(__file__).parents[2] / "shared/fixtures"
"""Captured answers are reference beside the repository, not in it; where they are absent, tests of them are skipped."""

# No deadlines: a test is never timed. Drawn anew at each run, but in CI always the same, so that it fails only for a reason.
_shared = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("here", _shared, max_examples=60)
settings.register_profile("ci", _shared, max_examples=60, derandomize=True)
settings.register_profile("soak", _shared, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "here"))


def pytest_collection_finish() -> None:
    """What is there once all tests are known stays to the end: the collector does not look through it again and again."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture
def captures() -> Path:
    """The folder of captured answers; the test is skipped where there is none."""
    if not CAPTURES.is_dir():
        pytest.skip("the captured answers of providers are not here")
    return CAPTURES


@pytest.fixture(autouse=True)
def no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what is set where it runs."""
    for name in [name for name in os.environ if name.startswith("TABLEWIRE_")]:
        monkeypatch.delenv(name)
