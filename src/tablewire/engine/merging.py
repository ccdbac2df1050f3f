"""Merging what the parts of one poll brought back: how it went as a whole, in whichever order they came."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tablewire.domain.guard import Judged
from tablewire.domain.snapshots import Outcome, Snapshot

_BETTER_FIRST = (Outcome.OK, Outcome.PARTIAL, Outcome.FAILED, Outcome.BLOCKED)
_NAMED_CAUSES, _NAMED_PAGES = 3, 4


def merged(sweep: Snapshot, looks: Snapshot) -> Snapshot:
    """Both as one snapshot: all answers, all causes, all calls."""
    causes = [cause for cause in (sweep.cause, looks.cause) if cause]
    return msgspec.structs.replace(
        sweep,
        finished_at=max(sweep.finished_at, looks.finished_at),
        answers=(*sweep.answers, *looks.answers),
        outcome=_Part.of(sweep).beside(_Part.of(looks)).outcome,
        cause="; ".join(causes) or None,
        venues={**looks.venues, **sweep.venues},
        calls=sweep.calls + looks.calls,
    )


class PollSoFar:
    """How one poll has gone, as far as its portions have been taken over."""

    def __init__(self) -> None:
        self.alive = False
        """Whether any answer showed a table."""
        self._part: _Part | None = None
        self._causes: dict[str, None] = {}
        self._answers = 0
        self._emptied = 0
        self._suspects: list[str] = []

    def add(self, snapshot: Snapshot, judged: Sequence[Judged]) -> None:
        """Take over one portion, and how far each of its answers can be believed."""
        part = _Part.of(snapshot)
        self._part = part if self._part is None else self._part.beside(part)
        if snapshot.cause:
            self._causes[snapshot.cause] = None
        self.alive = self.alive or any(not one.empty for one in judged)
        self._answers += len(judged)
        for one in judged:
            if one.suspect:
                self._emptied += one.empty
                self._suspects.append(f"party of {one.answer.party_size}, page {one.answer.page}")

    @property
    def outcome(self) -> Outcome:
        """How it went.

        It is blocked where most of its answers are suspect for showing nothing at all: one page whose last table was taken is none.
        """
        outcome = Outcome.OK if self._part is None else self._part.outcome
        if not self._suspects:
            return outcome
        most = 2 * self._emptied > self._answers
        return Outcome.BLOCKED if most or outcome is Outcome.BLOCKED else Outcome.PARTIAL

    @property
    def cause(self) -> str | None:
        """What was wrong, in plain words."""
        causes = list(self._causes)
        left = len(causes) - _NAMED_CAUSES
        said = causes[:_NAMED_CAUSES] + ([f"and {left} more"] if left > 0 else [])
        if self._suspects:
            pages = ", ".join(self._suspects[:_NAMED_PAGES])
            said.append(f"closings held: too many tables gone at once ({pages})")
        return "; ".join(said) or None


class _Part(NamedTuple):
    """How a part of a poll went."""

    outcome: Outcome
    answered: bool
    """Whether it has any answer."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> "_Part":
        return cls(snapshot.outcome, bool(snapshot.answers))

    def beside(self, other: "_Part") -> "_Part":
        """Both as one: the worse outcome counts, but a part that brought nothing beside one that did leaves the whole partial."""
        outcomes = [part.outcome for part in (self, other) if not part.is_nothing]
        if len(outcomes) == 1:
            outcomes.append(Outcome.PARTIAL)
        worst = max(outcomes or (self.outcome, other.outcome), key=_BETTER_FIRST.index)
        return _Part(worst, self.answered or other.answered)

    @property
    def is_nothing(self) -> bool:
        """Whether it brought nothing: what was answered and looks like a soft block is something."""
        return self.outcome is Outcome.FAILED or (self.outcome is Outcome.BLOCKED and not self.answered)
