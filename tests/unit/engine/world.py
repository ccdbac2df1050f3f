"""A small world for the engine's tests: a provider that says what it is told to, a store in memory, and a clock by hand."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event
from tablewire.domain.markets import NYC, Market, window
from tablewire.domain.rules import Rules
from tablewire.domain.slots import SeenSlot, Venue, slot_id
from tablewire.domain.snapshots import Answer, Outcome, Snapshot, VenueAnswer
from tablewire.domain.state import BucketState
from tablewire.engine.discovery import Discovery, Progress
from tablewire.engine.owner import Stored
from tablewire.engine.polling import PollSettings
from tablewire.providers.protocol import ProviderStatus
from tablewire.storage.memory import MemoryStore
from tablewire.telemetry import Metrics
from tests.clock import StepClock

INTERVAL = timedelta(seconds=30)


class ScriptedProvider:
    """Answers with what is set open in `free`: {(venue id, party size): starts}; venues without a start are there too."""

    provider_id = "resy"

    def __init__(self, clock: StepClock) -> None:
        self.free: dict[tuple[str, int], set[str]] = {}
        self.asked: list[tuple[date, Mapping[int, tuple[int, ...]] | None]] = []
        self.enabled = True
        self.fails: str | None = None
        self._clock = clock

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
        self.asked.append((service_date, pages))
        answers = () if self.fails else tuple(self._answer(service_date, size) for size in party_sizes)
        venues = {venue_id for venue_id, _ in self.free}
        return Snapshot(
            provider=self.provider_id,
            market=market.id,
            service_date=service_date,
            finished_at=self._clock.now(),
            answers=answers,
            outcome=Outcome.FAILED if self.fails else Outcome.OK,
            cause=self.fails,
            venues={
                venue_id: Venue(provider="resy", venue_id=venue_id, name=f"Venue {venue_id}")
                for venue_id in venues
            },
        )

    def _answer(self, day: date, size: int) -> Answer:
        sent_at = self._clock.now()
        said = tuple(
            VenueAnswer(
                venue_id,
                tuple(_seen(venue_id, start, day) for start in sorted(starts) if start[:10] == str(day)),
            )
            for (venue_id, of_size), starts in sorted(self.free.items())
            if of_size == size
        )
        return Answer(party_size=size, sent_at=sent_at, arrived_at=self._clock.now(), venues=said)

    def status(self) -> ProviderStatus:
        return ProviderStatus(enabled=self.enabled, rate=1000.0, rate_now=1000.0, calls=len(self.asked))

    async def probe(self) -> str | None:
        return None

    async def aclose(self) -> None:
        return None


def _seen(venue_id: str, start: str, day: date) -> SeenSlot:
    return SeenSlot(slot_id=slot_id("resy", venue_id, start), actual_time=start, service_date=day)


class Listener:
    """Hears what is announced, and what is shown."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.shown: dict[BucketKey, BucketState] = {}

    async def publish(self, events: Sequence[Event]) -> None:
        self.events.extend(events)

    def remembered(self, state: BucketState) -> None:
        self.shown[state.key] = state

    def forgotten(self, key: BucketKey, provider: str) -> None:
        del self.shown[key]


class World:
    """One service's engine without its loops: each step is taken by hand."""

    def __init__(self, start: datetime | None = None, days: int = 2) -> None:
        self.clock = StepClock(start) if start else StepClock()
        self.store = MemoryStore()
        self.provider = ScriptedProvider(self.clock)
        self.days = days
        self.stored: list[Stored] = []
        self.progress: list[Progress] = []
        self.sizes: tuple[int, ...] = (2, 4)
        self.opted_out: frozenset[tuple[str, str]] = frozenset()
        self.sources = ("resy https://api.example",)
        self.rules = Rules(zone=NYC.zone)
        self.listener = Listener()
        self.discovery = self._discovery()

    @property
    def today(self) -> date:
        return window(self.clock.now(), NYC.zone, 1)[0]

    async def start(self) -> None:
        """Start the engine anew on the same store: what a restart does."""
        self.listener = Listener()
        self.discovery = self._discovery()
        await self.discovery.load()

    async def cycle(self, *, after: timedelta = INTERVAL) -> None:
        """Let time pass, then poll everything once."""
        self.clock.advance(after.total_seconds())
        [polling] = self.discovery.pollings
        await polling.cycle(self.discovery.owners_of(polling))

    async def hold_or_go_on(self) -> bool:
        """What the loop of cycles does before each: ask a store that was away whether it is back."""
        return await self.discovery.store_is_back()

    async def turn(self) -> None:
        """One turn of the window's loop."""
        await self.discovery.turn_window()

    def kinds(self) -> list[str]:
        return [event.event_type.value for event in self.store.events]

    def _discovery(self) -> Discovery:
        return Discovery(
            markets=[NYC],
            providers={"resy": self.provider},
            rules={"nyc": self.rules},
            window_days=self.days,
            settings=PollSettings(
                interval=INTERVAL,
                bucket_timeout=timedelta(seconds=25),
                pages_per_cycle=3,
                party_sizes=self.sizes,
                resume_gap=timedelta(minutes=10),
                sources=self.sources,
                opted_out=self.opted_out,
            ),
            store=self.store,
            audience=self.listener,
            clock=self.clock,
            metrics=Metrics(version="0", demo=False),
            on_stored=self.stored.append,
            on_progress=self.progress.append,
        )
