"""The command `tablewire record`: makes the providers' real calls, within their budgets, and keeps every exchange."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import msgspec

from tablewire.app import VERSION
from tablewire.domain.markets import Market, service_today
from tablewire.domain.snapshots import Snapshot
from tablewire.engine.clock import SystemClock
from tablewire.errors import BadInput
from tablewire.providers.protocol import AvailabilityProvider, VenueLooks
from tablewire.providers.recording import Recorder
from tablewire.recording import Say, recorder_at
from tablewire.running import make_providers
from tablewire.settings import Settings
from tablewire.telemetry import Metrics

Providers = Mapping[str, AvailabilityProvider]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be recorded."""

    providers: tuple[str, ...]
    """Ids; none: all that are polled."""
    cycles: int
    """Rounds over all dates, one each POLL_INTERVAL; 0: until the time is over."""
    seconds: float | None
    """The time after which no further round begins, and the one under way is cut."""
    dates: int
    """How many dates, service today first."""
    whole: bool
    """Whether all pages are asked for, and not only the first ones."""
    venues: tuple[tuple[str, str], ...]
    """(provider, venue id) of venues that are looked at by name too."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept."""

    kept: int
    lost: int
    size: int
    """Bytes."""


async def record(settings: Settings, wish: Wish, out: Path, *, say: Say) -> Report:
    """Record to a new file, saying how it goes. Raises `BadInput`, `RegistryError` and `RecordingError`."""
    ids = _polled(settings, wish.providers)
    clock = SystemClock()
    async with recorder_at(out, settings, ids, clock.now, say=say) as recorder:
        made = make_providers(settings, clock, Metrics(version=VERSION, demo=settings.demo), recorder)
        wanted = {provider_id: made[provider_id] for provider_id in ids}
        try:
            await _Rounds(settings, wish, wanted, recorder, clock, say).run()
        finally:
            for provider in made.values():
                await provider.aclose()
    return Report(kept=recorder.kept, lost=recorder.lost, size=recorder.size)


def _polled(settings: Settings, wanted: tuple[str, ...]) -> tuple[str, ...]:
    absent = settings.not_polled
    for provider_id in wanted:
        if provider_id not in settings.providers.enabled:
            allowed = ", ".join(settings.providers.enabled)
            raise BadInput.of("--provider", f"{provider_id!r} is not enabled; enabled are: {allowed}")
        if provider_id in absent:
            raise BadInput.of("--provider", f"{provider_id} cannot be asked: {absent[provider_id]}")
    if not wanted and not settings.polled:
        raise BadInput.of("--provider", "; ".join(f"{one}: {why}" for one, why in absent.items()))
    return wanted or settings.polled


class _Rounds:
    """The rounds of a recording: each asks every provider for every date once."""

    def __init__(
        self,
        settings: Settings,
        wish: Wish,
        providers: Providers,
        recorder: Recorder,
        clock: SystemClock,
        say: Say,
    ) -> None:
        self._settings = settings
        self._wish = wish
        self._providers = providers
        self._recorder = recorder
        self._clock = clock
        self._say = say

    async def run(self) -> None:
        """All rounds, until they are done, the time is over, or nothing is kept any more."""
        wish, clock = self._wish, self._clock
        started = clock.monotonic()
        until = None if wish.seconds is None else started + wish.seconds
        interval = self._settings.discovery.poll_interval.total_seconds()
        done = 0
        while not self._recorder.over:
            async with asyncio.TaskGroup() as group:
                for provider in self._providers.values():
                    group.create_task(self._round(provider, until), name=f"record {provider.provider_id}")
            done += 1
            due = max(started + done * interval, clock.monotonic())
            if done == wish.cycles or (until is not None and due >= until):
                return
            await clock.sleep(due - clock.monotonic())

    async def _round(self, provider: AvailabilityProvider, until: float | None) -> None:
        for market in self._settings.markets:
            today = service_today(self._clock.now(), market.zone)
            for day in (today + timedelta(days=ahead) for ahead in range(self._wish.dates)):
                if until is None or self._clock.monotonic() < until:
                    await self._ask(provider, market, day, until)

    async def _ask(
        self, provider: AvailabilityProvider, market: Market, day: date, until: float | None
    ) -> None:
        sizes = self._settings.discovery.party_sizes
        first = tuple(range(1, self._settings.discovery.pages_per_cycle + 1))
        pages = None if self._wish.whole else dict.fromkeys(sizes, first)
        self._tell(await provider.search_availability(market, day, None, sizes, pages=pages, until=until))
        named = tuple(venue for one, venue in self._wish.venues if one == provider.provider_id)
        if named and isinstance(provider, VenueLooks):
            self._tell(await provider.look_at(market, day, dict.fromkeys(sizes, named), until=until))

    def _tell(self, snapshot: Snapshot) -> None:
        venues = sum(len(answer.venues) for answer in snapshot.answers)
        tables = sum(len(said.slots) for answer in snapshot.answers for said in answer.venues)
        cause = f" ({snapshot.cause})" if snapshot.cause else ""
        self._say(
            f"{snapshot.provider} {snapshot.service_date}: {snapshot.outcome.value}, {snapshot.calls} calls, "
            f"{venues} answers for venues, {tables} tables{cause}"
        )


def read_venues(given: list[str]) -> tuple[tuple[str, str], ...]:
    """Venues written `provider:venue_id`. Raises `BadInput`."""
    venues = []
    for one in given:
        provider, mark, venue = one.partition(":")
        if not (provider and mark and venue):
            raise BadInput.of(
                "--venue", f"{one!r} is not allowed; allowed: provider:venue_id, as in `resy:834`"
            )
        venues.append((provider, venue))
    return tuple(venues)


def summary(report: Report, out: Path) -> str:
    """What was kept, in a sentence."""
    lost = f"; {report.lost} were lost, since writing could not keep up" if report.lost else ""
    return f"{report.kept} exchanges are in {out}, {report.size / 1_000_000:.1f} MB{lost}"
