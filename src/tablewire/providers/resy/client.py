"""Resy behind the door of the providers: a call a page of the search, or a call a venue; the whole day in each answer."""

from collections.abc import Mapping
from datetime import date, timedelta

import anyio
import msgspec

from tablewire.domain.markets import NYC, Market, service_today
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.providers.calls import CallFailure
from tablewire.providers.drift import Drift
from tablewire.providers.http import Caller
from tablewire.providers.protocol import ProviderStatus
from tablewire.providers.resy import looks, search
from tablewire.providers.resy.line import Line
from tablewire.providers.resy.memory import Memory
from tablewire.providers.resy.poll import Poll
from tablewire.providers.resy.venues import PROVIDER
from tablewire.providers.resy.wire import decode_answer


class ResyProvider:
    """Asks Resy's search. Its answers hold the whole day, so `time_slot` narrows nothing: one sweep serves all buckets."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None,
        auth_token: str | None,
        caller: Caller,
        home: Market = NYC,
        opted_out: frozenset[str] = frozenset(),
    ) -> None:
        """Without `api_key` it is not enabled. `home` is the market that `probe` asks about; venues in `opted_out` are never looked at."""
        self._enabled = bool(api_key)
        self._line = Line(base_url=base_url, api_key=api_key, auth_token=auth_token, caller=caller)
        self._caller = caller
        self._home = home
        self._memory = Memory()
        self._drifts = Drift(PROVIDER, caller.now), Drift(f"{PROVIDER} {looks.PATH}", caller.now)
        self._search = search.Search(self._line, self._memory, self._drifts[0])
        self._looks = looks.Looks(self._line, self._memory, self._drifts[1], opted_out)

    @property
    def provider_id(self) -> str:
        """`resy`."""
        return PROVIDER

    async def search_availability(
        self,
        market: Market,
        service_date: date,
        time_slot: str | None,
        party_sizes: tuple[int, ...],
        *,
        pages: Mapping[int, tuple[int, ...]] | None = None,
        until: float | None = None,
    ) -> Snapshot:
        """What is free on a date, as the protocol says. An answer for a date has only the slots of that date's service."""
        del time_slot
        poll = self._begin(market, service_date, until)
        if not self._enabled:
            return self._not_enabled(poll)
        async with anyio.create_task_group() as group:
            for size in party_sizes:
                wanted = None if pages is None else pages.get(size, ())
                group.start_soon(
                    self._search.sweep, poll, size, wanted, name=f"resy {service_date} for {size}"
                )
        return poll.snapshot(self._caller.now())

    @property
    def venues_per_call(self) -> int:
        """One: Resy's call for venues by name takes one."""
        return 1

    async def look_at(
        self,
        market: Market,
        service_date: date,
        venues: Mapping[int, tuple[str, ...]],
        *,
        until: float | None = None,
    ) -> Snapshot:
        """What is free on a date at some venues, as the protocol says; each answer has the whole day."""
        poll = self._begin(market, service_date, until)
        if not self._enabled:
            return self._not_enabled(poll)
        await self._looks.look(poll, venues)
        return poll.snapshot(self._caller.now())

    def status(self) -> ProviderStatus:
        """How Resy is doing; times in its problems are those of the home market."""
        problems = tuple(problem for drift in self._drifts for problem in drift.problems(self._home.zone))
        return self._caller.status(enabled=self._enabled, problems=problems)

    async def probe(self) -> str | None:
        """Ask for one venue without its tables."""
        if not self._enabled:
            return "resy: no key is set"
        question = {**search.question_of(self._home, page=1), "availability": False, "per_page": 1}
        result = await self._caller.call(self._line.request(search.PATH, question), decode_answer)
        return f"resy: {result.message}" if isinstance(result, CallFailure) else None

    async def aclose(self) -> None:
        """Give back connections."""
        await self._caller.aclose()

    def _begin(self, market: Market, service_date: date, until: float | None) -> Poll:
        yesterday = service_today(self._caller.now(), market.zone) - timedelta(days=1)
        self._memory.forget_before(market, min(yesterday, service_date))
        return Poll(market, service_date, until)

    def _not_enabled(self, poll: Poll) -> Snapshot:
        poll.remark("no key is set")
        return msgspec.structs.replace(poll.snapshot(self._caller.now()), outcome=Outcome.FAILED)
