"""The poll: processor time of a cycle, how long a page holds the loop, and wall time beside its lower bound."""

import statistics
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from tests.bench.children import Child
from tests.bench.figures import Bench, in_turn, percentile, ratios, shown

SEATS = 8
LATENCY = 0.3
"""Seconds that the provider takes for an answer."""


def run(bench: Bench) -> None:
    """All of it."""
    _processor_time(bench)
    _wall_time(bench)


def _processor_time(bench: Bench) -> None:
    pages, dates = 10, 14 if bench.full else 2
    first = datetime.now(UTC).date() + timedelta(days=30)
    days = [(first + timedelta(days=number)).isoformat() for number in range(dates)]
    bench.say(
        f"Poll without the wire: {2 * pages * dates} pages of 1 MB, a table opened and one closed at 2 of 75 venues since the last."
    )
    with ExitStack() as stack:
        ours = stack.enter_context(Child("servers.cycle", days=days, pages=pages))
        watched = stack.enter_context(Child("servers.cycle", days=days, pages=pages, watch=True))
        usual = stack.enter_context(Child("peers.pydantic_cycle", days=days, pages=pages))
        generation = {ours: 0, watched: 0, usual: 0}

        def cpu(child: Child, **how: bool) -> float:
            generation[child] += 1
            return float(child.do("cycle", generation=generation[child], **how)["cpu"])

        warm, peer = in_turn(bench.pairs, lambda: cpu(ours), lambda: cpu(usual))
        noisy = in_turn(bench.pairs, lambda: cpu(ours, noise=True))[0]
        cold = in_turn(bench.pairs, lambda: cpu(ours, cold=True))[0]
        blocks = []
        watched.do("cycle", generation=99)
        for number in range(100, 100 + bench.pairs):
            blocks += watched.do("cycle", generation=number)["blocks"]
        first_blocks = watched.do("cycle", generation=200, cold=True)["blocks"]
    calls = 2 * pages * dates
    for name, found in (
        ("ours", warm),
        ("ours where every hit's bytes differ", noisy),
        ("ours right after a start", cold),
        ("json + pydantic", peer),
    ):
        bench.say(
            f"  {name}: {shown([1000 * one / calls for one in found], ' ms', digits=2)} of processor time a page"
        )
    bench.at_most("poll_cpu_vs_json_pydantic", ratios(warm, peer), 0.1)
    worst = [1000 * one for one in blocks]
    bench.say(
        f"  the longest the loop was held in {len(worst)} pages: median {statistics.median(worst):.2f} ms, p99 "
        f"{percentile(worst, 0.99):.2f} ms, worst {max(worst):.2f} ms; after a start worst {1000 * max(first_blocks):.2f} ms"
    )
    bench.at_most("poll_loop_block_ms_p99", percentile(worst, 0.99), 5.0)


def _wall_time(bench: Bench) -> None:
    dates, pages = (14, 10) if bench.full else (14, 2)
    settings = {
        "WINDOW_DAYS": dates, "PAGES_PER_CYCLE": pages, "POLL_INTERVAL": "1h", "RESY_RATE": "100000/s", "RESY_API_KEY": "k",
        "PROVIDERS": "resy", "POLL_CONCURRENCY": SEATS, "BUCKET_TIMEOUT": "120s",
    }  # fmt: skip
    with ExitStack() as stack:
        provider = stack.enter_context(Child("servers.provider", latency=LATENCY, total=pages))
        settings["RESY_BASE_URL"] = f"http://127.0.0.1:{provider.port}"
        service = stack.enter_context(Child("servers.whole", settings=settings, polled=True))
        service.do("idle")
        found = []
        for _ in range(bench.pairs):
            told = service.do("cycle")
            if told["failed"]:
                raise RuntimeError(f"{told['failed']} buckets failed")
            found.append(told)
    bounds = [one["calls"] * LATENCY / SEATS for one in found]
    bench.say(
        f"A cycle of {found[0]['calls']} calls that each take {LATENCY:.1f} s and bring 1 MB, gzipped, {SEATS} at once: "
        f"{shown([one['wall'] for one in found], ' s', digits=2)}; lower bound {bounds[0]:.2f} s; "
        f"processor time {shown([one['cpu'] for one in found], ' s', digits=2)}"
    )
    bench.at_most("cycle_wall_vs_lower_bound", ratios([one["wall"] for one in found], bounds), 1.15)
