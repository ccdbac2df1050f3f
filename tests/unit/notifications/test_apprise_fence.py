import os
import sys
from typing import Any

import pytest

from tablewire.notifications.apprise_fence import Fence
from tablewire.notifications.guard import Guard


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("socket.connect", (None, ("127.0.0.1", 80))),
        ("socket.connect", (None, ("::ffff:10.0.0.1", 80, 0, 0))),
        ("socket.connect", (None, "/run/postgresql/.s.PGSQL.5432")),
        ("socket.connect", (None, ("inside.example", 80))),
        ("socket.sendto", (None, ("169.254.169.254", 53))),
        ("socket.bind", (None, ("", 80))),
        ("socket.getaddrinfo", ("localhost", 80, 0, 0, 0)),
        ("open", ("/etc/passwd", "r", os.O_RDONLY)),
        ("open", (f"{sys.prefix}/../secret.key", "r", os.O_RDONLY)),
        ("open", (f"{sys.prefix}/new", "w", os.O_WRONLY)),
        ("open", (f"{sys.prefix}/pyvenv.cfg", None, os.O_RDWR)),
        ("open", ("/proc/self/environ", "rb", os.O_RDONLY)),
        ("subprocess.Popen", ("sh", [], None, None)),
        ("os.system", (b"true",)),
        ("os.fork", ()),
        ("os.remove", ("x", -1)),
        ("shutil.rmtree", ("/", None)),
        ("ctypes.dlopen", ("libc.so.6",)),
    ],
)
def test_what_reaches_the_machine_or_the_inside_is_refused(event: str, args: tuple[Any, ...]) -> None:
    fence = Fence(Guard())
    fence.forget()
    with pytest.raises(PermissionError):
        fence._watch(event, args)
    assert fence.refused is not None


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("socket.connect", (None, ("93.184.216.34", 443))),
        ("socket.getaddrinfo", ("ntfy.sh", 443, 0, 0, 0)),
        ("open", (f"{sys.prefix}/pyvenv.cfg", "r", os.O_RDONLY)),
        ("open", (5, "rb", os.O_RDONLY)),
        ("import", ("json", None, None, None, None)),
        ("os.listdir", (".",)),
    ],
)
def test_what_a_plug_in_needs_is_allowed(event: str, args: tuple[Any, ...]) -> None:
    fence = Fence(Guard())
    fence.forget()
    fence._watch(event, args)
    assert fence.refused is None


def test_a_host_that_the_operator_names_may_be_reached_where_it_is() -> None:
    fence = Fence(Guard.of(["ntfy.lan"]), lambda *_: [(2, 1, 6, "", ("192.168.1.5", 0))])
    fence._watch("socket.getaddrinfo", ("ntfy.lan", 80, 0, 0, 0))
    fence._watch("socket.connect", (None, ("192.168.1.5", 80)))
    with pytest.raises(PermissionError):
        fence._watch("socket.connect", (None, ("192.168.1.6", 80)))
