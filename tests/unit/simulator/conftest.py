"""What the simulator's tests start from."""

import pytest

from tests.unit.simulator.client import Starter, started


@pytest.fixture
def start_wire() -> Starter:
    """Starts a small city behind its wire, as a context."""
    return started
