"""Live fan-out: one publisher, many subscribers, beside the usual stack and beside Python's limit."""

from contextlib import ExitStack
from typing import Any

from tablewire.live.sse import SSE, Entry
from tests.bench import nchan
from tests.bench.children import Child, resident
from tests.bench.figures import Bench, in_turn, percentile, ratios, shown
from tests.bench.things import Short, event

MANY_STREAMS = {"MAX_STREAMS": 1_000_000, "MAX_STREAMS_PER_CLIENT": 1_000_000, "PROVIDERS": "resy"}
_PATH = "/feed/stream"


class Listened:
    """One server and its subscribers."""

    def __init__(self, stack: ExitStack, server: Child, count: int, paths: list[str] | None = None) -> None:
        self.server = server
        self.count = count
        self.readers = stack.enter_context(Child("servers.readers"))
        pid = server.hello.get("worker", server.pid)
        before = resident(pid)
        self.readers.do("connect", port=server.port, paths=paths or [_PATH], count=count)
        self.bytes_each = (resident(pid) - before) / count
        self.cpu: list[float] = []

    def deliveries(self, events: int, *, short: bool = True) -> float:
        """Deliveries a second, from the first event's publishing to the last one's arrival at the last subscriber."""
        told, heard = self._burst(events, short=short)
        self.cpu.append(told["cpu"] / events / self.count * 1e6)
        return float(events * self.count / (heard["finished"] - told["times"][0]))

    def delays(self, events: int, pause: float) -> list[float]:
        """Seconds from publishing to arrival, of every delivery, at a steady pace."""
        told, heard = self._burst(events, pause=pause, each=True, short=True)
        return [at - sent for sent, each in zip(told["times"], heard["arrivals"], strict=True) for at in each]

    def _burst(self, events: int, *, short: bool, pause: float = 0.0, each: bool = False) -> tuple[Any, Any]:
        self.readers.tell("wait", marks=events, each=each, patience=90)
        told = self.server.do("burst", count=events, pause=pause, short=short)
        heard = self.readers.answer()
        if heard["short"] or heard["lost"]:
            raise RuntimeError(f"{heard['short']} subscribers missed events, {heard['lost']} were cut")
        return told, heard


def run(bench: Bench) -> None:
    """All of it."""
    whole = event(1)
    sizes = [len(SSE.event(Entry(one))) for one in (Short.of(whole), whole)]
    bench.say(
        f"One publisher, N subscribers, frames of {sizes[0]} bytes (whole events: {sizes[1]}), published one after the other "
        "without a pause."
    )
    for count in (1_000, 10_000):
        _fan_out(bench, count)
    _filters(bench)
    if not bench.full:
        bench.say("nchan is measured by `make bench-full` only.")
    elif (nginx := nchan.found(bench)) is not None:
        for count in (1_000, 10_000):
            _beside_nchan(bench, nginx, count)


def _beside_nchan(bench: Bench, nginx: dict[str, str], count: int) -> None:
    """nginx's module with one worker."""
    events = 300_000 // count
    with ExitStack() as stack:
        ours = Listened(stack, stack.enter_context(Child("servers.whole", settings=MANY_STREAMS)), count)
        folder = str(bench.new_folder())
        peer = Listened(stack, stack.enter_context(Child("servers.nchan", folder=folder, **nginx)), count)
        own, other = in_turn(bench.pairs, *[lambda one=one: one.deliveries(events) for one in (ours, peer)])
        bench.say(
            f"  {count} x ours: {shown(own)} deliveries/s, nchan {shown(other)}; {peer.bytes_each / 1000:.1f} kB a connection there"
        )
        bench.at_least(f"fanout_vs_nchan_{count}", ratios(own, other), 1.1)
        bench.at_most(f"fanout_memory_a_connection_vs_nchan_{count}", ours.bytes_each / peer.bytes_each, 1.5)


def _fan_out(bench: Bench, count: int) -> None:
    events = (300_000 if bench.full else 80_000) // count
    with ExitStack() as stack:

        def listened(module: str, **options: Any) -> Listened:
            return Listened(stack, stack.enter_context(Child(module, **options)), count)

        ours = listened("servers.whole", settings=MANY_STREAMS)
        plain = listened("servers.whole", settings=MANY_STREAMS, plain=True)
        limit = listened("peers.limit")
        usual = listened("peers.streams")
        of = (ours, plain, limit, usual)
        found = in_turn(bench.pairs, *[lambda one=one: one.deliveries(events) for one in of])
        for name, one, rates in zip(
            ("ours", "plain ASGI", "bare uvloop", "sse-starlette"), of, found, strict=True
        ):
            cpu = shown(one.cpu[1:], " µs", digits=1)
            bench.say(
                f"  {count} x {name}: {shown(rates)} deliveries/s; server's processor time a delivery {cpu}; "
                f"{one.bytes_each / 1000:.1f} kB a connection"
            )
        own, on_asgi, bare, peer = found
        bench.at_least(f"fanout_vs_sse_starlette_{count}", ratios(own, peer), 6.0)
        bench.at_least(f"fanout_vs_bare_uvloop_{count}", ratios(own, bare), 0.75)
        bench.at_least(f"fanout_plain_asgi_vs_sse_starlette_{count}", ratios(on_asgi, peer), 2.3)
        if count == 1_000:
            _whole_events(bench, of, events)
            _delays(bench, ours, usual)


def _whole_events(bench: Bench, of: tuple[Listened, ...], events: int) -> None:
    own, bare, peer = in_turn(
        bench.pairs,
        *[lambda one=one: one.deliveries(events, short=False) for one in (of[0], of[2], of[3])],
    )
    bench.say(
        f"  the same with whole events: ours {shown(own)}, bare uvloop {shown(bare)}, sse-starlette {shown(peer)} deliveries/s"
    )
    bench.say(
        f"  whole events: {ratios(own, peer):.2f} x sse-starlette, {ratios(own, bare):.2f} x bare uvloop"
    )


def _delays(bench: Bench, ours: Listened, usual: Listened) -> None:
    """The slowest deliveries at ten events a second."""
    events = 50 if bench.full else 20
    p99: list[list[float]] = in_turn(
        bench.pairs,
        *[lambda one=one: percentile(one.delays(events, 0.1), 0.99) for one in (ours, usual)],
    )
    ours_ms, usual_ms = ([1000 * one for one in each] for each in p99)
    bench.say(
        f"  p99 at 10 events/s: ours {shown(ours_ms, ' ms', digits=1)}, sse-starlette {shown(usual_ms, ' ms', digits=1)}"
    )
    bench.at_most("fanout_p99_vs_sse_starlette_1000", ratios(ours_ms, usual_ms), 1 / 3)


def _filters(bench: Bench) -> None:
    """A thousand distinct filters, each of which every event passes, beside none."""
    count, events = 10_000, 30 if bench.full else 12
    paths = [f"{_PATH}?market=nyc&price_max=4&time_from=00:{n // 60:02}:{n % 60:02}" for n in range(1000)]
    with ExitStack() as stack:
        filtered = stack.enter_context(Child("servers.whole", settings=MANY_STREAMS))
        free = stack.enter_context(Child("servers.whole", settings=MANY_STREAMS))
        both = Listened(stack, filtered, count, paths), Listened(stack, free, count)
        with_filters, without = in_turn(
            bench.pairs, *[lambda one=one: 1 / one.deliveries(events, short=False) for one in both]
        )
    bench.at_most("fanout_1000_filters_vs_none_10000", ratios(with_filters, without), 2.0)
