"""The service at a whole city, in real time: what a cycle costs, what it holds, how late its loop runs, how much it covers."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from tests.bench.ports import free_port

INTERVAL = 30.0
"""Seconds between two cycles: the setting's default."""
PATIENCE = 120.0
HASH = "0" * 64
OBSERVED = {"resy": 0.995, "opentable": 0.93}
"""Share of the venues that can be looked at: some of OpenTable's are only listed there."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What the service is given: budgets are in calls a second to each provider, times in seconds."""

    rate: float
    warm_up: float
    """At most so long from the start until the figures are taken; less where every venue has been looked at before."""
    cycles: int = 10
    """So many cycles the figures are taken over."""
    resy_venues: int = 2700
    opentable_venues: int = 1500


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What it came to."""

    rate: float
    cpu_seconds: float
    """Processor seconds of the service's own process, a cycle."""
    resident: float
    """Bytes of memory it holds at the end."""
    lag_p99_ms: float
    """The 99th percentile of the loop's lag; the upper bound of its bucket."""
    open_slots: int
    calls: Mapping[str, float]
    """Calls a second by provider."""
    coverage: Mapping[str, Mapping[str, int]]
    """Venues observed by provider and window."""
    seconds_to_all: float | None
    """From the start until every venue of both providers had been observed; None where it did not come to that."""


def measure(load: Load, folder: Path) -> Cost:
    """Run the city and the service as users do, each a process of its own."""
    with ExitStack() as stack:
        city = stack.enter_context(_city(load, folder))
        service = stack.enter_context(_service(load, city, folder))
        began = time.monotonic()
        all_at = _warm_up(load, service, began)
        before, lag_before = _metrics(service), _lags(service)
        time.sleep(load.cycles * INTERVAL)
        after, lag_after = _metrics(service), _lags(service)
        health = _json(service, "/discovery/health")
    seconds = load.cycles * INTERVAL
    cpu = "process_cpu_seconds_total"
    return Cost(
        rate=load.rate,
        cpu_seconds=(after[cpu] - before[cpu]) / load.cycles,
        resident=after["process_resident_memory_bytes"],
        lag_p99_ms=1000 * _percentile(lag_before, lag_after, 0.99),
        open_slots=round(
            sum(value for name, value in after.items() if name.startswith("tablewire_slots_open"))
        ),
        calls={
            provider: (after[name] - before[name]) / seconds
            for provider in ("resy", "opentable")
            if (name := f"tablewire_calls_total {provider}") in after
        },
        coverage=health["coverage"],
        seconds_to_all=None if all_at is None else all_at - began,
    )


def _warm_up(load: Load, service: int, began: float) -> float | None:
    """Wait until every venue has been looked at, or for as long as is allowed."""
    wanted = {"resy": load.resy_venues, "opentable": load.opentable_venues}
    while time.monotonic() - began < load.warm_up:
        coverage = _json(service, "/discovery/health")["coverage"]
        if all(
            coverage.get(provider, {}).get("ever", 0) >= OBSERVED[provider] * count
            for provider, count in wanted.items()
        ):
            return time.monotonic()
        time.sleep(2)
    return None


@contextmanager
def _city(load: Load, folder: Path) -> Iterator[str]:
    port = free_port()
    sizes = ["--venues", str(load.resy_venues), "--opentable-venues", str(load.opentable_venues)]
    with _process(["simulate", "--port", str(port), *sizes], {}, folder, "city"):
        _wait_for(port, "/_faults")
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _service(load: Load, city: str, folder: Path) -> Iterator[int]:
    port, rate = free_port(), f"{load.rate:g}/s"
    settings = {
        "DATA_DIR": str(folder / f"data-{load.rate:g}"),
        "LOG_LEVEL": "warning",
        "RESY_BASE_URL": city,
        "RESY_API_KEY": "any",
        "RESY_RATE": rate,
        "OPENTABLE_BASE_URL": city,
        "OPENTABLE_HASH_MULTISEARCHRESULTS": HASH,
        "OPENTABLE_HASH_RESTAURANTSAVAILABILITY": HASH,
        "OPENTABLE_RATE": rate,
    }
    with _process(["serve", "--port", str(port)], settings, folder, "service"):
        _wait_for(port, "/health/live")
        yield port


@contextmanager
def _process(
    arguments: list[str], settings: Mapping[str, str], folder: Path, name: str
) -> Iterator[subprocess.Popen[bytes]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TABLEWIRE_")}
    environ |= {f"TABLEWIRE_{name}": value for name, value in settings.items()}
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tablewire", *arguments], env=environ, cwd=folder, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


def _wait_for(port: int, path: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            _read(port, path)
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _read(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        text: str = answer.read().decode()
        return text


def _json(port: int, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_read(port, path))
    return found


def _metrics(service: int) -> dict[str, float]:
    """Each sample by its name and the values of its labels."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(_read(service, "/metrics"))
        for sample in family.samples
    }


def _lags(service: int) -> dict[float, float]:
    """How often the loop was at most so many seconds late."""
    name = "tablewire_event_loop_lag_seconds_bucket"
    return {
        float(sample.labels["le"]): sample.value
        for family in text_string_to_metric_families(_read(service, "/metrics"))
        for sample in family.samples
        if sample.name == name
    }


def _percentile(before: Mapping[float, float], after: Mapping[float, float], share: float) -> float:
    counts = {bound: after[bound] - before.get(bound, 0.0) for bound in sorted(after)}
    wanted = share * max(counts.values())
    return next(bound for bound, count in counts.items() if count >= wanted)
