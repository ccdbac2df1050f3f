"""The tree of errors that Tablewire raises on purpose.

    TablewireError
    ├── SettingsError          the start is refused: settings that are wrong, each named
    ├── BadInput               a caller sent something wrong: each field named          (HTTP 400)
    │   └── BadCursor          a cursor that is none                                    (HTTP 400)
    ├── NotFound               there is no such thing                                   (HTTP 404)
    ├── Conflict               what is asked for does not fit what is there             (HTTP 409)
    ├── CursorGone             a cursor older than what is kept, or beyond the newest   (HTTP 410)
    ├── TooManyStreams         the limit of open streams is reached                     (HTTP 429 or 503)
    ├── ServiceRefused         a running service will not answer a command              (`follow`)
    ├── RecordingError         a recording cannot be kept where it is to be kept        (`providers.recording_file`)
    ├── NotDrawn               a picture was not drawn                                  (HTTP 503)
    ├── RegistryError          a provider's id is taken or unknown, or it cannot load   (`providers.registry`)
    ├── BeyondSaving           a loop failed again and again: the process has to end    (`engine.supervisor`)
    └── StoreError             PostgreSQL did not do what was asked
        ├── StoreUnavailable   it could not be reached, or broke off; nothing was stored (HTTP 503)
        ├── CommitUnknown      it broke off during a commit: stored or not, nobody knows
        ├── PollConflict       another process has stored a poll of the same bucket
        ├── MatchConflict      another process has matched the same events
        └── RetentionBusy      another process removes what is old

What a provider answers, however bad, is a value (`domain.snapshots.Outcome`), never an exception.
"""

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One wrong field of an input: its name, and what is wrong and allowed, in plain words."""

    field: str
    message: str


class TablewireError(Exception):
    """The root of all errors raised by Tablewire on purpose."""


class _WithFields(TablewireError):
    def __init__(self, fields: list[FieldError]) -> None:
        self.fields = fields
        super().__init__("; ".join(f"{wrong.field}: {wrong.message}" for wrong in fields))


class SettingsError(_WithFields):
    """Settings are wrong; `fields` names every wrong variable, its value and what is allowed."""


class BadInput(_WithFields):
    """A caller's input is wrong; `fields` names every wrong field."""

    @classmethod
    def of(cls, field: str, message: str) -> "BadInput":
        """An error of one field."""
        return cls([FieldError(field, message)])


class BadCursor(BadInput):
    """A cursor that was never one of ours."""


class NotFound(TablewireError):
    """There is no such thing, or it is not the caller's to see."""


class Conflict(TablewireError):
    """What is asked for does not fit what is there."""


class CursorGone(TablewireError):
    """A cursor before the oldest kept event (`too_old`), or beyond the newest (`ahead`)."""

    def __init__(self, reason: str, oldest_cursor: str, newest_cursor: str) -> None:
        self.reason = reason
        self.oldest_cursor = oldest_cursor
        self.newest_cursor = newest_cursor
        super().__init__(f"cursor is {reason}; the oldest one kept is {oldest_cursor}")


class TooManyStreams(TablewireError):
    """No further stream can be opened; `per_client` says whose limit was reached."""

    def __init__(self, limit: int, *, per_client: bool) -> None:
        self.limit = limit
        self.per_client = per_client
        whose = "this client" if per_client else "this server"
        super().__init__(f"{whose} has {limit} streams open, and that is the limit")


class NotDrawn(TablewireError):
    """A picture was not drawn; another try may succeed."""


class StoreError(TablewireError):
    """The store did not do what was asked of it."""


class StoreUnavailable(StoreError):
    """The store could not be reached or broke off, and nothing was stored."""


class CommitUnknown(StoreError):
    """The store broke off during a commit: memory has to be read again before it is used."""


class PollConflict(StoreError):
    """Another process has stored a poll of this bucket: memory has to be read again."""


class MatchConflict(StoreError):
    """Another process has matched these events: what it found has been told."""


class RetentionBusy(StoreError):
    """Another process removes what is old: there is nothing to do here."""
