"""What is asked and answered of admins, as documents."""

import msgspec


class ClearDb(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A confirmation that the database is to be emptied."""

    confirm: str
    """The name of the database."""


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """What was emptied."""

    emptied: list[str]
    """The tables."""


class RebaselinedBucket(msgspec.Struct, frozen=True, kw_only=True):
    """What a new baseline came to."""

    market: str
    bucket_id: str
    joined: int
    """Open slots that are baseline now, and were not before."""
    providers: dict[str, int]
    """The same by provider."""
