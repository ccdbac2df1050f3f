"""An incident becomes a test: what is recorded from one server is answered again by the replay, with the same outcome."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.providers.http import Wrap
from tablewire.providers.protocol import Seats
from tablewire.providers.recording import Recorder
from tablewire.providers.recording_file import RecordingFile
from tablewire.providers.registry import Kit
from tablewire.providers.resy.client import ResyProvider
from tablewire.simulator.run import running_replay, running_simulator
from tablewire.simulator.server import Simulator, SimulatorOptions

NOW = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)
DAY = date(2026, 10, 22)
KEY = "made-up-key-1234"


@asynccontextmanager
async def resy_at(base_url: str, wrap: Wrap | None = None) -> AsyncIterator[ResyProvider]:
    kit = Kit(
        seats=Seats(4),
        call_timeout=20.0,
        user_agent="tests",
        environ={},
        now=lambda: NOW,
        wrap=lambda _provider: wrap,
    )
    caller = kit.caller("resy", rate=10_000)
    resy = ResyProvider(base_url=base_url, api_key=KEY, auth_token=None, caller=caller)
    try:
        yield resy
    finally:
        await resy.aclose()


async def ask(resy: ResyProvider) -> list[Snapshot]:
    """A whole sweep, the first page twice more, and a look."""
    asked = [await resy.search_availability(NYC, DAY, None, (2, 4))]
    asked += [await resy.search_availability(NYC, DAY, None, (2,), pages={2: (1,)}) for _ in range(2)]
    named = tuple(list(asked[0].venues)[:5])
    return [*asked, await resy.look_at(NYC, DAY, {2: named} if named else {})]


def told(snapshots: list[Snapshot]) -> bytes:
    """All that snapshots say, but for when; in one order, whichever answer came first, and without the sizes of cut bodies."""
    return msgspec.json.encode(
        [
            (
                one.outcome,
                re.sub(r"\d+", "n", one.cause or ""),
                sorted(
                    (answer.party_size, answer.page, msgspec.json.encode(answer.venues).decode())
                    for answer in one.answers
                ),
                sorted(one.venues),
            )
            for one in snapshots
        ]
    )


async def recorded(simulator: Simulator, path: Path) -> list[Snapshot]:
    file = RecordingFile(path, limit=100_000_000, provider="resy", started_at=NOW)
    recorder = Recorder(file, secrets=[KEY], now=lambda: NOW, say=pytest.fail)
    async with resy_at(simulator.base_url, recorder.wrap("resy")) as resy:
        snapshots = await ask(resy)
    await recorder.aclose()
    assert recorder.lost == 0
    return snapshots


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    options = SimulatorOptions(seed=3, venues=160, start=NOW, clock=lambda: NOW, quiet=True)
    async with running_simulator(options) as simulator:
        yield simulator


@pytest.mark.parametrize("name", ["incident.ndjson", "incident.ndjson.gz"])
async def test_a_replayed_recording_gives_the_same_snapshots(
    simulator: Simulator, tmp_path: Path, name: str
) -> None:
    before = await recorded(simulator, tmp_path / name)
    assert {one.outcome for one in before} == {Outcome.OK}
    async with running_replay(tmp_path / name) as server, resy_at(server.base_url) as resy:
        after = await ask(resy)
    assert told(after) == told(before)


@pytest.mark.parametrize(
    "kind", ["block_403", "unauthorized_json", "soft_block", "cut_json", "changed_types"]
)
async def test_what_went_wrong_goes_wrong_again(simulator: Simulator, tmp_path: Path, kind: str) -> None:
    simulator.faults.set([{"route": "search", "kind": kind}])
    path = tmp_path / "incident.ndjson"
    before = await recorded(simulator, path)
    async with running_replay(path) as server, resy_at(server.base_url) as resy:
        after = await ask(resy)
    assert told(after) == told(before)
    assert KEY not in path.read_text()
