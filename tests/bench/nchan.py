"""Where nginx with nchan is to be had: only where it is installed."""

import shutil
from pathlib import Path

from tests.bench.figures import Bench

_MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")


def found(bench: Bench) -> dict[str, str] | None:
    """The program and the module, or None, said loudly. Nothing is installed: that is for whoever owns the machine."""
    program = shutil.which("nginx")
    if program is None or not _MODULE.exists():
        bench.say(
            "!! nchan is NOT measured: install it (Debian: apt-get install nginx libnginx-mod-nchan) to do so."
        )
        return None
    return {"program": program, "nginx_module": str(_MODULE)}
