"""What a search covers in dates and party sizes, inside and outside of what is polled."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

import msgspec

from tablewire.domain.filters import EventFilter, Op, Term

MOST_DATES = 60
"""Dates beyond the window that one search can have asked for."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The dates and party sizes of a search."""

    dates: tuple[date, ...] = ()
    """Those within the window."""
    later_dates: tuple[date, ...] = ()
    """Those beyond it, the first of them."""
    more_later: bool = False
    """Whether there are more of those than can be asked for."""
    sizes: tuple[int, ...] = ()
    """Those that are polled."""
    other_sizes: tuple[int, ...] = ()

    @property
    def is_past(self) -> bool:
        """Whether no date is left."""
        return not self.dates and not self.later_dates

    @property
    def all_sizes(self) -> tuple[int, ...]:
        """All its party sizes, ascending."""
        return tuple(sorted((*self.sizes, *self.other_sizes)))

    def outside(self) -> Iterator[tuple[date, int]]:
        """The pairs of date and party size that polling does not answer, the nearest first."""
        for day in self.dates:
            yield from ((day, size) for size in self.other_sizes)
        for day in self.later_dates:
            yield from ((day, size) for size in self.all_sizes)


def span_of(wanted: EventFilter, window: Sequence[date], polled: Collection[int]) -> Span:
    """The span of a filter. Without a last date it ends with the window, unless its first date is beyond that."""
    on_date = [term for term in wanted.terms if term.field == "service_date"]
    asked = {size for term in wanted.terms if term.field == "party_sizes" for size in term.values}
    last = window[-1]
    starts = max((term.values[0] for term in on_date if term.op is Op.AT_LEAST), default=window[0])
    ends = min((term.values[0] for term in on_date if term.op is Op.AT_MOST), default=max(last, starts))
    first_later = max(last + timedelta(days=1), starts)
    days_later = max(0, (ends - first_later).days + 1)
    later = (first_later + timedelta(days=ahead) for ahead in range(min(days_later, MOST_DATES)))
    return Span(
        dates=tuple(day for day in window if starts <= day <= ends and _has_weekday(day, on_date)),
        later_dates=tuple(day for day in later if _has_weekday(day, on_date)),
        more_later=days_later > MOST_DATES,
        sizes=tuple(sorted(asked & set(polled) if asked else set(polled))),
        other_sizes=tuple(sorted(asked - set(polled))),
    )


def _has_weekday(day: date, terms: Sequence[Term]) -> bool:
    return all(day.weekday() in term.values for term in terms if term.op is Op.WEEKDAY)
