"""Users: who asks, and what they may do."""

import msgspec

LOCAL_NAME = "local"
"""The one user of a service without authentication."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person, or a program of theirs."""

    id: int
    name: str
    is_admin: bool = False
    time_zone: str = "UTC"
    """IANA name of the zone in which their quiet hours are meant."""
