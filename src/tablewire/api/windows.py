"""Windows of time in a query string: so long until now, or from one instant to another."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec

from tablewire.api import parameters
from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest, Parameter, Schema

LONGEST: Final = timedelta(days=400)
CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""So far ahead of ours a client's clock may be."""
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
WINDOW: Final = ("window", "from", "to")
"""The parameters."""


class WindowWish(msgspec.Struct, frozen=True, kw_only=True):
    """The window that a client wants. What is left out is the service's to choose."""

    length: timedelta | None = None
    since: datetime | None = None
    until: datetime | None = None


def read_window(query: Query) -> WindowWish:
    """The window that a query string asks for; what is wrong is noted."""
    length = query.duration("window", None, LONGEST)
    since, until = _instant(query, "from"), _instant(query, "to")
    if length is not None and since is not None:
        query.refuse("window", "window and from say the same: only one can be given")
    if since is not None and until is not None and not since < until <= since + LONGEST:
        query.refuse("to", f"it has to be after from, and at most {LONGEST.days} days after it")
    return WindowWish(length=length, since=since, until=until)


def days_of(request: AnyRequest, default: int, most: int) -> int:
    """How many days back a request for a preview looks, which has no other parameter. Raises `BadInput`."""
    query = Query(request.scope["query_string"], ("days",))
    days = query.whole("days", default, 1, most)
    query.check()
    return days or default


def checked(query: Query, wish: WindowWish, now: datetime) -> WindowWish:
    """The same, if it lies in the past and is not too long; what is wrong is noted."""
    if wish.since is not None and wish.since >= now:
        query.refuse("from", f"it is in the future; the last {LONGEST.days} days are allowed")
    if wish.until is not None and wish.until > now + CLOCKS_DIFFER:
        query.refuse("to", "it is in the future; leave it out for a window that ends now")
    for name, at in (("from", wish.since), ("to", wish.until)):
        if at is not None and at < now - LONGEST:
            query.refuse(name, f"it is too long ago; the last {LONGEST.days} days are allowed")
    return wish


def _instant(query: Query, name: str) -> datetime | None:
    value = query.text(name)
    if value is None:
        return None
    try:
        at = msgspec.convert(value, Instant).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        query.refuse(name, "it is no instant such as 2026-02-18T19:30:00Z")
        return None
    return at


_AT: Schema = {"type": "string", "format": "date-time", "examples": ["2026-02-18T19:30:00Z"]}


def window_parameters(default: str) -> tuple[Parameter, ...]:
    """The parameters as the document says them."""
    return (
        Parameter(
            name="window",
            description=f"how long, up to `to`; {default} where left out",
            schema=parameters.DURATION | {"examples": ["24h", "14d"]},
        ),
        Parameter(name="from", description="its beginning, in the place of a length", schema=_AT),
        Parameter(name="to", description="its end; now where left out", schema=_AT),
    )
