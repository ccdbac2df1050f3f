"""Whether a provider's answers have lost their shape: fields gone or changed, and bodies that yield nothing."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

import msgspec

_NEARLY_ALL = 0.9
_ANSWERS = 3
"""So many answers in a row have to be ill shaped before anything is said."""
_FEWEST = 5
"""Answers with fewer items than this say nothing of a field."""
_SMALL_BODY = 64 << 10
_BYTES_OF_A_BARE_HIT = 5_000
"""A hit without slots is 2,600 to 3,600 bytes."""
_MANY_SLOTS = 20

_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<field>[^`]+)`")
_TYPES = re.compile(r"^Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`")


class Flaw(msgspec.Struct, frozen=True):
    """What is wrong with one field of one item."""

    field: str
    fault: str
    """`missing`, or what it is instead of what it was."""


def flaw_of(error: Exception) -> Flaw:
    """The field that kept an item from being decoded, as msgspec's error names it."""
    text = str(error)
    at = _AT.search(text)
    path = at["path"] if at else ""
    if missing := _MISSING.match(text):
        return Flaw(f"{path}.{missing['field']}".lstrip("."), "missing")
    if types := _TYPES.match(text):
        return Flaw(path or "the whole of it", f"{types['got']} instead of {types['wanted']}")
    return Flaw(path or "the whole of it", "not understood")


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer's items looked like."""

    counts: dict[str, int]
    """How many items of each sort it had, e.g. `hits` and `slots`."""
    flaws: Iterable[tuple[str, Flaw]] = ()
    """(sort, what was wrong), once for each item."""
    blemishes: Iterable[tuple[str, Flaw]] = ()
    """The same for fields that items may go without: told only where earlier answers had them."""
    size: int = 0
    """Bytes of its body."""
    slots_read: int = 0
    """Slots that it yielded."""


class _Streak(msgspec.Struct):
    since: datetime
    answers: int = 0
    items: int = 0
    flawed: int = 0


class Drift:
    """Watches the shape of one provider's answers, and names what has changed for good."""

    def __init__(self, provider: str, now: Callable[[], datetime]) -> None:
        self._provider = provider
        self._now = now
        self._streaks: dict[tuple[str, Flaw], _Streak] = {}
        self._barren: _Streak | None = None
        self._judged: Counter[str] = Counter()
        """Answers that had enough items of a sort."""
        self._without: Counter[tuple[str, str]] = Counter()
        """How many of them had a sort's field in hardly any item."""

    def see(self, shape: Shape) -> None:
        """Work in one answer."""
        flawed = Counter(shape.flaws) + self._news(shape)
        for key in [key for key in self._streaks if shape.counts.get(key[0], 0) >= _FEWEST]:
            if flawed[key] < _NEARLY_ALL * shape.counts[key[0]]:
                del self._streaks[key]
        for key, count in flawed.items():
            items = shape.counts.get(key[0], 0)
            if items >= _FEWEST and count >= _NEARLY_ALL * items:
                self._lengthen(self._streaks.setdefault(key, _Streak(self._now())), items, count)
        self._see_yield(shape)

    def problems(self, zone: tzinfo) -> tuple[str, ...]:
        """What has changed, in plain words, with times of the given zone."""
        named = [
            f"{self._provider}: {flaw.field} {flaw.fault} in {100 * streak.flawed / streak.items:.0f}% of {sort} since "
            f"{streak.since.astimezone(zone):%H:%M}"
            for (sort, flaw), streak in sorted(self._streaks.items(), key=lambda item: item[1].since)
            if streak.answers >= _ANSWERS
        ]
        if self._barren is not None and self._barren.answers >= _ANSWERS:
            since = self._barren.since.astimezone(zone)
            named.append(
                f"{self._provider}: no slot read from answers that are not small since {since:%H:%M}"
            )
        return tuple(named)

    def _news(self, shape: Shape) -> Counter[tuple[str, Flaw]]:
        """The blemishes of fields that earlier answers had."""
        blemished = Counter(shape.blemishes)
        news = Counter(
            {
                key: n
                for key, n in blemished.items()
                if self._judged[key[0]] > self._without[key[0], key[1].field]
            }
        )
        lacking = Counter(
            {
                (sort, flaw.field)
                for (sort, flaw), n in blemished.items()
                if n >= _NEARLY_ALL * shape.counts.get(sort, 0)
            }
        )
        enough = [sort for sort, items in shape.counts.items() if items >= _FEWEST]
        self._judged.update(enough)
        self._without.update({key: n for key, n in lacking.items() if key[0] in enough})
        return news

    def _see_yield(self, shape: Shape) -> None:
        if shape.slots_read:
            self._barren = None
            return
        expected = max(_SMALL_BODY, _BYTES_OF_A_BARE_HIT * shape.counts.get("hits", 0))
        if shape.size > expected or shape.counts.get("slots", 0) >= _MANY_SLOTS:
            self._barren = self._barren or _Streak(self._now())
            self._lengthen(self._barren, 1, 1)

    @staticmethod
    def _lengthen(streak: _Streak, items: int, flawed: int) -> None:
        streak.answers += 1
        streak.items += items
        streak.flawed += flawed
