import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from tablewire.errors import CommitUnknown, StoreError, StoreUnavailable
from tablewire.storage.failures import committing, unavailable

LOST = [
    ConnectionRefusedError(111, "refused"),
    FileNotFoundError("no socket"),
    TimeoutError(),
    asyncpg.InterfaceError("pool is closing"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.AdminShutdownError("terminating connection"),
    asyncpg.CrashShutdownError("terminating connection"),
    asyncpg.CannotConnectNowError("starting up"),
]
REFUSED_FOR_NOW = [
    asyncpg.QueryCanceledError("canceled"),
    asyncpg.DiskFullError("no space"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.SerializationError("again"),
    asyncpg.ReadOnlySQLTransactionError("a replica"),
]


@pytest.mark.parametrize("error", [*LOST, *REFUSED_FOR_NOW], ids=lambda error: type(error).__name__)
def test_a_read_that_fails_for_now_finds_the_store_unavailable(error: Exception) -> None:
    with pytest.raises(StoreUnavailable) as raised, unavailable():
        raise error
    assert raised.value.__cause__ is error


@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
def test_a_connection_lost_during_a_commit_leaves_it_unknown(error: Exception) -> None:
    with pytest.raises(CommitUnknown) as raised, committing():
        raise error
    assert raised.value.__cause__ is error


@pytest.mark.parametrize("error", REFUSED_FOR_NOW, ids=lambda error: type(error).__name__)
def test_a_refused_commit_is_known_to_have_stored_nothing(error: Exception) -> None:
    with pytest.raises(StoreUnavailable), committing():
        raise error


@pytest.mark.parametrize("door", [unavailable, committing])
def test_a_statement_that_postgres_does_not_take_is_neither_away_nor_unknown(door: type) -> None:
    with pytest.raises(StoreError) as raised, door():
        raise asyncpg.UndefinedTableError("no such table")
    assert type(raised.value) is StoreError


@pytest.mark.parametrize("door", [unavailable, committing])
def test_a_value_of_the_wrong_type_is_our_own_fault(door: type) -> None:
    with pytest.raises(asyncpg.DataError), door():
        raise asyncpg.DataError("an int was expected")


def test_a_failure_under_sqlalchemy_is_the_same() -> None:
    with pytest.raises(StoreUnavailable), unavailable():
        raise DBAPIError("SELECT 1", {}, ConnectionResetError("reset"))


def test_an_error_that_says_nothing_is_called_by_its_kind() -> None:
    with pytest.raises(StoreUnavailable, match="TimeoutError"), unavailable():
        raise TimeoutError
