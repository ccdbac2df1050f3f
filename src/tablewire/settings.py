"""The settings in force, read once at the start from the environment and a `.env` file."""

import ipaddress
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import msgspec

from tablewire.domain.markets import NYC, Market
from tablewire.domain.wanted import WantedVenue
from tablewire.errors import SettingsError
from tablewire.setting_files import read_markets, read_opt_out, read_wanted
from tablewire.setting_reader import PREFIX, Reader, ShownSetting
from tablewire.setting_rooms import (
    ROOMS,
    ClientSettings,
    DatabaseSettings,
    DiscoverySettings,
    HttpSettings,
    LiveSettings,
    LogSettings,
    MarketSettings,
    NotificationSettings,
    OpenTableSettings,
    ProviderSettings,
    ResySettings,
    RetentionSettings,
    rooms,
)

_T = TypeVar("_T")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings, a struct for each room that wants some."""

    database: DatabaseSettings
    http: HttpSettings
    live: LiveSettings
    providers: ProviderSettings
    resy: ResySettings
    opentable: OpenTableSettings
    market: MarketSettings
    discovery: DiscoverySettings
    retention: RetentionSettings
    notifications: NotificationSettings
    client: ClientSettings
    log: LogSettings
    markets: tuple[Market, ...]
    """The markets that MARKETS names, in its order."""
    opt_out: frozenset[tuple[str, str]]
    """The venues in the OPT_OUT file, as (provider, venue id)."""
    wanted: tuple[WantedVenue, ...]
    """The venues in the WANTED file."""
    demo: bool
    """Whether the service runs on a make-believe city; said wherever data is shown."""
    shown: tuple[ShownSetting, ...]

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str],
        env_file: Path | None = None,
        *,
        demo: bool = False,
        options: Mapping[str, str] | None = None,
    ) -> Self:
        """Read all settings: `options` (full names) win over `environ`, which wins over the file, which may be missing.

        An empty value counts as left out. Raises SettingsError with every wrong variable at once.
        """
        reader = Reader(environ, env_file, options or {})
        reader.refuse_unknown([variable for _, variables in rooms() for variable in variables.values()])
        found: dict[str, Any] = {
            room: struct(**{field: reader.value(variable) for field, variable in variables.items()})
            for room, (struct, variables) in zip(ROOMS, rooms(), strict=True)
        }
        found |= _Checks(reader, found).values()
        return cls(**found, demo=demo, shown=reader.finish())

    @property
    def database_name(self) -> str:
        """The database that is used in the embedded server: the demo has one of its own."""
        return "tablewire_demo" if self.demo else "tablewire"

    @property
    def not_polled(self) -> dict[str, str]:
        """The enabled providers that cannot be polled, each with what is missing, in plain words."""
        missing = {}
        if not self.resy.api_key:
            missing["resy"] = f"{PREFIX}RESY_API_KEY is not set"
        if absent := self.opentable.absent_hashes:
            names = " and ".join(f"{PREFIX}{name}" for name in absent)
            missing["opentable"] = f"{names} {'are' if len(absent) > 1 else 'is'} not set"
        return {provider: missing[provider] for provider in self.providers.enabled if provider in missing}

    @property
    def polled(self) -> tuple[str, ...]:
        """The enabled providers whose credentials are set; those of third parties look after their own."""
        absent = self.not_polled
        return tuple(provider for provider in self.providers.enabled if provider not in absent)

    def secrets(self) -> frozenset[str]:
        """Every secret text that is set, for the log to mask."""
        return frozenset(
            value.reveal()
            for value in (
                self.resy.api_key,
                self.resy.auth_token,
                self.database.url,
                self.http.secret_key,
                self.client.token,
            )
            if value is not None
        )


def describe(settings: Settings) -> list[ShownSetting]:
    """Every setting in force, in the order of the page: name, value (secrets masked), and where it came from."""
    return list(settings.shown)


class _Checks:
    """The settings that only make sense together, each looked at where the ones it needs could be read."""

    def __init__(self, reader: Reader, found: Mapping[str, Any]) -> None:
        self._reader = reader
        self._found = found

    def values(self) -> dict[str, Any]:
        """What follows from several settings: the markets, the venues left alone, and those waited for."""
        self._check_listening(self._found["http"])
        self._check_timeouts(self._found["discovery"])
        self._check_time_slots(self._found["discovery"])
        return {
            "markets": self._markets(self._found["market"]),
            "opt_out": self._file_of("OPT_OUT", self._found["providers"].opt_out_file, read_opt_out)
            or frozenset(),
            "wanted": self._file_of("WANTED", self._found["providers"].wanted_file, read_wanted) or (),
        }

    def _file_of(self, name: str, path: Path | None, read: Callable[[Path], _T]) -> _T | None:
        try:
            return None if path is None else read(path)
        except ValueError as wrong:
            self._reader.refuse(name, str(wrong))
            return None

    def _markets(self, wanted: MarketSettings) -> tuple[Market, ...]:
        listed = self._file_of("MARKETS_FILE", wanted.file, read_markets) or ()
        known = {NYC.id: NYC} | {market.id: market for market in listed}
        ids = wanted.ids if self._reader.could_read("MARKETS", "MARKETS_FILE") else ()
        absent = ",".join(one for one in ids if one not in known)
        if absent:
            allowed = ", ".join(sorted(known))
            self._reader.refuse(
                "MARKETS", f"{absent!r} is not allowed; allowed: {allowed}, and what MARKETS_FILE has"
            )
        return tuple(known[one] for one in ids if one in known)

    def _check_listening(self, http: HttpSettings) -> None:
        if not self._reader.could_read("HOST", "AUTH") or http.auth == "token" or is_loopback(http.host):
            return
        allowed = "allowed with AUTH=off: `127.0.0.1` or `::1`; AUTH=token listens anywhere"
        self._reader.refuse("HOST", f"{http.host!r} is beyond loopback; {allowed}")

    def _check_timeouts(self, discovery: DiscoverySettings) -> None:
        if not self._reader.could_read("BUCKET_TIMEOUT", "CALL_TIMEOUT"):
            return
        if discovery.bucket_timeout < discovery.call_timeout:
            self._reader.refuse(
                "BUCKET_TIMEOUT", "it is shorter than CALL_TIMEOUT; allowed: at least as long"
            )

    def _check_time_slots(self, discovery: DiscoverySettings) -> None:
        if not self._reader.could_read("TIME_SLOTS", "TIME_SLOT_EDGES"):
            return
        slots, edges = discovery.time_slots, discovery.time_slot_edges
        if list(slots) != sorted(slots):
            self._reader.refuse("TIME_SLOTS", f"{','.join(slots)!r} is not allowed; allowed: times that rise")
        elif len(edges) != len(slots) - 1:
            allowed = f"one time fewer than TIME_SLOTS has ({len(slots) - 1}), `none` where it has one"
            self._refuse_edges(edges, allowed)
        elif not all(low < edge <= high for low, edge, high in zip(slots, edges, slots[1:], strict=False)):
            self._refuse_edges(edges, "each edge later than its time slot, and not later than the next one")

    def _refuse_edges(self, edges: tuple[str, ...], allowed: str) -> None:
        shown = ",".join(edges) or "none"
        self._reader.refuse("TIME_SLOT_EDGES", f"{shown!r} is not allowed; allowed: {allowed}")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on the host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def command_to_run(environ: Mapping[str, str], env_file: Path) -> Literal["serve", "demo"]:
    """What `make run` starts: `serve` where a provider can be polled, or where settings are wrong, so that it says so."""
    try:
        return "serve" if Settings.load(environ, env_file).polled else "demo"
    except SettingsError:
        return "serve"


if __name__ == "__main__":
    print(command_to_run(os.environ, Path(".env")))
