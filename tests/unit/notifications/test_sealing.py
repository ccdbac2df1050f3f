"""Sealing: what is sealed comes back with the same key only, and unchanged only."""

from tablewire.notifications.sealing import FernetSealer

ONE, OTHER = b"1" * 32, b"2" * 32


def test_what_is_sealed_comes_back_with_the_same_key() -> None:
    sealed = FernetSealer(ONE).seal(b"ntfy://secret")
    assert b"secret" not in sealed
    assert FernetSealer(ONE).open(sealed) == b"ntfy://secret"


def test_another_key_or_a_changed_seal_opens_nothing() -> None:
    sealer = FernetSealer(ONE)
    sealed = sealer.seal(b"ntfy://secret")
    assert FernetSealer(OTHER).open(sealed) is None
    assert sealer.open(sealed[:-8] + b"AAAAAAA=") is None
    assert sealer.open(b"") is None
    assert sealer.open("é".encode()) is None
