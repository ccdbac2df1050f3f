"""Wires what watches the providers: polling, identities, health, and who hears of what was found."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import time
from typing import Protocol

import msgspec

from tablewire.domain.buckets import BucketKey, DayParts
from tablewire.domain.events import Event
from tablewire.domain.markets import Market
from tablewire.domain.rules import Rules
from tablewire.domain.slots import OpenSlot
from tablewire.domain.snapshots import Outcome
from tablewire.domain.state import BucketState, Change
from tablewire.engine.clock import Clock
from tablewire.engine.discovery import Discovery, Progress
from tablewire.engine.health import About, EngineHealth
from tablewire.engine.identities import Identities
from tablewire.engine.owner import Stored
from tablewire.engine.polling import PollSettings
from tablewire.engine.supervisor import Loop, Supervisor, beating
from tablewire.engine.upkeep import Upkeep
from tablewire.live.board import Board
from tablewire.live.hub import Hub, Scan
from tablewire.live.restaurants import Restaurants
from tablewire.providers.protocol import AvailabilityProvider
from tablewire.settings import Settings
from tablewire.storage.protocol import Store
from tablewire.telemetry import LogEvent, Metrics, get_logger

log = get_logger("watching")


class WatchCore(msgspec.Struct, frozen=True, kw_only=True):
    """What of the service all of this stands on."""

    version: str
    settings: Settings
    store: Store
    providers: Mapping[str, AvailabilityProvider]
    clock: Clock
    metrics: Metrics
    board: Board
    hub: Hub
    restaurants: Restaurants
    supervisor: Supervisor


class Matching(Protocol):
    """Who matches what was found with what users wish."""

    def committed(self, events: Sequence[Event]) -> None:
        """Events that have just been stored, before they are announced."""
        ...

    def announced(self) -> None:
        """They have been announced to the feed."""
        ...

    def gained(self, slots: Sequence[OpenSlot]) -> None:
        """Open slots were stored that came, or changed their party sizes, without an event."""
        ...


class LiveAudience:
    """Hands what has been stored to the board, to the hub, and to those who match it."""

    def __init__(self, board: Board, hub: Hub, metrics: Metrics) -> None:
        self.people: Matching | None = None
        """Where there are users."""
        self._board = board
        self._hub = hub
        self._metrics = metrics

    async def publish(self, events: Sequence[Event]) -> None:
        """Announce stored events to every stream that wants them, and to those who match them."""
        if not events:
            return
        if self.people is not None:
            self.people.committed(events)
        with self._metrics.commit_to_stream_seconds.time():
            await self._hub.publish(events)
        if self.people is not None:
            self.people.announced()

    def remembered(self, state: BucketState) -> None:
        """Show a bucket's new state."""
        place = self._board.get(state.key, state.provider)
        if place is not None and place.state is state:
            self._board.touched(state)
        else:
            self._board.put(state)

    def forgotten(self, key: BucketKey, provider: str) -> None:
        """Show a bucket no more."""
        self._board.remove(key, provider)


class Watching:
    """All that watches the providers, with its loops."""

    def __init__(
        self,
        core: WatchCore,
        *,
        observed: Callable[[Change], None] = lambda _: None,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.core = core
        self._progress = progress
        settings = core.settings
        self.audience = LiveAudience(core.board, core.hub, core.metrics)
        self.identities = Identities(core.store, core.restaurants, core.clock)
        self.discovery = Discovery(
            markets=settings.markets,
            providers=core.providers,
            rules={market.id: rules_of(settings, market) for market in settings.markets},
            window_days=settings.discovery.window_days,
            settings=poll_settings(settings),
            store=core.store,
            audience=self.audience,
            clock=core.clock,
            metrics=core.metrics,
            on_stored=self._tell_scan,
            on_progress=self._show_progress,
            on_learned=self.identities.see,
            on_observed=observed,
        )
        self._watch_itself(f"{socket.gethostname()}:{os.getpid()}")

    def _watch_itself(self, process: str) -> None:
        core, wanted = self.core, self.core.settings
        self.health = EngineHealth(
            About(
                version=core.version,
                demo=wanted.demo,
                process=process,
                interval=wanted.discovery.poll_interval,
            ),
            discovery=self.discovery,
            supervisor=core.supervisor,
            providers=core.providers,
            parts=core.board.parts,
            hub=core.hub,
            store=core.store,
            clock=core.clock,
        )
        self.upkeep = Upkeep(
            process=process,
            discovery=self.discovery,
            supervisor=core.supervisor,
            hub=core.hub,
            store=core.store,
            clock=core.clock,
            metrics=core.metrics,
        )

    def supervise(self, supervisor: Supervisor) -> None:
        """Name its loops."""
        supervisor.add("discovery_bucket", self.discovery.run_cycles)
        supervisor.add("discovery_window", self.discovery.run_window)
        supervisor.add("venue_identities", self.identities.run)
        supervisor.add("live", self._run_hub)
        supervisor.add("metrics", self.upkeep.run)

    async def _run_hub(self, loop: Loop) -> None:
        await beating(loop, self.core.hub.run)

    def _tell_scan(self, stored: Stored) -> None:
        self.health.count(stored)
        if self.audience.people is not None and stored.untold:
            self.audience.people.gained(stored.untold)
        self.core.hub.announce_scan(
            Scan(
                market=stored.key.market,
                bucket_id=stored.key.bucket_id,
                provider=stored.provider,
                outcome=(stored.outcome or Outcome.OK).value,
                scanned_at=stored.scanned_at,
                drops=stored.drops,
                reopened=stored.reopened,
                closed=sum(stored.closed.values()),
            )
        )

    def _show_progress(self, progress: Progress) -> None:
        log.info(
            LogEvent.BASELINE_PROGRESS,
            message=f"{progress.built} of {progress.total} buckets have their baseline",
            built=progress.built,
            total=progress.total,
        )
        self._progress(progress)


def day_parts(settings: Settings) -> DayParts:
    """How a day is split."""
    edges = tuple(time.fromisoformat(edge) for edge in settings.discovery.time_slot_edges)
    return DayParts(settings.discovery.time_slots, edges)


def rules_of(settings: Settings, market: Market) -> Rules:
    """The rules of discovery in one market."""
    wanted = settings.discovery
    return Rules(
        zone=market.zone,
        parts=day_parts(settings),
        resume_gap=wanted.resume_gap,
        drop_cooldown=wanted.drop_cooldown,
        expiry_lead=wanted.expiry_lead,
        baseline_polls=wanted.baseline_polls,
    )


def poll_settings(settings: Settings) -> PollSettings:
    """How markets are polled."""
    wanted = settings.discovery
    return PollSettings(
        interval=wanted.poll_interval,
        bucket_timeout=wanted.bucket_timeout,
        pages_per_cycle=wanted.pages_per_cycle,
        party_sizes=wanted.party_sizes,
        resume_gap=wanted.resume_gap,
        sources=(f"resy {settings.resy.base_url}", f"opentable {settings.opentable.base_url}"),
        opted_out=settings.opt_out,
        sweep=wanted.sweep,
        wanted=settings.wanted,
    )
