"""The feed: recent pages from memory and older ones from PostgreSQL, beside a query a request."""

import asyncio
from contextlib import ExitStack

from tablewire.storage.store import PostgresStore
from tests.bench import databases
from tests.bench.children import Child
from tests.bench.fanout import MANY_STREAMS
from tests.bench.figures import Bench, in_turn, ratios, shown

EVENTS = 30_000
CONNECTIONS = 64


def run(bench: Bench) -> None:
    """All of it."""
    with ExitStack() as stack:
        dsn = stack.enter_context(databases.server(bench.new_folder()))
        asyncio.run(_fill(dsn))
        ours = stack.enter_context(Child("servers.whole", settings=MANY_STREAMS, dsn=dsn))
        usual = stack.enter_context(Child("peers.pages", dsn=dsn))
        asking = stack.enter_context(Child("servers.requesters"))
        seconds = 4.0 if bench.full else 2.0
        bench.say(
            f"Pages of 50 events for {CONNECTIONS} connections that ask again at once; {EVENTS:,} events stored."
        )

        def rate(child: Child, paths: list[str]) -> float:
            told = asking.do("ask", port=child.port, paths=paths, connections=CONNECTIONS, seconds=seconds)
            return float(told["per_second"])

        def compare(name: str, goal: float, what: str, paths: list[str]) -> None:
            own, peer = in_turn(bench.pairs, lambda: rate(ours, paths), lambda: rate(usual, paths))
            bench.say(f"  {what}: ours {shown(own)} requests/s, FastAPI + asyncpg {shown(peer)}")
            bench.at_least(name, ratios(own, peer), goal)

        compare("feed_from_memory_vs_fastapi_asyncpg", 9.0, "newest", ["/feed?limit=50"])
        filtered = ["/feed?limit=50&party_size=4", "/feed?limit=50&party_size=2"]
        compare("feed_filtered_from_memory_vs_fastapi_asyncpg", 9.0, "newest, filtered", filtered)
        older = [f"/feed?limit=50&before={100 + 7 * number}" for number in range(3000)]
        compare("feed_older_from_postgres_vs_fastapi_asyncpg", 1.5, "older, from PostgreSQL", older)


async def _fill(dsn: str) -> None:
    store = await PostgresStore.open(dsn)
    try:
        await databases.fill_events(store, EVENTS)
    finally:
        await store.close()
    await databases.analyze(dsn)
