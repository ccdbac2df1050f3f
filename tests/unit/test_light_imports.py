"""The service is light: libraries for pictures and for exports are for the processes that draw and export."""

import subprocess
import sys

HEAVY = ("matplotlib", "numpy", "pandas", "pyarrow")
LOOK = "import sys, tablewire.app, tablewire.running, tablewire.serving, tablewire.cli; print(*sorted(sys.modules))"


def test_nothing_heavy_is_imported_with_the_service() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK], check=True, capture_output=True, text=True, timeout=60
    )
    imported = done.stdout.split()
    assert "tablewire.figures" in imported
    assert [name for name in imported if name.partition(".")[0] in HEAVY] == []
