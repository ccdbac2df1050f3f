"""Imports without the garbage collector leave it as it was."""

import gc
from collections.abc import Iterator

import pytest

from tablewire.quick_imports import quick_imports


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What is set aside here is looked through again by the tests after it."""
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_looked_through_meanwhile_and_what_is_there_then_never_again() -> None:
    before = gc.get_freeze_count()
    with quick_imports():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > before


def test_a_module_that_is_missing_leaves_the_collector_on() -> None:
    with pytest.raises(ImportError), quick_imports():
        raise ImportError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    with quick_imports():
        pass
    assert not gc.isenabled()
