"""What logging in takes and answers."""

from datetime import datetime
from typing import Annotated

import msgspec

from tablewire.api.me.schemas import Me


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser logs in with."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

    def __repr__(self) -> str:
        return "Login(token=…)"


class Session(msgspec.Struct, frozen=True):
    """A session: its cookie goes with the answer, and is nowhere else."""

    user: Me
    expires_at: datetime
