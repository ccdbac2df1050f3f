"""The addresses of booking attempts and tool calls: empty pages in their final shape, as long as neither is there."""

from collections.abc import Iterable
from typing import Any

from tablewire.api.logs.schemas import BookingAttempts, Logged, ToolCalls
from tablewire.api.paging import PAGING, page_of
from tablewire.api.routes import AnyRequest, Operation, Route


async def attempts(request: AnyRequest) -> BookingAttempts:
    """Booking attempts of the user: there is no booking yet."""
    page_of(request)
    return BookingAttempts(attempts=[], next_cursor=None, has_more=False)


async def calls(request: AnyRequest) -> ToolCalls:
    """Tool calls of the user: there are no tools yet."""
    page_of(request)
    return ToolCalls(calls=[], next_cursor=None, has_more=False)


async def everything(request: AnyRequest) -> Logged:
    """Both by time."""
    page_of(request)
    return Logged(logs=[], next_cursor=None, has_more=False)


def _list(summary: str, answer: type[Any], *, deprecated: bool = False) -> Operation:
    return Operation(summary=summary, tag="logs", answer=answer, parameters=PAGING, deprecated=deprecated)


def routes() -> Iterable[Route]:
    """The addresses of logs, and the older one that has both kinds."""
    booked = _list("Your booking attempts, newest first", BookingAttempts)
    failed = _list("Your booking attempts that failed, newest first", BookingAttempts)
    yield Route(path="/booking/logs", operation=booked, answer=attempts)
    yield Route(path="/booking/errors", operation=failed, answer=attempts)
    yield Route(path="/logs", operation=_list("Your tool calls, newest first", ToolCalls), answer=calls)
    both = _list("Your booking attempts and tool calls, newest first", Logged, deprecated=True)
    yield Route(path="/chat/logs", operation=both, answer=everything)
