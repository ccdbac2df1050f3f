"""The addresses of insights on the service as users start it, over HTTP, one request after the other."""

import http.client
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tests.bench.children import Child
from tests.bench.fanout import MANY_STREAMS
from tests.bench.figures import Bench, percentile

SETTINGS = {
    **MANY_STREAMS, "RESY_API_KEY": "k", "RESY_BASE_URL": "http://127.0.0.1:9", "POLL_INTERVAL": "1h",
}  # fmt: skip
"""Nobody answers its polls: what is open is read from the store at the start."""
TIMES = 40
VENUE = "/venues/resy/7"


def paths() -> dict[str, str]:
    """What is asked for, by the names of the figures."""
    now = datetime.now(UTC)
    year, tomorrow = (now - timedelta(days=365)).date(), (now + timedelta(days=1)).date()
    return {
        "venue_metrics": f"{VENUE}/metrics",
        "venue_metrics_90_days": f"{VENUE}/metrics?window_days=90",
        "rankings": "/venues/rankings",
        "forecast": f"{VENUE}/forecast?dates={tomorrow}",
        "forecasts": "/insights/forecasts",
        "market_24_hours": "/market/metrics?window=24h",
        "market_14_days": "/market/metrics",
        "market_year": f"/market/metrics?from={year}T00:00:00Z",
        "market_year_prime": f"/market/metrics?from={year}T00:00:00Z&time_bucket=prime&weekday=fri,sat",
        "supply": "/market/supply",
        "alerts": "/insights/alerts",
        "history": f"{VENUE}/history",
        "chart": f"{VENUE}/chart.svg",
    }


def measure(bench: Bench, dsn: str, wanted: Mapping[str, str] | None = None) -> None:
    """Each address so many times, after once to warm up."""
    with Child("servers.whole", settings=SETTINGS, dsn=dsn, polled=True) as service:
        line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        for name, path in (wanted or paths()).items():
            milliseconds, size = list[float](), 0
            for _ in range(TIMES + 1):
                began = time.perf_counter()
                line.request("GET", path)
                answer = line.getresponse()
                size = len(answer.read())
                milliseconds.append(1000 * (time.perf_counter() - began))
                if answer.status != 200:
                    raise RuntimeError(f"{path}: {answer.status}")
            p50, p95 = (percentile(milliseconds[1:], share) for share in (0.5, 0.95))
            bench.say(
                f"   {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, first {milliseconds[0]:.0f} ms, {size:,} bytes ({path})"
            )
