"""Wires what belongs to users: their wishes, what they are told, and how it reaches them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from tablewire.api.notifications.schemas import view_of
from tablewire.domain.events import Event
from tablewire.domain.notifications import Notification
from tablewire.domain.polled import Polled
from tablewire.domain.slots import OpenSlot
from tablewire.engine import notify, watch, watch_list
from tablewire.engine.active import WishBook
from tablewire.engine.clock import Clock
from tablewire.engine.deliver import Deliver
from tablewire.engine.discovery import Discovery
from tablewire.engine.identities import Identities
from tablewire.engine.matcher import Matcher
from tablewire.engine.notify import NotifyLoop
from tablewire.engine.open_tables import OpenTables
from tablewire.engine.outside import Outside
from tablewire.engine.sight import Sight
from tablewire.engine.supervisor import Loop, Supervisor, beating
from tablewire.engine.telling import Composer
from tablewire.engine.watch import WatchLoop
from tablewire.engine.watch_checks import WatchChecks
from tablewire.engine.watch_list import WatchListLoop
from tablewire.figures import Figures
from tablewire.live.board import Board
from tablewire.live.home_markets import BoardMarkets
from tablewire.live.hub import Hub
from tablewire.live.inbox import Inbox
from tablewire.live.moments import Moments
from tablewire.live.restaurants import Restaurants
from tablewire.live.sightings import BoardSightings
from tablewire.live.sse import encode_json
from tablewire.notifications.courier import ChannelCourier
from tablewire.notifications.guard import Guard
from tablewire.notifications.sealing import FernetSealer
from tablewire.notifications.webpush import PushKey
from tablewire.providers.protocol import AvailabilityProvider
from tablewire.secret_key import load_secret_key
from tablewire.services.links import Links
from tablewire.settings import Settings
from tablewire.storage.channel_door import Depth
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import Metrics

LOST_CONTACT = "mailto:operator@localhost.invalid"
"""What push services are told of who runs this, where PUBLIC_URL does not say so."""


class Core(msgspec.Struct, frozen=True, kw_only=True):
    """What of the service all of this stands on."""

    settings: Settings
    store: PostgresStore
    providers: Mapping[str, AvailabilityProvider]
    clock: Clock
    hub: Hub
    board: Board
    restaurants: Restaurants
    discovery: Discovery
    identities: Identities
    figures: Figures
    metrics: Metrics
    user_agent: str


class People:
    """The users' side of the service: its loops beside discovery's, its addresses, and its ears at the commits."""

    def __init__(self, core: Core) -> None:
        self.core = core
        store, settings, clock = core.store, core.settings, core.clock
        key = load_secret_key(
            settings.database.data_dir,
            settings.http.secret_key.reveal() if settings.http.secret_key else None,
        )
        self.sealer = FernetSealer(key)
        public_url = settings.http.public_url or f"http://{settings.http.host}:{settings.http.port}"
        self.links = Links(self.sealer, store.people.alert_events, clock.now, public_url=public_url)
        self.inbox = Inbox(
            core.hub,
            store.people.notifications,
            lambda one: encode_json(view_of(one, self.links.url_of)),
            clock.now,
        )
        contact = public_url if public_url.startswith("https://") else LOST_CONTACT
        self.courier = ChannelCourier(
            sealer=self.sealer,
            guard=Guard.of(settings.notifications.channel_allow),
            push_key=PushKey(key, contact),
            user_agent=core.user_agent,
            now=clock.now,
        )
        self.deliver = Deliver(
            store.people.outbox,
            self.courier,
            store.people.notifications,
            self.links.url_of,
            clock,
            told=self._nudge,
            measured=self._show_outbox,
        )
        self.polled = Polled(
            markets=settings.markets,
            window_days=settings.discovery.window_days,
            party_sizes=settings.discovery.party_sizes,
            parts=core.board.parts,
        )
        self.outside = Outside(
            core.providers,
            BoardMarkets(core.board, settings.markets).market_of,
            clock,
            left_alone=settings.opt_out,
        )
        self.told_feed = Moments()
        zones = {market.id: market.zone for market in settings.markets}
        self._match(Composer(core.restaurants, zones, core.figures.scarcities.of))
        self._watch(Sight(BoardSightings(core.board), self.outside, self.polled))

    def _match(self, composer: Composer) -> None:
        core = self.core
        tables = OpenTables(core.board, core.restaurants, composer)
        self.matcher = Matcher(
            event_log=core.store,
            opening_ids=core.store.people.opening_ids,
            writer=core.store.people.notifications,
            book=WishBook(core.store.people.notify_requests, core.store.people.goals),
            composer=composer,
            tables=tables,
            clock=core.clock,
            announce=self._announce,
        )
        self.notify = NotifyLoop(
            self.matcher,
            requests=core.store.people.notify_requests,
            tables=tables,
            composer=composer,
            listings=core.restaurants,
            venues=core.store,
            outside=self.outside,
            wants=core.discovery.wanted.set_wanted,
            polled=self.polled,
            clock=core.clock,
        )

    def _watch(self, sight: Sight) -> None:
        core = self.core
        self.watch = WatchLoop(
            book=core.store.people.watches,
            checks=WatchChecks(
                book=core.store.people.watches, log=core.store, houses=core.restaurants, sight=sight
            ),
            writer=core.store.people.notifications,
            listings=core.restaurants,
            polled=self.polled,
            clock=core.clock,
            wants=core.discovery.wanted.set_wanted,
            on_told=self._wake_delivery,
        )
        self.watch_list = WatchListLoop(
            book=core.store.people.watch_list,
            sight=sight,
            listings=core.restaurants,
            clock=core.clock,
            wants=core.discovery.wanted.set_wanted,
        )

    # --- its life

    def supervise(self, supervisor: Supervisor) -> None:
        """Name its loops."""
        supervisor.add("matching", self.matcher.run)
        supervisor.add("notify", self.notify.run)
        supervisor.add("watch", self.watch.run)
        supervisor.add("resy_hourly", self.watch_list.run)
        supervisor.add("outside", self.outside.run)
        supervisor.add("inbox", self._run_inbox)
        supervisor.add("deliver", self.deliver.run)

    async def start(self) -> None:
        """Learn where the notifications stand. Raises `StoreError`."""
        await self.inbox.start()

    def forget(self) -> None:
        """The store has been emptied."""
        self.matcher.forget()
        for source in (notify.SOURCE, watch.SOURCE, watch_list.SOURCE):
            self.core.discovery.wanted.set_wanted(source, ())

    async def aclose(self) -> None:
        """Give back what deliveries hold."""
        await self.courier.aclose()

    async def _run_inbox(self, loop: Loop) -> None:
        await beating(loop, self.inbox.run)

    # --- its ears

    def committed(self, events: Sequence[Event]) -> None:
        """Events that have just been stored, before they are announced."""
        self.told_feed.note((event.id for event in events), self.core.clock.now())

    def announced(self) -> None:
        """They have been announced to the feed: now to those who wait for them."""
        self.matcher.wake()

    def gained(self, slots: Sequence[OpenSlot]) -> None:
        """Open slots were stored that came, or changed their party sizes, without an event."""
        self.matcher.gained(slots)

    async def _announce(self, told: Sequence[Notification]) -> None:
        await self.inbox.announce(told)
        self.deliver.wake()

    def _show_outbox(self, depth: Depth, now: datetime) -> None:
        age = 0.0 if depth.oldest_at is None else (now - depth.oldest_at).total_seconds()
        self.core.metrics.outbox_deliveries.set(depth.pending)
        self.core.metrics.outbox_age_seconds.set(max(0.0, age))

    def _nudge(self, _: object) -> None:
        self.inbox.nudge()

    def _wake_delivery(self, _: object) -> None:
        self.inbox.nudge()
        self.deliver.wake()
