"""The C library is told to give large blocks back, where it can be told."""

import ctypes

import pytest

from tablewire.allocator import give_back_large_blocks


def test_a_c_library_without_that_setting_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert give_back_large_blocks() is False


def test_the_c_library_is_told_of_large_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []

    class Library:
        @staticmethod
        def mallopt(setting: int, value: int) -> int:
            told.append((setting, value))
            return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library)
    assert give_back_large_blocks()
    assert told == [(-3, 131_072)]
