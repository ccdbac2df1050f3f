"""Which providers there are: ours, and those that other packages bring."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points

from tablewire.errors import TablewireError
from tablewire.providers.http import Caller, Exchange, Wrap
from tablewire.providers.protocol import AvailabilityProvider, Seats

GROUP = "tablewire.providers"
"""The group of entry points in which other packages name their providers."""


class RegistryError(TablewireError):
    """A provider's id is taken or unknown, or the package that brings it cannot be used."""


class Kit:
    """What the maker of a provider is given: all that providers share, and the environment to read its own settings from."""

    def __init__(
        self,
        *,
        seats: Seats,
        call_timeout: float,
        user_agent: str,
        environ: Mapping[str, str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        observe: Callable[[str, str, float], None] = lambda _provider, _kind, _seconds: None,
        exchange: Exchange | None = None,
        wrap: Callable[[str], Wrap | None] = lambda _provider: None,
        opted_out: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """`observe` is told of every attempt: whose, how it ended, and its seconds. `call_timeout` is in seconds.

        `exchange` takes the place of HTTP; `wrap` says by provider what is put round it; `opted_out` are (provider, venue id) of
        venues that are left alone.
        """
        self.environ = environ
        self.now = now
        self._seats = seats
        self._call_timeout = call_timeout
        self._user_agent = user_agent
        self._observe = observe
        self._exchange = exchange
        self._wrap = wrap
        self._opted_out = opted_out

    def caller(self, provider_id: str, *, rate: float) -> Caller:
        """What sends a provider's calls, at most `rate` a second."""
        return Caller(
            provider_id,
            seats=self._seats,
            rate=rate,
            timeout=self._call_timeout,
            user_agent=self._user_agent,
            now=self.now,
            observe=lambda kind, seconds: self._observe(provider_id, kind, seconds),
            exchange=self._exchange,
            wrap=self._wrap(provider_id),
        )

    def opted_out(self, provider_id: str) -> frozenset[str]:
        """The ids of a provider's venues that want to be left alone.

        The engine drops what is said of them; who asks by id must not ask for them at all.
        """
        return frozenset(venue_id for of_provider, venue_id in self._opted_out if of_provider == provider_id)


Maker = Callable[[Kit], AvailabilityProvider]
"""Makes a provider; called once, before the first poll. It opens nothing yet."""


class Registry:
    """The providers that can be polled, by id."""

    def __init__(self) -> None:
        self._makers: dict[str, tuple[str, Maker]] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids, ours first."""
        return tuple(self._makers)

    def register(self, provider_id: str, maker: Maker, *, origin: str = "tablewire") -> None:
        """Add a provider; `origin` names the package that brings it. Raises RegistryError where the id is taken."""
        if provider_id in self._makers:
            taken_by = self._makers[provider_id][0]
            raise RegistryError(
                f"two packages bring a provider `{provider_id}`: {taken_by} and {origin}; remove one of them"
            )
        self._makers[provider_id] = (origin, maker)

    def register_installed(self, found: Iterable[EntryPoint] | None = None) -> None:
        """Add what other packages bring under the group `tablewire.providers`. Raises RegistryError."""
        for point in entry_points(group=GROUP) if found is None else found:
            origin = point.dist.name if point.dist is not None else point.value
            self.register(point.name, _load_later(point, origin), origin=origin)

    def make(self, ids: Iterable[str], kit: Kit) -> dict[str, AvailabilityProvider]:
        """The providers of the given ids, in their order. Raises RegistryError where one is unknown or cannot be made."""
        made: dict[str, AvailabilityProvider] = {}
        for provider_id in ids:
            if provider_id not in self._makers:
                known = ", ".join(sorted(self._makers)) or "none"
                raise RegistryError(f"there is no provider `{provider_id}`; there are: {known}")
            provider = self._makers[provider_id][1](kit)
            if provider.provider_id != provider_id:
                raise RegistryError(
                    f"the provider registered as `{provider_id}` calls itself `{provider.provider_id}`"
                )
            made[provider_id] = provider
        return made


def _load_later(point: EntryPoint, origin: str) -> Maker:
    """Load a package only where its provider is wanted: a broken one harms nobody who does not use it."""

    def make(kit: Kit) -> AvailabilityProvider:
        try:
            maker: Maker = point.load()
        except (ImportError, AttributeError) as error:
            raise RegistryError(
                f"the provider `{point.name}` of {origin} cannot be loaded: {error}"
            ) from error
        try:
            return maker(kit)
        except Exception as error:
            # Code of others, called once: whatever it raises ends the start with a sentence. Its text may hold a secret.
            what = f"{type(error).__name__} {error}" if isinstance(error, KeyError) else type(error).__name__
            raise RegistryError(f"the provider `{point.name}` of {origin} cannot be made: {what}") from error

    return make
