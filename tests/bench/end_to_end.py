"""End to end: from the start of a poll to the bytes at the last of 1,000 subscribers, beside the usual stack."""

import time
from contextlib import ExitStack
from datetime import UTC, datetime

from tablewire.domain.markets import NYC, window
from tests.bench import databases
from tests.bench.children import Child
from tests.bench.city import CHANGED
from tests.bench.fanout import MANY_STREAMS
from tests.bench.figures import Bench, percentile, ratios, shown

PAGES = 5
SUBSCRIBERS = 1_000
DROPS = PAGES * CHANGED


class Stack:
    """One stack at work: it polls the provider when told, and its subscribers hear of it."""

    def __init__(self, stack: ExitStack, server: Child) -> None:
        self.server = server
        self.readers = stack.enter_context(Child("servers.readers"))
        self.readers.do("connect", port=server.port, paths=["/feed/stream"], count=SUBSCRIBERS)

    def delay(self) -> float:
        """Seconds from the start of a poll to the arrival of its last event at the last subscriber."""
        self.readers.tell("wait", marks=DROPS, patience=20)
        told = self.server.do("poll", pages=PAGES)
        heard = self.readers.answer()
        if told["drops"] != DROPS or heard["short"] or heard["lost"]:
            raise RuntimeError(
                f"{told['drops']} drops, {heard['short']} subscribers missed some, {heard['lost']} were cut"
            )
        return float(heard["finished"] - told["began"])


def run(bench: Bench) -> None:
    """All of it."""
    polls = 100 if bench.full else 40
    day = window(datetime.now(UTC), NYC.zone, 2)[-1].isoformat()
    settings = {
        **MANY_STREAMS, "WINDOW_DAYS": 2, "PARTY_SIZES": 2, "PAGES_PER_CYCLE": PAGES, "POLL_INTERVAL": "1h",
        "RESY_RATE": "100000/s", "RESY_API_KEY": "k",
    }  # fmt: skip
    with ExitStack() as stack:
        provider = stack.enter_context(Child("servers.provider", total=PAGES))
        url = f"http://127.0.0.1:{provider.port}"
        sizes = provider.do("show", generation=0, days=[day])["bytes"]
        dsn = stack.enter_context(databases.server(bench.new_folder()))
        service = Child("servers.whole", settings={**settings, "RESY_BASE_URL": url}, dsn=dsn, polled=True)
        stack.enter_context(service)
        service.do("idle")
        usual = stack.enter_context(Child("peers.whole", dsn=databases.fresh(dsn), url=url, day=day))
        for server in (service, usual):
            server.do("poll", pages=PAGES)
        ours_at_work, usual_at_work = Stack(stack, service), Stack(stack, usual)
        own, peer = list[float](), list[float]()
        for generation in range(1, polls + 6):
            provider.do("show", generation=generation, days=[day])
            for found, one in ((own, ours_at_work), (peer, usual_at_work)):
                found.append(1000 * one.delay())
                time.sleep(0.02)
    own, peer = own[5:], peer[5:]
    bench.say(
        f"{PAGES} pages of 1 MB ({sizes[0] // 1000} kB gzipped), {DROPS} drops, {SUBSCRIBERS} subscribers, {polls} polls in turn: "
        f"ours {shown(own, ' ms', digits=1)}, usual stack {shown(peer, ' ms', digits=1)}"
    )
    bench.at_most("end_to_end_p50_vs_usual_stack", ratios(own, peer), 1 / 8)
    bench.at_most("end_to_end_p99_vs_usual_stack", percentile(own, 0.99) / percentile(peer, 0.99), 1 / 8)
