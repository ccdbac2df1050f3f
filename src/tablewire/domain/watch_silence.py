"""Why a watch may be silent, in plain words."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from tablewire.domain.venue_names import ChosenVenue
from tablewire.domain.watch_limits import RuledOut
from tablewire.domain.watch_span import Span
from tablewire.domain.watches import Watch


class VenueLooks(msgspec.Struct, frozen=True, kw_only=True):
    """How one venue was looked at."""

    venue: ChosenVenue
    listings: tuple[str, ...]
    """The listings of its restaurant, as `provider:id`."""
    last_looked_at: datetime | None
    """When it was last answered for, within what the watch covers."""
    looked_share: float | None
    """The share of its dates and party sizes that were looked at in the last ten minutes."""
    open_now: int
    """Its tables that are open, whatever the limits."""
    fitting_now: int


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a watch's silence."""

    watch: Watch
    span: Span
    venues: tuple[VenueLooks, ...]
    since: datetime
    """From when on openings were looked at."""
    openings: int
    """Openings at its venues; of a watch for names, anywhere."""
    fitting: int
    ruled_out: tuple[RuledOut, ...]


def reasons(silence: Silence) -> Iterator[str]:
    """Everything that may keep a watch from telling, what weighs most first."""
    yield from _of_watch(silence.watch)
    yield from _of_span(silence.span)
    for one in silence.venues:
        if one.last_looked_at is None and silence.span.dates:
            yield f"{one.venue.name or one.listings[0]} has not been looked at yet for its dates and party sizes"
    yield from _of_openings(silence)


def _of_watch(watch: Watch) -> Iterator[str]:
    if watch.paused:
        yield "it is paused"
    if watch.last_error is not None:
        yield f"its last check failed: {watch.last_error}"
    if watch.last_checked_at is None:
        yield "it has not been checked yet; the first check tells nothing"


def _of_span(span: Span) -> Iterator[str]:
    if span.is_past:
        yield "its dates have passed"
    if span.later_dates:
        more = " and later ones" if span.more_later else ""
        yield f"{len(span.later_dates)} of its dates{more} are not polled yet: the providers are asked for them now and then"
    if span.other_sizes:
        sizes = ", ".join(map(str, span.other_sizes))
        yield f"party size {sizes} is not polled: the providers are asked for it now and then"


def _of_openings(silence: Silence) -> Iterator[str]:
    where = "at its venues" if silence.venues else "anywhere"
    since = f"since {silence.since:%Y-%m-%d %H:%M} UTC"
    if not silence.openings:
        yield f"nothing has opened {where} {since}"
    elif not silence.fitting:
        yield f"{silence.openings} tables have opened {where} {since}, and none of them fits"
    for one in silence.ruled_out:
        if one.alone:
            yield f"{one.limit} alone ruled out {one.alone} of {silence.openings} openings {where} {since}"
