"""What of the truth somebody who looks now and then can be told, and what was truly so of what was told."""

from collections.abc import Sequence

import msgspec

from tests.integration.insights import by_hand
from tests.integration.insights.by_hand import DAY, Known
from tests.integration.insights.course import Lived
from tests.integration.insights.stays import Stay


class Tellings(msgspec.Struct, frozen=True, kw_only=True):
    """What could be told of the true drops of a window, from the truth and the moments of looks alone."""

    told: list[tuple[Stay, float]]
    """Each drop that could be told in the window, and when."""
    unseen: list[Stay]
    """Drops of the window that no look could tell: gone before the next one, or the slot was open at the one before."""
    elsewhere: list[Stay]
    """Drops that came in the window and were told after it, or came before it and were told in it."""


def tellings(lived: Lived, true: Known, days: int) -> Tellings:
    """Which true drops of a window somebody who looks now and then can be told of."""
    since, now = true.since(days), true.now
    told, unseen, elsewhere = [], [], []
    lines: dict[object, list[Stay]] = {}
    for stay in true.stays:
        lines.setdefault(stay.slot, []).append(stay)
    for stay in true.stays:
        if stay.kind != "drop" or not since - DAY <= stay.opened < now:
            continue
        gap, within = lived.witness.gap_round(stay.day, stay.opened), since <= stay.opened
        if gap is None or _is_unseen(stay, gap, lines[stay.slot]):
            unseen += [stay] * within
            continue
        if within != (since <= gap[1] < now):
            elsewhere.append(stay)
        if since <= gap[1] < now:
            told.append((stay, gap[1]))
    return Tellings(told=told, unseen=unseen, elsewhere=elsewhere)


def _is_unseen(stay: Stay, gap: tuple[float, float], lines: Sequence[Stay]) -> bool:
    blink = min(stay.closed, by_hand.starts(stay)) <= gap[1]
    return blink or any(other.opened <= gap[0] < other.closed for other in lines)


def true_of(lived: Lived, stay: Stay) -> Stay:
    """What was truly so of a table that was told: from the opening that brought it to the last closing before it was told gone."""
    lines = lived.witness.lines[stay.slot]
    began = [line for line in lines if line.opened <= stay.opened < line.closed]
    ended = [line for line in lines if line.opened <= stay.closed]
    first, last = (began or lines)[-1], (ended or lines)[-1]
    return msgspec.structs.replace(first, closed=last.closed, end=last.end)
