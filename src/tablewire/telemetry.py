"""The log and the metrics of the service, and the names that both use."""

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from enum import StrEnum
from typing import Any, Literal, TextIO, cast

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from structlog.typing import FilteringBoundLogger, Processor

MASK = "********"
"""What stands in the log where a secret would."""


class LogEvent(StrEnum):
    """The stable names of what is logged; machines look for these, people read `message`."""

    STARTING = "starting"
    STARTED = "started"
    STOPPING = "stopping"
    STOPPED = "stopped"
    POLL_CYCLE = "poll_cycle"
    POLL_FAILED = "poll_failed"
    BASELINE_PROGRESS = "baseline_progress"
    WINDOW_MOVED = "window_moved"
    PROVIDER_AWAY = "provider_away"
    PROVIDER_BACK = "provider_back"
    BREAKER_CHANGED = "breaker_changed"
    STORE_AWAY = "store_away"
    STORE_BACK = "store_back"
    POLL_CONFLICT = "poll_conflict"
    LOOP_FAILED = "loop_failed"
    LOOP_GIVEN_UP = "loop_given_up"
    CHECK_FAILED = "check_failed"
    REQUEST_FAILED = "request_failed"
    RECORDING = "recording"
    CHANNEL_PAUSED = "channel_paused"
    DELIVERY_FAILED = "delivery_failed"
    CLEARED = "cleared"
    REBASELINED = "rebaselined"
    RETENTION = "retention"
    ROLLED_UP = "rolled_up"


LogLevel = Literal["debug", "info", "warning", "error"]

_LEVELS: dict[LogLevel, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_SECRET_NAME = re.compile(
    r"(?i)authori[sz]ation|api_?key|password|passwd|secret|cookie|credential|(^|[_-])token$"
)
_SECRET_TEXT = re.compile(
    r"(?i)(api_key=[\"']?|bearer\s+|[\w-]*token[\"']?\s*[:=]\s*[\"']?|password=)[^\s\"'&,;)\]}]+"
    r"|(://[^:/@\s]*:)[^/\s]*@"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]|\n|\t")
_SHORTEST_SECRET = 4


def configure_logging(
    log_format: Literal["console", "json"],
    level: LogLevel,
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send our log and that of every library to one stream (standard error unless told), a line an event.

    `secrets` are texts that are masked wherever they appear. Calling it again replaces what was set before.
    """
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _name_foreign],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                SecretMask(secrets),
                *_renderers(log_format, out),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_LEVELS[level])
    logging.captureWarnings(capture=True)
    for talkative in ("asyncio", "alembic", "aiohttp.access", "uvicorn", "sqlalchemy"):
        logging.getLogger(talkative).setLevel(max(logging.WARNING, _LEVELS[level]))


def _renderers(log_format: Literal["console", "json"], out: TextIO) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.JSONRenderer(default=str, ensure_ascii=False)]
    plain = structlog.dev.plain_traceback  # the prettier ones print local variables, and so secrets
    return [_escape_controls, structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain)]


def _name_foreign(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Give a library's line our shape: its logger is the event, its sentence the message."""
    record: logging.LogRecord | None = entry.get("_record")
    entry["message"] = entry.get("event")
    entry["event"] = record.name if record else "log"
    return entry


def _escape_controls(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep text from outside from moving the cursor or starting a line of its own on a terminal."""
    for name, value in entry.items():
        if isinstance(value, str) and name != "exception":
            entry[name] = _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), value)
        elif name == "exception":
            entry[name] = value.replace("\x1b", "\\x1b")
    return entry


class SecretMask:
    """Masks secrets in a log entry: known texts, whatever looks like a credential, and fields named as one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # Longest first, so that a secret which contains another is masked whole.
        known = sorted({text for text in secrets if len(text) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Mask one entry, as structlog calls it."""
        for name, value in entry.items():
            entry[name] = self._value(name, value)
        return entry

    def _value(self, name: str, value: Any) -> Any:
        if value is not None and not isinstance(value, bool) and _SECRET_NAME.search(name):
            return MASK
        if isinstance(value, int | float | None):
            return value
        if isinstance(value, Mapping):
            return {key: self._value(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value("", inner) for inner in value]
        return self.text(str(value))

    def text(self, text: str) -> str:
        """A text with the secrets in it masked."""
        if self._known:
            text = self._known.sub(MASK, text)
        return _SECRET_TEXT.sub(lambda found: f"{found[1] or found[2]}{MASK}{'@' if found[2] else ''}", text)


def get_logger(room: str) -> FilteringBoundLogger:
    """A logger whose lines carry the room they come from, such as `engine.poll`.

    Call it as `log.info(LogEvent.POLL_CYCLE, message="a sentence", calls=3)`.
    """
    return cast("FilteringBoundLogger", structlog.get_logger(room, room=room))


_CALL_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 25.0)
_LOOP_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

BREAKER_VALUES: dict[Literal["closed", "half_open", "open"], int] = {"closed": 0, "half_open": 1, "open": 2}
"""The number that `tablewire_breaker_state` shows for each state of a circuit breaker."""


class Metrics:
    """Every Prometheus metric of one service, in a registry of its own, so that two services never share one."""

    def __init__(self, *, version: str, demo: bool) -> None:
        self._registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        info = self._gauge("info", "Always 1; the labels say what runs.", "version", "demo")
        info.labels(version, str(demo).lower()).set(1)
        self._name_polling()
        self._name_history()
        self._name_live()
        self._name_outbox()
        self._name_process()

    def _name_polling(self) -> None:
        seconds = "Seconds from the start of a bucket's poll to its end."
        self.poll_seconds = self._histogram("poll_seconds", seconds, _CALL_BUCKETS, "provider")
        self.polls_total = self._counter(
            "polls_total", "Polls of a bucket by outcome.", "provider", "outcome"
        )
        self.polls_skipped_total = self._counter(
            "polls_skipped_total", "Polls skipped: one still ran.", "provider"
        )
        self.call_seconds = self._histogram("call_seconds", "Seconds of one call.", _CALL_BUCKETS, "provider")
        self.calls_total = self._counter("calls_total", "Calls sent, retries among them.", "provider")
        self.retries_total = self._counter(
            "retries_total", "Calls that were second or third attempts.", "provider"
        )
        self.errors_total = self._counter(
            "errors_total", "Calls that went wrong, by kind.", "provider", "kind"
        )
        states = ", ".join(f"{number} {state}" for state, number in BREAKER_VALUES.items())
        self.breaker_state = self._gauge("breaker_state", f"The circuit breaker: {states}.", "provider")
        self.budget_calls_per_second = self._gauge(
            "budget_calls_per_second", "The rate in force.", "provider"
        )
        coverage = "Share of known venues observed within the window (2m, 10m, ever)."
        self.coverage_ratio = self._gauge("coverage_ratio", coverage, "provider", "window")
        self._name_sweep()

    def _name_sweep(self) -> None:
        cost = "Calls spent in the last hour for each drop found in it; NaN where none was."
        self.calls_per_drop = self._gauge("calls_per_drop", cost, "market", "provider")
        revisit = "Planned seconds between two looks at a page (median, longest)."
        self.planned_revisit_seconds = self._gauge(
            "planned_revisit_seconds", revisit, "market", "provider", "of"
        )
        wanted = "Venues that somebody waits for."
        self.wanted_venues = self._gauge("wanted_venues", wanted, "market", "provider")

    def _name_history(self) -> None:
        self.slots_open = self._gauge("slots_open", "Slots that are open now.", "market", "provider")
        self.drops_total = self._counter("drops_total", "Drops stored.", "market", "provider")
        self.reopenings_total = self._counter("reopenings_total", "Reopenings stored.", "market", "provider")
        self.closings_total = self._counter(
            "closings_total", "Closings stored.", "market", "provider", "reason"
        )
        self.poll_conflicts_total = self._counter(
            "poll_conflicts_total", "Polls lost to another process.", "provider"
        )
        stored = "Seconds that a poll's transaction took."
        self.commit_seconds = self._histogram("commit_seconds", stored, _LOOP_BUCKETS)

    def _name_live(self) -> None:
        delay = "Seconds from the commit of an event to its frame's handing over to the streams."
        self.commit_to_stream_seconds = self._histogram("commit_to_stream_seconds", delay, _LOOP_BUCKETS)
        self.sse_clients = self._gauge("sse_clients", "Streams that are open now.")
        self.sse_frames_total = self._counter("sse_frames_total", "Frames handed to streams.")
        self.sse_bytes_total = self._counter("sse_bytes_total", "Bytes handed to streams.")
        dropped = "Streams ended because their reader fell too far behind."
        self.slow_clients_dropped_total = self._counter("slow_clients_dropped_total", dropped)

    def _name_outbox(self) -> None:
        waiting = "Deliveries of notifications that wait, those that quiet hours hold back among them."
        self.outbox_deliveries = self._gauge("outbox_deliveries", waiting)
        age = "Age in seconds of the delivery that waits longest; 0 where none does."
        self.outbox_age_seconds = self._gauge("outbox_age_seconds", age)

    def _name_process(self) -> None:
        self.loop_restarts_total = self._counter(
            "loop_restarts_total", "Restarts of a loop that raised.", "loop"
        )
        lag = "Seconds by which the event loop woke later than asked."
        self.event_loop_lag_seconds = self._histogram("event_loop_lag_seconds", lag, _LOOP_BUCKETS)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"tablewire_{name}", meaning, labels, registry=self._registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"tablewire_{name}", meaning, labels, registry=self._registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"tablewire_{name}", meaning, labels, buckets=buckets, registry=self._registry)

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)
