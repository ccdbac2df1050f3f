"""The fence round Apprise's process: what it may open, connect to and start, held by the interpreter itself."""

import ipaddress
import os
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from tablewire.notifications.guard import Guard

_READABLE = tuple(
    os.path.realpath(path)
    for path in (
        sys.prefix,
        sys.base_prefix,
        "/usr/share/zoneinfo",
        "/etc/ssl",
        "/etc/mime.types",
        "/dev/null",
    )
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NEVER = frozenset({
    "subprocess.Popen", "pty.spawn", "socket.bind", "ctypes.dlopen", "ctypes.dlsym", "sqlite3.connect", "code.__new__",
})  # fmt: skip
_HARMLESS_OF_OS = frozenset({"os.listdir", "os.scandir", "os.putenv", "os.unsetenv", "os.walk"})
_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class Fence:
    """Remembers for each thread what it was refused."""

    def __init__(self, guard: Guard, look_up: Callable[..., Any] = socket.getaddrinfo) -> None:
        self._guard = guard
        self._look_up = look_up
        self._trusted: set[str] = set()
        """Addresses of hosts that the operator named."""
        self._own = threading.local()

    def put_up(self) -> None:
        """From now on, until the process ends."""
        sys.addaudithook(self._watch)

    def forget(self) -> None:
        """Begin a piece of work in this thread."""
        self._own.refused = None

    @property
    def refused(self) -> str | None:
        """What this thread was last refused."""
        refused: str | None = getattr(self._own, "refused", None)
        return refused

    def _watch(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            self._opening(args)
        elif event in _CONNECTING:
            self._connecting(args[1] if len(args) > 1 else None)
        elif event == "socket.getaddrinfo":
            self._looking_up(args[0])
        elif event in _NEVER or (
            event.startswith(("os.", "shutil.", "tempfile.")) and event not in _HARMLESS_OF_OS
        ):
            self._refuse(f"it wanted to use {event} of this machine")

    def _opening(self, args: tuple[Any, ...]) -> None:
        path, mode, flags = args
        if isinstance(path, int):
            return  # a file that is open already
        writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & _WRITING)
        real = os.path.realpath(os.fsdecode(path))
        if writes or not any(real == root or real.startswith(root + os.sep) for root in _READABLE):
            self._refuse("it wanted a file of this machine")

    def _connecting(self, address: object) -> None:
        if address is None:
            return  # on a connection that has been made
        host = address[0] if isinstance(address, tuple) and address else None
        try:
            meant = ipaddress.ip_address(str(host).partition("%")[0])
        except ValueError:
            self._refuse("it wanted to connect to something that is no address")
        else:
            if str(meant) not in self._trusted and (against := self._guard.against_address(meant)):
                self._refuse(against)

    def _looking_up(self, host: object) -> None:
        name = os.fsdecode(host) if isinstance(host, (str, bytes)) else ""
        if not name or getattr(self._own, "within", False):
            return
        if self._guard.trusts(name):
            self._own.within = True
            try:
                self._trusted |= {str(found[4][0]) for found in self._look_up(name, None)}
            except OSError:
                return  # the lookup itself will say so
            finally:
                self._own.within = False
        elif (against := self._guard.against_host(name)) is not None:
            self._refuse(against)

    def _refuse(self, why: str) -> None:
        self._own.refused = why
        raise PermissionError(why)
