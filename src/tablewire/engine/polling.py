"""Polling: one provider's cycles over the window of one market."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import anyio
import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.markets import Market
from tablewire.domain.snapshots import Snapshot
from tablewire.domain.wanted import WantedVenue
from tablewire.engine.asking import Asking
from tablewire.engine.clock import Clock
from tablewire.engine.measuring import Measuring, Tally
from tablewire.engine.merging import PollSoFar
from tablewire.engine.owner import DayOwner, Stored
from tablewire.engine.pace import Pace
from tablewire.engine.releases import RELEASES_AT
from tablewire.engine.spending import Spending
from tablewire.engine.sweep import Ask, SweepMode, SweepPlan
from tablewire.engine.wanted import Wanted
from tablewire.errors import StoreError
from tablewire.providers.protocol import AvailabilityProvider
from tablewire.storage.protocol import EventLog
from tablewire.telemetry import LogEvent, Metrics, get_logger

log = get_logger("engine.polling")

AHEAD = 0.25
"""Share of a cycle's calls that may wait to be sent when it begins: what the budget finds nothing to be spent on is lost."""
REMEMBERED = timedelta(days=3)
"""How far back the log is read at the start."""


class PollSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a market is polled."""

    interval: timedelta
    bucket_timeout: timedelta
    pages_per_cycle: int
    party_sizes: tuple[int, ...]
    resume_gap: timedelta
    sources: tuple[str, ...] = ()
    """Where providers' answers come from: another source is another city, and nothing of the old one is news there."""
    opted_out: frozenset[tuple[str, str]] = frozenset()
    """(provider, venue id) of venues that want to be left alone."""
    sweep: SweepMode = "adaptive"
    wanted: tuple[WantedVenue, ...] = ()
    """Venues that the operator waits for."""


class Hooks(msgspec.Struct, frozen=True, kw_only=True):
    """Who else wants to know of a poll."""

    seen: Callable[[Snapshot], None]
    """Called with every portion of a poll that was stored."""
    stored: Callable[[Sequence[Stored]], None]
    """Called with what each bucket's poll came to, once it is over."""
    store_failed: Callable[[StoreError], None]
    """Called where the store did not take a poll."""
    holding: Callable[[], bool]
    """Whether the store is away: then providers are not asked."""


class ProviderPolling:
    """Polls one provider for one market: a cycle each interval, a poll for each date in it."""

    def __init__(
        self,
        market: Market,
        provider: AvailabilityProvider,
        settings: PollSettings,
        *,
        clock: Clock,
        metrics: Metrics,
        hooks: Hooks,
        wanted: Wanted,
    ) -> None:
        self.market = market
        self.provider = provider
        self.skipped: Counter[date] = Counter()
        """How often each date was due while its previous poll still ran."""
        self._settings = settings
        self.forget()
        self._wanted = wanted
        self._clock = clock
        self._measuring = Measuring(market.id, provider.provider_id, metrics)
        self._hooks = hooks
        self._opted_out = frozenset(
            venue_id for provider_id, venue_id in settings.opted_out if provider_id == provider.provider_id
        )
        self._asking = Asking(market, provider, settings.bucket_timeout, clock, self._opted_out)

    @property
    def party_sizes(self) -> tuple[int, ...]:
        """The party sizes that are asked for."""
        return self._settings.party_sizes

    @property
    def wanted_venues(self) -> int:
        """How many of its venues somebody waits for."""
        return len(self._wanted.venues_of(self.provider.provider_id) - self._opted_out)

    def forget(self) -> None:
        """Learn anew where the venues are listed, where tables open, and what they cost: the log has been emptied, or never had any."""
        settings = self._settings
        self.plan = SweepPlan(
            settings.party_sizes,
            settings.pages_per_cycle,
            settings.interval,
            self.market.zone,
            mode=settings.sweep,
        )
        self.spending = Spending()
        self._pace = Pace()

    async def remember(self, log_of_events: EventLog) -> None:
        """Learn from the log where tables opened in the last days; where it cannot be read, that is learned anew."""
        market = self.market
        since = self._clock.now() - REMEMBERED
        try:
            counts = await log_of_events.opening_counts(
                market.id, self.provider.provider_id, market.time_zone, since, RELEASES_AT
            )
        except StoreError as error:
            message = f"what opened in the last days could not be read, and is learned anew: {error}"
            log.warning(LogEvent.STORE_AWAY, message=message, provider=self.provider.provider_id)
            return
        self.plan.likelihood.restore(counts, REMEMBERED.total_seconds())

    async def cycle(self, owners: Mapping[date, DayOwner]) -> Tally:
        """Poll every date when its turn comes, but where a poll of it runs still; ends when its polls have ended."""
        tally = Tally()
        self.plan.keep(owners)
        started, before = self._clock.monotonic(), self.provider.status()
        rate = self._pace.settle(before.rate_now)
        waiting = max(0, before.waiting - int(AHEAD * rate * self._settings.interval.total_seconds()))
        delay = waiting / rate
        async with anyio.create_task_group() as group:
            for day, ask in self._plan(owners, rate, waiting).items():
                group.start_soon(self._poll_later, owners[day], ask, delay, tally, name=f"poll {day}")
                delay += ask.calls / rate
        after = self.provider.status()
        self.spending.spent(
            self._clock.now(), after.calls - before.calls, after.retries - before.retries, tally.drops
        )
        self._measuring.cycled(tally, before, after, self._clock.monotonic() - started)
        return tally

    def _plan(self, owners: Mapping[date, DayOwner], rate: float, waiting: int) -> Mapping[date, Ask]:
        """What the next cycle asks for: what the budget gives in an interval, less what goes into retries and what `waiting` takes of it.

        Calls that wait from cycle to cycle would make every answer late, and their pages would be asked for again meanwhile.
        """
        calls = int(rate * self._settings.interval.total_seconds() * (1 - self.spending.share_of_retries))
        days = list(owners)
        return self.plan.plan(
            days,
            calls - waiting,
            self._clock.now(),
            busy=[day for day, owner in owners.items() if owner.polling],
            wanted=[
                pair
                for pair in self._wanted.pairs(self.provider.provider_id, days, self.party_sizes)
                if pair[2] not in self._opted_out
            ],
            per_call=self._asking.venues_per_call,
        )

    async def poll(self, owner: DayOwner, ask: Ask) -> list[Stored]:
        """Ask the provider what is free on a date, and store what it changes, portion by portion. Raises `StoreError`."""
        started = self._clock.monotonic()
        await owner.load()
        poll, stored = PollSoFar(), dict[BucketKey, Stored]()

        async def take(snapshot: Snapshot, left: int) -> None:
            if left and not snapshot.answers:
                poll.add(snapshot, ())  # there is nothing to store but how it went, and that is not over
                return
            for one in await self._take(owner, snapshot, poll):
                stored[one.key] = stored[one.key].and_then(one) if one.key in stored else one

        try:
            await self._asking.ask(owner.day, ask, take)
        finally:
            if stored:
                self._hooks.stored(list(stored.values()))
                self._measuring.polled(stored.values(), self._clock.monotonic() - started)
        return list(stored.values())

    async def _take(self, owner: DayOwner, snapshot: Snapshot, poll: PollSoFar) -> list[Stored]:
        """Take over one portion of a poll."""
        gaps = [
            max(self._settings.resume_gap, 3 * self.plan.revisit_of(owner.day, answer))
            for answer in snapshot.answers
        ]
        stored = await owner.take(snapshot, gaps, poll)
        self.plan.learn(owner.day, snapshot.answers, [event for one in stored for event in one.events])
        self._hooks.seen(snapshot)
        return stored

    async def _poll_later(self, owner: DayOwner, ask: Ask, delay: float, tally: Tally) -> None:
        """One poll of a cycle: whatever goes wrong in it stays with it."""
        await self._clock.sleep(delay)
        self._pace.see(self.provider.status().rate_now)
        if owner.polling or owner.closed or self._hooks.holding():
            tally.skipped += len(owner.keys)
            self.skipped[owner.day] += owner.polling
            return
        owner.polling = True
        try:
            tally.add(await self.poll(owner, ask))
        except StoreError as error:
            tally.failed += len(owner.keys)
            self._hooks.store_failed(error)
            self._measuring.refused(owner, error)
        except Exception:
            tally.failed += len(owner.keys)
            owner.doubt()
            self._measuring.failed()
            log.exception(
                LogEvent.POLL_FAILED,
                message="a poll failed inside; its bucket is read again before it is polled again",
                provider=owner.provider,
                day=str(owner.day),
            )
        finally:
            owner.polling = False
