"""The log of calls: who asked for what, when, and what came of it."""

from collections import deque
from typing import Any

import msgspec

from tablewire.simulator.answers import Answer, Call, Served
from tablewire.simulator.local_time import instant_text
from tablewire.simulator.routes import PROVIDER_OF, SHOWS_TABLES


class RequestRecord(msgspec.Struct, kw_only=True):
    """One call. `at` and `finished` are seconds since 1970; `finished` is None until the last byte was handed over,
    for ever where the caller was never given one. `fault` is None for a whole answer. `venues` counts those in the answer;
    `asked` has the ids of those that were asked for by name, `window` the first and the last start that was asked for.

    `served` is kept only on demand: what an answer showed, venue by venue, hits that cannot be read left out. An
    answer of which not all bytes went out served nothing.
    """

    n: int
    at: float
    provider: str
    route: str
    method: str
    user_agent: str
    authorization: str
    day: str | None = None
    party_size: int | None = None
    page: int | None = None
    per_page: int | None = None
    status: int | None = None
    fault: str | None = None
    finished: float | None = None
    venues: int | None = None
    asked: tuple[int, ...] | None = None
    window: tuple[str, str] | None = None
    served: tuple[Served, ...] | None = None

    def shown(self) -> dict[str, Any]:
        """The record as it stands in `GET /_requests`."""
        finished = None if self.finished is None else instant_text(self.finished)
        named = {field: getattr(self, field) for field in self.__struct_fields__}
        return named | {"at": instant_text(self.at), "finished": finished}


class Requests:
    """The calls so far, numbered from 1; the oldest fall out once `limit` is passed."""

    def __init__(self, *, keep_served: bool = False, limit: int = 20_000) -> None:
        self.keep_served = keep_served
        self._records: deque[RequestRecord] = deque(maxlen=limit)
        self._count = 0

    @property
    def records(self) -> list[RequestRecord]:
        """All calls still kept, oldest first."""
        return list(self._records)

    @property
    def count(self) -> int:
        """How many calls there have ever been; also the number of the latest."""
        return self._count

    def begin(self, at: float, route: str, call: Call) -> RequestRecord:
        """Note that a call has come. Of its key only the scheme is kept."""
        self._count += 1
        record = RequestRecord(
            n=self._count,
            at=at,
            provider=PROVIDER_OF[route],
            route=route,
            method=call.method,
            user_agent=call.user_agent,
            authorization=masked(call.authorization),
        )
        self._records.append(record)
        return record

    def answered(self, record: RequestRecord, answer: Answer) -> None:
        """Note what is about to be answered."""
        asked = answer.asked
        record.status = answer.status
        record.day = asked.day
        record.party_size = asked.party_size
        record.page = asked.page
        record.per_page = asked.per_page
        record.asked = asked.venues
        record.window = asked.window
        record.venues = answer.venues

    def finished(self, record: RequestRecord, answer: Answer, at: float) -> None:
        """Note that all of the answer went out."""
        record.finished = at
        if self.keep_served and record.route in SHOWS_TABLES:
            record.served = answer.served

    def since(self, number: int, limit: int | None = None) -> list[RequestRecord]:
        """The calls after that number, oldest first."""
        found = [record for record in self._records if record.n > number]
        return found if limit is None else found[:limit]


def masked(authorization: str) -> str:
    """A header of authorization without its secret."""
    if not authorization:
        return ""
    scheme, _, rest = authorization.partition(" ")
    return f"{scheme} ***" if rest else "***"
