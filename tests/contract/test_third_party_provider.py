"""A provider of somebody else: the one that the documentation shows, as a package of its own, tested and polled."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tablewire.app import Service
from tablewire.engine.clock import SystemClock
from tablewire.providers.registry import RegistryError
from tablewire.running import make_providers
from tablewire.settings import Settings
from tablewire.storage.memory import MemoryStore
from tablewire.telemetry import Metrics

PAGE = Path(__file__).parents[2] / "docs/providers.md"
HANG = 60
INI = """[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


def shown() -> tuple[str, str, str]:
    """The provider, its entry point and its test, as they stand in the documentation."""
    section = PAGE.read_text().partition("## A whole provider")[2].partition("\n## ")[0]
    code, test = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    entry = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)[0]
    return code, entry, test


def install(site: Path, name: str, code: str, entry_points: str) -> None:
    """A package as pip leaves it behind: a module, and what its metadata say."""
    (site / f"{name}.py").write_text(code)
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)


def entry_points_of(toml: str) -> str:
    """What an installer makes of the table in a `pyproject.toml`."""
    (group,) = re.findall(r'\[project\.entry-points\."(.*)"\]', toml)
    ((name, value),) = re.findall(r'^(\w+) = "(.*)"$', toml, re.MULTILINE)
    return f"[{group}]\n{name} = {value}\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for packages."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    return site


@pytest.fixture
async def housebook() -> AsyncIterator[str]:
    """The platform that the documented provider asks."""

    async def tables(request: web.Request) -> web.Response:
        start = f"{request.query['day']} 23:30:00"
        return web.json_response({"tables": [{"house": 7, "name": "Seven Stairs", "start": start}]})

    app = web.Application()
    app.router.add_get("/tables", tables)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def settings(providers: str) -> Settings:
    return Settings.load(
        {"TABLEWIRE_PROVIDERS": providers, "TABLEWIRE_WINDOW_DAYS": "2", "TABLEWIRE_PARTY_SIZES": "2"}
    )


def test_the_documented_provider_passes_its_documented_test_far_from_this_repository(tmp_path: Path) -> None:
    code, _, test = shown()
    (tmp_path / "housebook.py").write_text(code)
    (tmp_path / "test_housebook.py").write_text(test)
    (tmp_path / "pytest.ini").write_text(INI)
    only = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_asyncio.plugin"}
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "pytest.ini"],
        cwd=tmp_path,
        env=environ | only,
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^\d{2} passed", run.stdout, re.MULTILINE), run.stdout


async def test_an_installed_provider_is_polled_where_it_is_asked_for(
    site: Path, housebook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, entry, _ = shown()
    install(site, "housebook", code, entry_points_of(entry))
    monkeypatch.setenv("HOUSEBOOK_URL", housebook)
    wanted, metrics = settings("housebook"), Metrics(version="0", demo=False)
    service = Service(wanted, MemoryStore(), make_providers(wanted, SystemClock(), metrics), metrics)
    await service.start()
    try:
        async with asyncio.timeout(HANG):
            while not any(
                state.open for owner in service.discovery.owners.values() for state in owner.states.values()
            ):
                await asyncio.sleep(0.02)
    finally:
        await service.stop()
    assert {provider for _, provider, _ in service.discovery.owners} == {"housebook"}


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import no_such_module", "`broken` of broken cannot be loaded: No module named 'no_such_module'"),
        ("", "`broken` of broken cannot be loaded: module 'broken' has no attribute 'make'"),
        (
            "def make(kit): return kit.environ['BROKEN_KEY']",
            "`broken` of broken cannot be made: KeyError 'BROKEN_KEY'",
        ),
    ],
)
def test_a_broken_package_stops_the_start_only_where_it_is_asked_for(
    site: Path, monkeypatch: pytest.MonkeyPatch, code: str, says: str
) -> None:
    install(site, "broken", code, "[tablewire.providers]\nbroken = broken:make\n")
    metrics = Metrics(version="0", demo=False)
    assert list(make_providers(settings("resy"), SystemClock(), metrics)) == ["resy"]
    monkeypatch.delitem(sys.modules, "broken", raising=False)
    with pytest.raises(RegistryError) as caught:
        make_providers(settings("resy,broken"), SystemClock(), metrics)
    assert str(caught.value) == f"the provider {says}"
    monkeypatch.delitem(sys.modules, "broken", raising=False)
