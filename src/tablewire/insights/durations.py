"""How long a venue's tables last over a window: all of them, or cut by weekday, slot time and party size."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from tablewire.insights.lifetimes import Lasting, lasting, open_for
from tablewire.insights.local_time import local_date
from tablewire.insights.stays import Stay, has_size, sizes_of
from tablewire.insights.window import Window


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """Some of a venue's tables: of a weekday of service (Monday 0), a minute of the day, a party size; null: of all."""

    weekday: int | None = None
    minute: int | None = None
    party_size: int | None = None

    def has(self, sample: "Sample") -> bool:
        """Whether a table is one of them."""
        return (
            self.weekday in (None, sample.weekday)
            and self.minute in (None, sample.minute)
            and has_size(sample.sizes, self.party_size)
        )


class Sample(msgspec.Struct, frozen=True, gc=False):
    """How long one table lasted."""

    code: int
    """See `lifetimes`: known, or at least so long."""
    in_curve: bool
    """Whether it opened in the window; one that opened before counts in the mean only, by its closing."""
    weekday: int
    minute: int
    sizes: int

    @property
    def taken(self) -> bool:
        """Whether its duration is known in full."""
        return not self.code & 1


def ages(window: Window) -> list[int]:
    """How long tables of the window have been open that still are, as `lifetimes` codes it."""
    return [open_for(_age(window, stay)) for stay in window.still_open if _is_sample(window, stay)]


def lasting_of(window: Window, cut: Cut) -> Lasting:
    """How long some of a venue's tables last: "Friday 19:00 at Carbone lasts 142 s"."""
    return _lasting(sample for sample in _samples(window) if cut.has(sample))


def cuts(window: Window, *, weekday: bool, minute: bool, party_size: bool) -> dict[Cut, Lasting]:
    """How long tables last for each weekday, slot time and party size that occurs, by those that are asked for."""
    groups: defaultdict[tuple[int, int, int], list[Sample]] = defaultdict(list)
    for sample in _samples(window):
        for size in sizes_of(sample.sizes) if party_size else (-1,):
            groups[sample.weekday if weekday else -1, sample.minute if minute else -1, size].append(sample)
    return {
        Cut(weekday=_part(on), minute=_part(at), party_size=_part(size)): _lasting(samples)
        for (on, at, size), samples in sorted(groups.items())
    }


def _lasting(samples: Iterable[Sample]) -> Lasting:
    found = list(samples)
    return lasting(
        [sample.code for sample in found if sample.in_curve],
        [sample.code >> 1 for sample in found if sample.taken],
    )


def _samples(window: Window) -> Iterator[Sample]:
    for day in window.within:
        ends, reach = day.endings, (day.day - window.since).days
        columns = (ends.lasted, ends.ago, ends.weekdays, ends.minutes, ends.sizes)
        for code, ago, on, at, sizes in zip(*columns, strict=True):
            if ago <= reach or not code & 1:
                yield Sample(code, ago <= reach, on, at, sizes)
    for stay in window.still_open:
        if _is_sample(window, stay):
            code = open_for(_age(window, stay))
            yield Sample(code, True, stay.service_date.weekday(), stay.minute, stay.sizes)


def _is_sample(window: Window, stay: Stay) -> bool:
    return stay.opened_at is not None and local_date(stay.opened_at, window.zone) >= window.since


def _age(window: Window, stay: Stay) -> int:
    return max(0, window.now - (stay.opened_at or 0))


def _part(value: int) -> int | None:
    return None if value < 0 else value
