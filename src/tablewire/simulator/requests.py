"""The log of calls: who asked for what, when, and what came of it."""

from collections import deque
from typing import Any

import msgspec

from tablewire.simulator.answers import Answer, Call, Served
from tablewire.simulator.local_time import instant_text


class RequestRecord(msgspec.Struct, kw_only=True):
    """One call. `at` and `finished` are seconds since 1970; `finished` is None until the last byte was handed over,
    for ever where the caller was never given one. `fault` is None for a whole answer.

    `served` is kept only on demand: what a search answer showed, venue by venue, hits that cannot be read left out. An
    answer of which not all bytes went out served nothing.
    """

    n: int
    at: float
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
            route=route,
            method=call.method,
            user_agent=call.user_agent,
            authorization=masked(call.authorization),
        )
        self._records.append(record)
        return record

    def answered(self, record: RequestRecord, answer: Answer) -> None:
        """Note what is about to be answered."""
        record.status = answer.status
        record.day = answer.day
        record.party_size = answer.party_size
        record.page = answer.page
        record.per_page = answer.per_page
        record.venues = answer.venues

    def finished(self, record: RequestRecord, answer: Answer, at: float) -> None:
        """Note that all of the answer went out."""
        record.finished = at
        if self.keep_served and record.route == "search":
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
