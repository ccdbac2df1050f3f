"""What the tests of the rules share."""

from collections.abc import Iterator

import pytest

from tests.property.nursery import Nursery, a_nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Tries copies of the rules."""
    with a_nursery() as nursery:
        yield nursery
