"""The whole service: how soon it is ready, how much memory it holds, how late its loop runs while it works."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tablewire.domain.buckets import BucketKey
from tablewire.domain.markets import NYC, window
from tablewire.storage.store import PostgresStore
from tests.bench import databases
from tests.bench.children import Child
from tests.bench.fanout import MANY_STREAMS
from tests.bench.figures import Bench, percentile, shown
from tests.bench.ports import free_port
from tests.bench.things import open_slot, poll_of

OPEN = 50_000
PATIENCE = 30.0


def run(bench: Bench) -> None:
    """All of it."""
    _readiness(bench)
    _in_memory(bench)
    _at_work(bench)


def _readiness(bench: Bench) -> None:
    """From the start of the command to the first 200 of its readiness, on a database with 50,000 open slots."""
    folder = bench.new_folder()
    with databases.server(folder) as dsn:
        asyncio.run(_fill(dsn))
        outside = [_until_ready(bench, {"DATABASE_URL": dsn}) for _ in range(bench.pairs + 1)][1:]
    inside = [_until_ready(bench, {"DATA_DIR": str(folder)}) for _ in range(bench.pairs + 1)][1:]
    bench.say(
        f"Ready on a database with {OPEN:,} open slots: {shown(outside, ' s', digits=2)}; "
        f"with the embedded server's start: {shown(inside, ' s', digits=2)}"
    )
    bench.at_most("ready_seconds", sorted(outside)[len(outside) // 2], 1.5)
    bench.at_most("ready_seconds_with_embedded_postgres", sorted(inside)[len(inside) // 2], 3.0)


async def _fill(dsn: str) -> None:
    """Slots of the dates that the service watches, and the observations that go with them."""
    store = await PostgresStore.open(dsn)
    days = window(datetime.now(UTC), NYC.zone, 14)[1:]
    try:
        keys = [BucketKey("nyc", day, slot) for day in days for slot in ("15:00", "19:00")]
        states = await store.load(keys, "resy")
        for number, key in enumerate(keys):
            each = range(number * OPEN // len(keys), (number + 1) * OPEN // len(keys))
            change = poll_of(states[key], opened=[open_slot(one, key.service_date) for one in each])
            await store.record(change, states[key])
    finally:
        await store.close()


def _until_ready(bench: Bench, settings: dict[str, str]) -> float:
    """Seconds until the service is ready; it is stopped in order then."""
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TABLEWIRE_")}
    environ |= {f"TABLEWIRE_{name}": value for name, value in {"LOG_LEVEL": "error", **settings}.items()}
    began = time.monotonic()
    with (Path(bench.folder) / "service.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tablewire", "serve", "--port", str(port)],
            env=environ, cwd=bench.folder, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        while not _is_ready(port):
            if process.poll() is not None or time.monotonic() - began > PATIENCE:
                raise RuntimeError((Path(bench.folder) / "service.log").read_text()[-500:])
            time.sleep(0.01)
        return time.monotonic() - began
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _in_memory(bench: Bench) -> None:
    """Two providers with 4,200 venues between them, all of them seen on 28 buckets for two party sizes, and 50,000 slots open."""
    pages = 28
    settings = {
        **MANY_STREAMS, "PROVIDERS": "resy", "PAGES_PER_CYCLE": pages, "POLL_INTERVAL": "10m", "RESY_RATE": "50/s",
        "RESY_API_KEY": "k", "BUCKET_TIMEOUT": "100s", "PARTY_SIZES": "2,4",
    }  # fmt: skip
    with ExitStack() as stack:
        provider = stack.enter_context(Child("servers.provider", total=pages, few=True))
        days = [day.isoformat() for day in window(datetime.now(UTC), NYC.zone, 14)]
        for day in days:
            provider.do("show", generation=0, days=[day])
        settings["RESY_BASE_URL"] = f"http://127.0.0.1:{provider.port}"
        dsn = stack.enter_context(databases.server(bench.new_folder()))
        service = stack.enter_context(
            Child("servers.whole", settings=settings, dsn=dsn, polled=True, twin=True)
        )
        service.do("idle")
        service.do("cycle")
        figures = service.do("figures")
    memory = figures["resident"] / 1e6
    bench.say(
        f"Two providers, {figures['buckets'] // 2} buckets, {figures['pairs']:,} pairs of venue and party size in them, "
        f"{figures['open']:,} open slots, after two cycles of 1,568 pages at 100 a second: {memory:.0f} MB resident"
    )
    bench.at_most("service_memory_mb", memory, 200)


def _at_work(bench: Bench) -> None:
    """Two providers over 28 buckets: 50,000 open slots, cycles one after the other."""
    pages = 5
    settings = {
        **MANY_STREAMS, "PROVIDERS": "resy", "PAGES_PER_CYCLE": pages, "POLL_INTERVAL": "6s" , "RESY_RATE": "25/s",
        "RESY_API_KEY": "k", "BUCKET_TIMEOUT": "60s",
    }  # fmt: skip
    with ExitStack() as stack:
        provider = stack.enter_context(Child("servers.provider", total=pages, latency=0.1))
        days = [day.isoformat() for day in window(datetime.now(UTC), NYC.zone, 14)]
        provider.do("show", generation=0, days=days)
        settings["RESY_BASE_URL"] = f"http://127.0.0.1:{provider.port}"
        dsn = stack.enter_context(databases.server(bench.new_folder()))
        service = stack.enter_context(
            Child("servers.whole", settings=settings, dsn=dsn, polled=True, twin=True)
        )
        service.do("idle")
        provider.do("show", generation=1, days=days)
        service.do("lag", seconds=12)
        figures = service.do("figures")
        if figures["buckets"] != 56 or figures["open"] < OPEN * 0.9:
            raise RuntimeError(f"{figures['buckets']} states, {figures['open']} open slots")
        bench.say(
            f"In service with {figures['open']:,} open slots: {figures['resident'] / 1e6:.0f} MB resident"
        )
        readers = stack.enter_context(Child("servers.readers"))
        readers.do("connect", port=service.port, paths=["/feed/stream"], count=1_000)
        provider.do("show", generation=2, days=days)
        lags = [1000 * one for one in service.do("lag", seconds=30 if bench.full else 15)["lags"]]
    bench.say(
        f"The loop's lag in service (50 pages of 1 MB a second from two providers, 1,000 streams, a drop at 2 of 75 venues): median "
        f"{percentile(lags, 0.5):.1f} ms, p99 {percentile(lags, 0.99):.1f} ms, worst {max(lags):.1f} ms"
    )
    bench.at_most("loop_lag_p99_ms_in_service", percentile(lags, 0.99), 50)
