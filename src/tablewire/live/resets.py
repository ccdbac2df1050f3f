"""What a stream is told when it cannot go on from where its client was."""

import msgspec


class Reset(msgspec.Struct, frozen=True):
    """From here on the stream goes on from `cursor`: what lies between can be read by pages, as far as it is kept."""

    reason: str
    """`too_old`, `ahead`, `bad`, or `cleared`: everything before `cursor` has been thrown away."""
    oldest_cursor: str
    cursor: str
