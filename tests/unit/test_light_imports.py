"""A process imports what it needs and no more: libraries for pictures and exports are for those who draw and export, the service's for it."""

import subprocess
import sys

HEAVY = {"matplotlib", "numpy", "pandas", "pyarrow"}
OF_THE_SERVICE = {"sqlalchemy", "asyncpg", "litestar", "uvicorn", "aiohttp", "structlog", "prometheus_client"}
LOOK = "import sys, tablewire.app, tablewire.running, tablewire.serving, tablewire.cli; print(*sorted(sys.modules))"
HELP = """
import atexit, sys
sys.argv = ["tablewire", "--help"]
atexit.register(lambda: print("IMPORTED", *sys.modules))
from tablewire.cli import main
main()
"""


def said_by(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    ).stdout


def libraries(modules: str) -> set[str]:
    return {name.partition(".")[0] for name in modules.split()}


def test_nothing_heavy_is_imported_with_the_service() -> None:
    imported = said_by(LOOK)
    assert "tablewire.figures" in imported.split()
    assert libraries(imported) & HEAVY == set()


def test_help_comes_without_the_service() -> None:
    told, _, imported = said_by(HELP).partition("IMPORTED")
    assert "serve" in told
    assert "tablewire.export_command" in imported.split()
    assert libraries(imported) & (HEAVY | OF_THE_SERVICE) == set()
