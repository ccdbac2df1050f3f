"""A user as they see themselves."""

from typing import Annotated

import msgspec

from tablewire.domain.users import User


class Me(msgspec.Struct, frozen=True):
    """Who asks."""

    id: int
    name: str
    is_admin: bool
    time_zone: str


class MeChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a user may change of themselves."""

    time_zone: Annotated[str, msgspec.Meta(min_length=1, max_length=60, examples=["Europe/Berlin"])]


class Farewell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a user means it."""

    confirm: Annotated[str, msgspec.Meta(description="the user's own name", max_length=200)]


def me(user: User) -> Me:
    """A user as they see themselves."""
    return Me(user.id, user.name, user.is_admin, user.time_zone)
