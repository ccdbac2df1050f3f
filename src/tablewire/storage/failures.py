"""Translates what goes wrong between here and PostgreSQL into Tablewire's own errors, once, at the room's door."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime

from tablewire.errors import CommitUnknown, StoreError, StoreUnavailable

_LOST = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The connection broke, could not be made, or took too long (`TimeoutError` is an OSError of its own kind)."""

_BROKEN_OFF = ("08", "57P")
"""Beginnings of SQLSTATEs that say that the connection ends: whether a commit went through stays open."""

_PASSING = ("08", "25006", "40", "53", "55", "57", "58", "XX")
"""Beginnings of SQLSTATEs that are the server's trouble, not the statement's."""


@contextmanager
def unavailable() -> Iterator[None]:
    """For work that stores nothing, or that can be repeated without harm.

    Raises `StoreUnavailable` where PostgreSQL is away or in trouble, `StoreError` where it refuses the statement itself.
    """
    try:
        yield
    except asyncpg.DataError:
        raise  # a value of the wrong type is a fault of ours
    except asyncpg.PostgresError as error:
        raise _refused(error) from error
    except _LOST as error:
        raise StoreUnavailable(f"PostgreSQL cannot be reached: {_said(error)}") from error
    except (DBAPIError, NoConnectionInTime, InvalidRequestError) as error:
        raise StoreUnavailable(f"PostgreSQL did not answer: {_said(error)}") from error


@contextmanager
def committing() -> Iterator[None]:
    """For the one statement that commits.

    Raises `CommitUnknown` where the connection is lost before the answer, `StoreUnavailable` or `StoreError` where PostgreSQL said
    that nothing was stored.
    """
    try:
        yield
    except asyncpg.DataError:
        raise  # a value of the wrong type is a fault of ours, and was never sent
    except asyncpg.PostgresError as error:
        if (error.sqlstate or "08").startswith(_BROKEN_OFF):
            raise CommitUnknown(f"PostgreSQL broke off during a commit: {_said(error)}") from error
        raise _refused(error) from error
    except _LOST as error:
        raise CommitUnknown(f"PostgreSQL broke off during a commit: {_said(error)}") from error


def _refused(error: asyncpg.PostgresError) -> StoreError:
    if (error.sqlstate or "08").startswith(_PASSING):
        return StoreUnavailable(f"PostgreSQL cannot do it now: {_said(error)}")
    return StoreError(f"PostgreSQL refused: {_said(error)}")


def _said(error: BaseException) -> str:
    """The first line of an error, or its kind where it says nothing."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
