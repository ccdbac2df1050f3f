"""The table of all settings: a struct for each room, and for each field its variable, default, meaning and bounds.

Nothing about a setting stands anywhere else. The page `docs/settings.md`, `tablewire config` and the checks are made from
these structs. Durations are `timedelta`, rates are calls or requests a second.
"""

from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

import msgspec

from tablewire import setting_values as kinds
from tablewire.setting_reader import Variable
from tablewire.setting_values import IpNetwork, Secret


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the history is kept."""

    url: Annotated[
        Secret | None,
        Variable(
            "DATABASE_URL", None, kinds.DATABASE_URL, "PostgreSQL to use; unset: an embedded one in DATA_DIR"
        ),
    ]
    data_dir: Annotated[
        Path, Variable("DATA_DIR", ".tablewire", kinds.PATH, "where the embedded database and keys live")
    ]


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the service listens, and whom it answers."""

    host: Annotated[
        str, Variable("HOST", "127.0.0.1", kinds.HOST, "address to listen on; loopback only with AUTH=off")
    ]
    port: Annotated[
        int, Variable("PORT", "8000", kinds.whole(0, 65_535), "port to listen on; 0 takes a free one")
    ]
    auth: Annotated[
        Literal["off", "token"],
        Variable(
            "AUTH", "off", kinds.one_of("off", "token"), "off: one local user; token: users with tokens"
        ),
    ]
    rate_limit: Annotated[
        float | None,
        Variable(
            "RATE_LIMIT",
            "50/s",
            kinds.rate(can_be_off=True),
            "requests a second per token, or per address without one, bursts of twice as many; none with AUTH=off",
        ),
    ]
    trusted_proxies: Annotated[
        tuple[IpNetwork, ...],
        Variable("TRUSTED_PROXIES", "none", kinds.NETWORK_LIST, "proxies whose X-Forwarded-For is believed"),
    ]
    cors_origins: Annotated[
        tuple[str, ...],
        Variable(
            "CORS_ORIGINS",
            "none",
            kinds.ORIGIN_LIST,
            "web origins whose pages may use the API, with a token where AUTH=token",
        ),
    ]
    shutdown_grace: Annotated[
        timedelta,
        Variable(
            "SHUTDOWN_GRACE",
            "10s",
            kinds.duration(above="0s"),
            "time for running transactions to finish on SIGTERM",
        ),
    ]
    public_url: Annotated[
        str | None,
        Variable(
            "PUBLIC_URL",
            None,
            kinds.BASE_URL,
            "address under which users reach the service, for links in notifications; unset: `http://HOST:PORT`",
        ),
    ]
    secret_key: Annotated[
        Secret | None,
        Variable(
            "SECRET_KEY",
            None,
            kinds.SECRET,
            "key for links and channels' addresses, 32 characters or more; unset: one is made in DATA_DIR",
        ),
    ]

    @property
    def requests_per_second(self) -> float | None:
        """The rate limit in force, in requests a second per client: none with AUTH=off."""
        return None if self.auth == "off" else self.rate_limit


class LiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How many may listen to the live feed."""

    max_streams: Annotated[
        int, Variable("MAX_STREAMS", "10000", kinds.whole(1, 1_000_000), "open streams, all clients together")
    ]
    max_streams_per_client: Annotated[
        int,
        Variable(
            "MAX_STREAMS_PER_CLIENT",
            "20",
            kinds.whole(0, 1_000_000),
            "open streams of one client; 0: no limit",
        ),
    ]


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What all providers share."""

    enabled: Annotated[
        tuple[str, ...],
        Variable(
            "PROVIDERS", "resy,opentable", kinds.ID_LIST, "providers to poll, of those whose keys are set"
        ),
    ]
    user_agent: Annotated[
        str,
        Variable(
            "USER_AGENT",
            "tablewire/<version>",
            kinds.HEADER,
            "sent to providers; `<version>` is the program's own",
        ),
    ]
    opt_out_file: Annotated[
        Path | None,
        Variable(
            "OPT_OUT", None, kinds.PATH, "file of `provider:venue_id` lines: venues that are left alone"
        ),
    ]
    record: Annotated[
        Path | None,
        Variable(
            "RECORD",
            None,
            kinds.PATH,
            "file (`.ndjson`, `.ndjson.gz`) or directory: keep every exchange with providers there, scrubbed of secrets",
        ),
    ]
    record_limit_mb: Annotated[
        int,
        Variable(
            "RECORD_LIMIT_MB", "500", kinds.whole(1, 1_000_000), "megabytes after which RECORD keeps no more"
        ),
    ]
    wanted_file: Annotated[
        Path | None,
        Variable(
            "WANTED",
            None,
            kinds.PATH,
            "file of `provider:venue_id [date…]` lines: venues that are looked at every cycle where that is possible",
        ),
    ]


class ResySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How Resy is asked; polled where the key is set."""

    base_url: Annotated[
        str, Variable("RESY_BASE_URL", "https://api.resy.com", kinds.BASE_URL, "where Resy's API answers")
    ]
    api_key: Annotated[
        Secret | None,
        Variable("RESY_API_KEY", None, kinds.SECRET, "the operator's key; unset: Resy is not polled"),
    ]
    auth_token: Annotated[
        Secret | None, Variable("RESY_AUTH_TOKEN", None, kinds.SECRET, "a user's token; not needed to search")
    ]
    rate: Annotated[
        float, Variable("RESY_RATE", "5/s", kinds.rate(), "budget: calls a second to Resy at most")
    ]


class OpenTableSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How OpenTable is asked; polled where the hashes that `slots` needs are set."""

    base_url: Annotated[
        str,
        Variable(
            "OPENTABLE_BASE_URL", "https://www.opentable.com", kinds.BASE_URL, "where OpenTable's API answers"
        ),
    ]
    search_hash: Annotated[
        str | None,
        Variable(
            "OPENTABLE_HASH_MULTISEARCHRESULTS",
            None,
            kinds.TOKEN,
            "persisted-query hash of the search; unset: OpenTable is not polled",
        ),
    ]
    availability_hash: Annotated[
        str | None,
        Variable(
            "OPENTABLE_HASH_RESTAURANTSAVAILABILITY",
            None,
            kinds.TOKEN,
            "persisted-query hash of the availability call; needed with OPENTABLE_SLOTS=availability",
        ),
    ]
    rate: Annotated[
        float, Variable("OPENTABLE_RATE", "1/s", kinds.rate(), "budget: calls a second to OpenTable")
    ]
    slots: Annotated[
        Literal["availability", "search"],
        Variable(
            "OPENTABLE_SLOTS",
            "availability",
            kinds.one_of("availability", "search"),
            "where slots come from; search is approximate",
        ),
    ]
    hours: Annotated[
        tuple[time, time],
        Variable(
            "OPENTABLE_HOURS",
            "11:00-23:00",
            kinds.HOURS,
            "starts that are asked for, in market time; each six hours more of a part of the day cost a call more",
        ),
    ]

    @property
    def absent_hashes(self) -> tuple[str, ...]:
        """The variables of hashes that are needed and not set."""
        hashes = {"OPENTABLE_HASH_MULTISEARCHRESULTS": self.search_hash}
        if self.slots == "availability":
            hashes["OPENTABLE_HASH_RESTAURANTSAVAILABILITY"] = self.availability_hash
        return tuple(name for name, value in hashes.items() if not value)


class MarketSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which cities are watched."""

    ids: Annotated[tuple[str, ...], Variable("MARKETS", "nyc", kinds.ID_LIST, "ids of the markets to watch")]
    file: Annotated[
        Path | None,
        Variable(
            "MARKETS_FILE",
            None,
            kinds.PATH,
            "TOML with `[[market]]` tables: id, time_zone, latitude, longitude, radius_m, opentable_metro_id",
        ),
    ]


class DiscoverySettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is polled, how often, and the rules of the diff."""

    window_days: Annotated[
        int, Variable("WINDOW_DAYS", "14", kinds.whole(1, 60), "dates watched, service today first")
    ]
    time_slots: Annotated[
        tuple[str, ...],
        Variable("TIME_SLOTS", "15:00,19:00", kinds.TIME_LIST, "the times that name a day's buckets"),
    ]
    time_slot_edges: Annotated[
        tuple[str, ...],
        Variable(
            "TIME_SLOT_EDGES",
            "17:00",
            kinds.TIME_LIST_OR_NONE,
            "where one bucket of a day ends, the next begins",
        ),
    ]
    party_sizes: Annotated[
        tuple[int, ...],
        Variable("PARTY_SIZES", "2,4", kinds.PARTY_SIZE_LIST, "seats asked for, a sweep each"),
    ]
    poll_interval: Annotated[
        timedelta,
        Variable("POLL_INTERVAL", "30s", kinds.duration(above="0s"), "how often every bucket is due"),
    ]
    poll_concurrency: Annotated[
        int,
        Variable("POLL_CONCURRENCY", "8", kinds.whole(1, 256), "provider calls in flight, over all buckets"),
    ]
    call_timeout: Annotated[
        timedelta,
        Variable(
            "CALL_TIMEOUT",
            "12s",
            kinds.duration(above="0s"),
            "limit of one call, counted from when it is sent",
        ),
    ]
    bucket_timeout: Annotated[
        timedelta, Variable("BUCKET_TIMEOUT", "25s", kinds.duration(above="0s"), "limit of one bucket's poll")
    ]
    pages_per_cycle: Annotated[
        int,
        Variable(
            "PAGES_PER_CYCLE",
            "3",
            kinds.whole(1, 100),
            "first pages fetched each cycle per date and party size",
        ),
    ]
    sweep: Annotated[
        Literal["adaptive", "turns"],
        Variable(
            "SWEEP",
            "adaptive",
            kinds.one_of("adaptive", "turns"),
            "deeper pages are asked for where a look is worth most, or simply in turn",
        ),
    ]
    resume_gap: Annotated[
        timedelta,
        Variable(
            "RESUME_GAP", "10m", kinds.duration(above="0s"), "after it what opened unseen is told to nobody"
        ),
    ]
    drop_cooldown: Annotated[
        timedelta,
        Variable("DROP_COOLDOWN", "0s", kinds.duration(), "within it a second opening is no drop; 0s: off"),
    ]
    expiry_lead: Annotated[
        timedelta,
        Variable(
            "EXPIRY_LEAD", "15m", kinds.duration(), "so long before its start a closing counts as expired"
        ),
    ]
    baseline_polls: Annotated[
        int,
        Variable(
            "BASELINE_POLLS", "1", kinds.whole(1, 100), "a venue's first observations, which are no news"
        ),
    ]


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How long rows are kept."""

    events: Annotated[
        timedelta, Variable("RETENTION_EVENTS", "400d", kinds.duration(least="1d"), "age of events")
    ]
    notifications: Annotated[
        timedelta,
        Variable("RETENTION_NOTIFICATIONS", "90d", kinds.duration(least="1d"), "age of notifications"),
    ]


class NotificationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What users' channels may reach."""

    channel_allow: Annotated[
        tuple[IpNetwork | str, ...],
        Variable(
            "CHANNEL_ALLOW",
            "none",
            kinds.INSIDE_LIST,
            "addresses of the inside that users' channels may reach; all others of the inside are refused",
        ),
    ]


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How `tablewire drops` asks a running service; the service itself needs none of it."""

    token: Annotated[
        Secret | None,
        Variable("TOKEN", None, kinds.SECRET, "your token, where the service runs with AUTH=token"),
    ]


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the log is written."""

    format: Annotated[
        Literal["console", "json"],
        Variable(
            "LOG_FORMAT", "console", kinds.one_of("console", "json"), "lines for people, or JSON for machines"
        ),
    ]
    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Variable(
            "LOG_LEVEL", "info", kinds.one_of("debug", "info", "warning", "error"), "what is worth a line"
        ),
    ]


ROOMS: dict[str, type[msgspec.Struct]] = {
    "database": DatabaseSettings,
    "http": HttpSettings,
    "live": LiveSettings,
    "providers": ProviderSettings,
    "resy": ResySettings,
    "opentable": OpenTableSettings,
    "market": MarketSettings,
    "discovery": DiscoverySettings,
    "retention": RetentionSettings,
    "notifications": NotificationSettings,
    "client": ClientSettings,
    "log": LogSettings,
}


def rooms() -> Iterator[tuple[type[msgspec.Struct], dict[str, Variable]]]:
    """Every room's struct, with the variable behind each of its fields."""
    for struct in ROOMS.values():
        hints = get_type_hints(struct, include_extras=True)
        yield struct, {field: hint.__metadata__[0] for field, hint in hints.items()}
