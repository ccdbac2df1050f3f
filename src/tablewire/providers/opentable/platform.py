"""What OpenTable is as a provider, wherever its slots come from: its name, what it needs, and how it is doing."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar

from tablewire.domain.markets import NYC, Market, service_today
from tablewire.domain.snapshots import Answer
from tablewire.providers.calls import CallFailure
from tablewire.providers.drift import Drift
from tablewire.providers.opentable.convert import PROVIDER
from tablewire.providers.opentable.hours import Part
from tablewire.providers.opentable.memory import Memory
from tablewire.providers.opentable.queries import SEARCH, Operation, Queries
from tablewire.providers.opentable.variables import search_variables
from tablewire.providers.opentable.wire import decode_search
from tablewire.providers.poll import Poll
from tablewire.providers.protocol import ProviderStatus

_DINNER = time(19)
_PARTY = 2


class OpenTable:
    """OpenTable's side of the door, as far as it does not depend on where slots come from."""

    needs: ClassVar[tuple[Operation, ...]] = (SEARCH,)
    """The queries whose hashes have to be set."""

    def __init__(
        self, queries: Queries, *, home: Market = NYC, opted_out: frozenset[str] = frozenset()
    ) -> None:
        """`home` is the market that `probe` asks about; restaurants in `opted_out` are left alone."""
        self._queries = queries
        self._home = home
        self._opted_out = opted_out
        self._memory = Memory()
        self._drift = Drift(PROVIDER, queries.caller.now)

    @property
    def provider_id(self) -> str:
        """`opentable`."""
        return PROVIDER

    def status(self) -> ProviderStatus:
        """How OpenTable is doing; times in its problems are those of the home market."""
        problems = self._drift.problems(self._home.zone)
        return self._queries.status(enabled=self._queries.are_known(*self.needs), problems=problems)

    async def probe(self) -> str | None:
        """Ask for one restaurant."""
        if (reason := self._why_not(self._home)) is not None:
            return f"{PROVIDER}: {reason}"
        tomorrow = service_today(self._queries.caller.now(), self._home.zone) + timedelta(days=1)
        at = datetime.combine(tomorrow, _DINNER)
        variables = search_variables(self._home, at, _PARTY, skip=0, most=1, anytime=True)
        result = await self._queries.ask(SEARCH, variables, decode_search)
        return f"{PROVIDER}: {result.message}" if isinstance(result, CallFailure) else None

    async def aclose(self) -> None:
        """Give back connections."""
        await self._queries.caller.aclose()

    # --- for each poll

    def _begin(self, poll: Poll) -> bool:
        """Get ready for a poll. False where nothing can be asked, which the poll then says."""
        if (reason := self._why_not(poll.market)) is not None:
            poll.remark(reason)
            return False
        today = service_today(self._queries.caller.now(), poll.market.zone)
        self._forget_before(poll.market, min(today - timedelta(days=1), poll.service_date))
        return True

    def _forget_before(self, market: Market, day: date) -> None:
        """Forget what was answered for a market's dates before `day`."""
        self._memory.forget_before(market, day)

    def _why_not(self, market: Market) -> str | None:
        if not self._queries.are_known(*self.needs):
            return "no hash is set for " + " and ".join(self.needs)
        if market.opentable_metro_id is None:
            return f"the market {market.id} has no opentable_metro_id"
        return None

    def _is_over(self, poll: Poll, part: Part) -> bool:
        """Whether a part of today has passed, so that nothing is left to ask for."""
        now, zone = self._queries.caller.now(), poll.market.zone
        if poll.service_date != service_today(now, zone):
            return False
        return part.is_over(poll.service_date, now.astimezone(zone).replace(tzinfo=None))

    def _silence(self, size: int, part: Part) -> Answer:
        """An answer that says nothing of anybody, where no call is worth sending."""
        now = self._queries.caller.now()
        return Answer(party_size=size, sent_at=now, arrived_at=now, venues=(), time_slots=(part.time_slot,))
