"""Merging what a sweep and looks by name brought back of one date into one snapshot."""

import msgspec

from tablewire.domain.snapshots import Outcome, Snapshot

_BETTER_FIRST = (Outcome.OK, Outcome.PARTIAL, Outcome.FAILED, Outcome.BLOCKED)


def merged(sweep: Snapshot, looks: Snapshot) -> Snapshot:
    """Both as one poll: all answers, all causes, all calls; the worse outcome, but a half that failed leaves the whole partial."""
    causes = [cause for cause in (sweep.cause, looks.cause) if cause]
    return msgspec.structs.replace(
        sweep,
        finished_at=max(sweep.finished_at, looks.finished_at),
        answers=(*sweep.answers, *looks.answers),
        outcome=_worse(sweep.outcome, looks.outcome),
        cause="; ".join(causes) or None,
        venues={**looks.venues, **sweep.venues},
        calls=sweep.calls + looks.calls,
    )


def _worse(one: Outcome, other: Outcome) -> Outcome:
    outcomes = {one, other}
    if outcomes == {Outcome.OK, Outcome.FAILED}:
        return Outcome.PARTIAL
    return max(outcomes, key=_BETTER_FIRST.index)
