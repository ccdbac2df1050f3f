"""What is decided of users: who is made, who is who, and who is one no more."""

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final
from zoneinfo import available_timezones

from tablewire.domain.users import LOCAL_NAME, Caller, User
from tablewire.errors import BadInput, Conflict, NotFound
from tablewire.services.recall import Recall
from tablewire.storage.account_door import Account, AccountBook

HOME_ZONE: Final = "America/New_York"
SESSION_LIFE: Final = timedelta(days=30)
RECALLED_SECONDS: Final = 2.0
"""So long a token is believed without asking the store again: with the sweep of open streams this bounds how long a revoked one works."""
_LOOKS_AT_ONCE: Final = 8

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_TOKEN = re.compile(r"tw_[A-Za-z0-9_-]{43}")
_SESSION = re.compile(r"tws_[A-Za-z0-9_-]{43}")


class Accounts:
    """Users, their tokens and their sessions. What is secret is told once, and kept as a hash."""

    def __init__(
        self,
        book: AccountBook,
        now: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        home_zone: str = HOME_ZONE,
    ) -> None:
        self._book = book
        self._now = now
        self._home_zone = home_zone
        self._recalled: Recall[bytes, Caller] = Recall(RECALLED_SECONDS, monotonic)
        self._looking = asyncio.Semaphore(_LOOKS_AT_ONCE)
        self._local: User | None = None

    async def add(
        self, name: str, *, is_admin: bool = False, time_zone: str | None = None
    ) -> tuple[User, str]:
        """Make a user; answers them and their token. Raises `BadInput`, and `Conflict` where the name is taken."""
        _check_name(name)
        zone = check_zone(self._home_zone if time_zone is None else time_zone)
        token = _new("tw_")
        user = await self._book.add(
            name, is_admin=is_admin, time_zone=zone, token=_hash(token), at=self._now()
        )
        if user is None:
            message = f"there is a user {name} already; another token for them: tablewire users token {name}"
            raise Conflict(message)
        return user, token

    async def new_token(self, name: str) -> tuple[User, str]:
        """One more token for a user. Raises `NotFound`."""
        token = _new("tw_")
        user = await self._book.add_token(_check_name(name), _hash(token), self._now())
        if user is None:
            raise _nobody(name)
        return user, token

    async def accounts(self) -> list[Account]:
        """All users, by name."""
        return await self._book.accounts()

    async def revoke(self, name: str) -> int:
        """Revoke all tokens of a user; answers how many were in force. Raises `NotFound`."""
        revoked = await self._book.revoke(_check_name(name), self._now())
        if revoked is None:
            raise _nobody(name)
        self._recalled.forget_where(lambda caller: caller.user.name == name)
        return revoked

    async def delete_named(self, name: str) -> None:
        """Delete a user and everything that is theirs. Raises `NotFound`, and `Conflict` for the local user."""
        _check_name(name)
        found = [account.user for account in await self._book.accounts() if account.user.name == name]
        if not found:
            raise _nobody(name)
        await self.delete(found[0])

    async def delete(self, user: User) -> None:
        """Delete a user and everything that is theirs. Raises `Conflict` for the local user."""
        if user.name == LOCAL_NAME:
            raise Conflict("the local user is who asks while AUTH=off, and stays")
        await self._book.delete(user.id)
        self._recalled.forget_where(lambda caller: caller.user.id == user.id)

    async def set_time_zone(self, user: User, time_zone: str) -> User:
        """Set the zone of a user's quiet hours. Raises `BadInput`, and `NotFound` where they are gone."""
        changed = await self._book.set_time_zone(user.id, check_zone(time_zone))
        if changed is None:
            raise _nobody(user.name)
        self._recalled.forget_where(lambda caller: caller.user.id == user.id)
        if self._local is not None and self._local.id == changed.id:
            self._local = changed
        return changed

    async def local_user(self) -> User:
        """Who asks while AUTH=off; made once."""
        if self._local is None:
            self._local = await self._book.ensure(
                LOCAL_NAME, is_admin=True, time_zone=self._home_zone, at=self._now()
            )
        return self._local

    def knew(self, text: str) -> bool:
        """Whether a token or session was good a while ago: whoever shows it is no stranger."""
        return self._recalled.knew(_hash(text))

    async def of_token(self, text: str) -> Caller | None:
        """Whose token it is, while it is in force."""
        if not _TOKEN.fullmatch(text):
            return None
        return await self._look(_hash(text), session=False)

    async def of_session(self, text: str) -> Caller | None:
        """Whose session it is, while it and its token are in force."""
        if not _SESSION.fullmatch(text):
            return None
        return await self._look(_hash(text), session=True)

    async def begin_session(self, caller: Caller) -> tuple[str, datetime] | None:
        """A new session, and until when it lasts; None where its token is in force no more."""
        text, now = _new("tws_"), self._now()
        until = now + SESSION_LIFE
        return (text, until) if await self._book.begin_session(_hash(text), caller, now, until) else None

    async def end_session(self, text: str) -> None:
        """End a session."""
        key = _hash(text)
        await self._book.end_session(key)
        self._recalled.forget(key)

    async def lapsed(self, token_ids: Collection[int]) -> frozenset[int]:
        """Those of some tokens that are in force no more."""
        return frozenset(token_ids) - await self._book.in_force(token_ids)

    async def _look(self, key: bytes, *, session: bool) -> Caller | None:
        found = self._recalled.get(key)
        if found is not None:
            return found
        async with self._looking:
            # While this waited its turn, another request may have looked for the same.
            found = self._recalled.get(key)
            if found is not None:
                return found
            since = self._recalled.now()
            looked = self._book.of_session(key, self._now()) if session else self._book.of_token(key)
            found = await looked
            if found is None:
                self._recalled.forget(key)
            else:
                self._recalled.put(key, found, since)
            return found


def check_zone(name: str) -> str:
    """A zone's IANA name as it was given. Raises `BadInput` where there is no such zone."""
    if name not in _zones():
        raise BadInput.of("time_zone", f"{name[:60]!r} is not allowed: IANA names are, as in Europe/Berlin")
    return name


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        allowed = "1 to 64 letters, digits, dots, dashes, underscores or @ are, the first a letter or digit"
        raise BadInput.of("name", f"{name[:80]!r} is not allowed: {allowed}")
    return name


def _nobody(name: str) -> NotFound:
    return NotFound(f"There is no user {name}.")


def _new(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(32)


def _hash(text: str) -> bytes:
    # 256 random bits need no slow hash: there is nothing to guess.
    return sha256(text.encode()).digest()
