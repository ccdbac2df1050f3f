"""Asking the providers on a client's wish: out of turn, bounded, and with the same effect as any poll."""

from collections.abc import Mapping, Sequence
from datetime import date

import anyio

from tablewire.domain.filters import EventFilter, Op, Term
from tablewire.domain.health import AskedProvider
from tablewire.domain.snapshots import Outcome
from tablewire.engine.discovery import Discovery
from tablewire.engine.owner import DayOwner
from tablewire.engine.polling import ProviderPolling
from tablewire.engine.sweep import Ask
from tablewire.errors import BadInput, StoreError

MOST_DATES = 3
"""Dates that one wish may have asked."""


class LiveAsking:
    """Polls the dates that a filter leaves over, at once; memory has the result when that is done."""

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery

    async def ask_live(self, wanted: EventFilter) -> Mapping[str, AskedProvider]:
        """Poll now what a filter leaves over of the window; answers how it went by provider.

        A date that is being polled anyway is not asked a second time. Raises `BadInput` where the filter leaves more dates than
        can be asked at once.
        """
        asked: dict[str, AskedProvider] = {}
        work = [
            (polling, owners)
            for polling in self._discovery.pollings
            if _allows(wanted, "market", polling.market.id)
            and _allows(wanted, "provider", polling.provider.provider_id)
            and (owners := self._owners(wanted, polling))
        ]
        days = {owner.day for _, owners in work for owner in owners}
        if len(days) > MOST_DATES:
            message = f"it leaves {len(days)} dates, and {MOST_DATES} can be asked at once: narrow date_from and date_to"
            raise BadInput.of("live", message)
        async with anyio.create_task_group() as group:
            for polling, owners in work:
                group.start_soon(self._ask, polling, owners, asked, name="ask live")
        return asked

    def _owners(self, wanted: EventFilter, polling: ProviderPolling) -> list[DayOwner]:
        terms = [term for term in wanted.terms if term.field == "service_date"]
        return [owner for day, owner in self._discovery.owners_of(polling).items() if _on(day, terms)]

    async def _ask(
        self, polling: ProviderPolling, owners: Sequence[DayOwner], asked: dict[str, AskedProvider]
    ) -> None:
        provider = polling.provider.provider_id
        outcome, cause = Outcome.OK, None
        for owner in owners:
            if owner.polling:
                cause = f"{owner.day} is being polled already"
                continue
            owner.polling = True
            try:
                for one in await polling.poll(owner, Ask(dict.fromkeys(polling.party_sizes, (1,)))):
                    outcome = _worse(outcome, one.outcome)
            except StoreError as error:
                outcome, cause = Outcome.FAILED, str(error)
            finally:
                owner.polling = False
        asked[provider] = AskedProvider(outcome=outcome.value, cause=cause)


def _on(day: date, terms: Sequence[Term]) -> bool:
    return all(_holds_on(day, term) for term in terms)


def _holds_on(day: date, term: Term) -> bool:
    if term.op is Op.AT_LEAST:
        return bool(day >= term.values[0])
    if term.op is Op.AT_MOST:
        return bool(day <= term.values[0])
    return day.weekday() in term.values


def _allows(wanted: EventFilter, field: str, value: str) -> bool:
    return all(value in term.values for term in wanted.terms if term.field == field)


def _worse(one: Outcome, other: Outcome | None) -> Outcome:
    order = (Outcome.OK, Outcome.PARTIAL, Outcome.FAILED, Outcome.BLOCKED)
    return one if other is None else max(one, other, key=order.index)
