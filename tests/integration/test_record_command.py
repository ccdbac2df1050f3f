"""`tablewire record` and RECORD: what operators can ask to be kept, and that nothing of theirs is in it."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tablewire.engine.clock import SystemClock
from tablewire.errors import BadInput
from tablewire.providers.recording_file import RecordingError
from tablewire.record_command import Report, Wish, read_venues, record, summary
from tablewire.recording import recording
from tablewire.running import make_providers
from tablewire.settings import Settings
from tablewire.simulator.recordings import read_recording
from tablewire.simulator.run import running_simulator
from tablewire.simulator.server import Simulator, SimulatorOptions
from tablewire.telemetry import Metrics

KEY = "made-up-key-1234"
NOW = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running_simulator(SimulatorOptions(seed=3, venues=160, quiet=True)) as simulator:
        yield simulator


def settings_for(base_url: str, **changes: str) -> Settings:
    given = {
        "RESY_BASE_URL": base_url,
        "RESY_API_KEY": KEY,
        "RESY_RATE": "1000",
        "PROVIDERS": "resy",
        "PAGES_PER_CYCLE": "1",
    } | changes
    return Settings.load({f"TABLEWIRE_{name}": value for name, value in given.items() if value})


def wish(**changes: Any) -> Wish:
    given: dict[str, Any] = {
        "providers": (),
        "cycles": 1,
        "seconds": None,
        "dates": 2,
        "whole": False,
        "venues": (),
    }
    return Wish(**given | changes)


async def test_a_round_asks_for_the_first_pages_of_each_date_and_size(
    simulator: Simulator, tmp_path: Path
) -> None:
    said: list[str] = []
    out = tmp_path / "kept.ndjson.gz"
    report = await record(settings_for(simulator.base_url), wish(), out, say=said.append)
    exchanges = read_recording(out).exchanges
    assert (report.kept, report.lost, report.size) == (4, 0, out.stat().st_size)
    assert [one.status for one in exchanges] == [200] * 4
    assert len(said) == 2
    assert all(": ok, 2 calls, 150 answers for venues, " in line for line in said)
    assert KEY.encode() not in out.read_bytes()


async def test_a_whole_round_asks_for_all_pages_and_for_the_venues_named(
    simulator: Simulator, tmp_path: Path
) -> None:
    house = f"resy:{simulator.city.venues[0].id}"
    wanted = wish(dates=1, whole=True, venues=read_venues([house, "opentable:7"]))
    report = await record(settings_for(simulator.base_url), wanted, tmp_path / "a.ndjson", say=lambda _: None)
    assert report.kept == 2 * 3 + 2


async def test_as_many_rounds_are_made_as_were_asked_for(simulator: Simulator, tmp_path: Path) -> None:
    settings = settings_for(simulator.base_url, POLL_INTERVAL="1ms")
    report = await record(settings, wish(dates=1, cycles=3), tmp_path / "a.ndjson", say=lambda _: None)
    assert report.kept == 3 * 2


async def test_it_ends_when_the_time_is_over(simulator: Simulator, tmp_path: Path) -> None:
    settings = settings_for(simulator.base_url)
    await record(settings, wish(cycles=0, seconds=0.01), tmp_path / "a.ndjson", say=lambda _: None)


async def test_a_full_file_ends_the_command(simulator: Simulator, tmp_path: Path) -> None:
    settings = settings_for(simulator.base_url, RECORD_LIMIT_MB="1", POLL_INTERVAL="1ms")
    said: list[str] = []
    await record(settings, wish(cycles=0), tmp_path / "a.ndjson", say=said.append)
    assert any("is as large as it may be" in line for line in said)
    assert (tmp_path / "a.ndjson").stat().st_size <= 1_000_000


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (("rezy",), "'rezy' is not enabled; enabled are: resy"),
        (("resy",), "resy cannot be asked: TABLEWIRE_RESY_API_KEY is not set"),
        ((), "resy: TABLEWIRE_RESY_API_KEY is not set"),
    ],
)
async def test_a_provider_that_cannot_be_asked_is_named(
    tmp_path: Path, wanted: tuple[str, ...], message: str
) -> None:
    settings = settings_for("http://127.0.0.1:1", RESY_API_KEY="")
    with pytest.raises(BadInput, match=message):
        await record(settings, wish(providers=wanted), tmp_path / "a.ndjson", say=lambda _: None)
    assert not (tmp_path / "a.ndjson").exists()


@pytest.mark.parametrize("given", ["834", "resy:", ":834"])
def test_a_venue_that_is_written_otherwise_is_refused(given: str) -> None:
    with pytest.raises(BadInput, match="allowed: provider:venue_id"):
        read_venues([given])


def test_the_summary_says_what_was_lost() -> None:
    assert summary(Report(kept=3, lost=0, size=1_500_000), Path("a")) == "3 exchanges are in a, 1.5 MB"
    assert "2 were lost" in summary(Report(kept=3, lost=2, size=1), Path("a"))


async def test_without_the_setting_nothing_is_kept() -> None:
    async with recording(settings_for("http://127.0.0.1:1"), lambda: NOW) as recorder:
        assert recorder is None


async def test_with_the_setting_a_services_exchanges_are_kept(simulator: Simulator, tmp_path: Path) -> None:
    settings = settings_for(simulator.base_url, RECORD=str(tmp_path / "kept"))
    async with recording(settings, lambda: NOW) as recorder:
        made = make_providers(settings, SystemClock(), Metrics(version="0", demo=False), recorder)
        assert await made["resy"].probe() is None
        await made["resy"].aclose()
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.name == "recording-20261020T160000Z.ndjson.gz"
    (exchange,) = read_recording(kept).exchanges
    assert (exchange.method, exchange.path, exchange.status) == ("POST", "/3/venuesearch/search", 200)


async def test_a_place_where_nothing_can_be_kept_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = settings_for("http://127.0.0.1:1", RECORD=str(tmp_path / "file" / "kept"))
    with pytest.raises(RecordingError):
        async with recording(settings, lambda: NOW):
            pass


async def test_secrets_of_other_packages_are_taken_from_the_environment(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "HOUSEBOOK_KEY", "application/json")
    out = tmp_path / "a.ndjson"
    await record(settings_for(simulator.base_url), wish(dates=1), out, say=lambda _: None)
    assert all("application/json" not in (one.content_type or "") for one in read_recording(out).exchanges)
