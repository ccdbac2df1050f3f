"""The process in which Apprise runs: one job a line on standard input, one outcome a line on standard output."""

import logging
import os
import resource
import select
import sys
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import requests

from tablewire.notifications.apprise_fence import Fence
from tablewire.notifications.apprise_jobs import Job, Outcome, Start

IDLE_SECONDS = 300.0
"""Without work for so long the process ends, and gives back its memory."""
MAX_ANSWER = 65_536
"""Bytes that are read of an answer."""
_MEMORY = 768 * 2**20
_STACK = 512 * 1024
_SOCKET_SECONDS = 10.0
_LOCAL = frozenset({
    "blink1", "dbus", "gio", "glib", "gnome", "growl", "kde", "macosx", "qt", "syslog", "windows",
})  # fmt: skip
"""Schemes that reach the machine itself."""
_write = threading.Lock()
_own = threading.local()


class _Session(requests.Session):
    """A session that reads little, follows nothing, and remembers what was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, *args: Any, **options: Any) -> requests.Response:
        options |= {"allow_redirects": False, "stream": True}
        try:
            response = super().request(*args, **options)
            response._content = next(response.iter_content(MAX_ANSWER), b"")  # noqa: SLF001 - its own way of being read
        except requests.RequestException as error:
            _own.said = f"the connection failed ({type(error).__name__})"
            raise
        _own.said = f"the service answered {response.status_code}"
        response.close()
        return response


def main() -> None:
    """Work until standard input ends, or nothing comes for a while."""
    lines = _lines(sys.stdin.fileno())
    fence = Fence(msgspec.json.decode(next(lines), type=Start).guard())
    apprise = _load()
    _limit()
    fence.put_up()
    for line in lines:
        job = msgspec.json.decode(line, type=Job)
        threading.Thread(target=_work, args=(apprise, fence, job), daemon=True).start()


def _lines(source: int) -> Iterator[bytes]:
    rest = b""
    while select.select([source], [], [], IDLE_SECONDS)[0]:
        chunk = os.read(source, 65_536)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _load() -> Any:
    """Apprise with all that it loads later, before the fence is up."""
    requests.Session = requests.sessions.Session = _Session  # type: ignore[misc]
    import apprise  # noqa: PLC0415 - after the sessions that it is to use

    logging.disable(logging.CRITICAL)
    apprise.Apprise.instantiate("json://localhost")
    return apprise


def _limit() -> None:
    threading.stack_size(_STACK)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _work(apprise: Any, fence: Fence, job: Job) -> None:
    fence.forget()
    _own.said = None
    try:
        outcome = _done(apprise, job)
    except MemoryError:
        outcome = Outcome(id=job.id, ok=False, reason="the answer was too large")
    except Exception as error:  # noqa: BLE001 - whatever a plug-in does, the job has an outcome
        outcome = Outcome(id=job.id, ok=False, reason=f"Apprise failed ({type(error).__name__})")
    if not outcome.ok and fence.refused is not None:
        outcome = msgspec.structs.replace(outcome, reason=fence.refused, refused=True)
    # Written past the file objects: a thread that hangs in one would hold its lock for all.
    with _write:
        os.write(1, msgspec.json.encode(outcome) + b"\n")


def _done(apprise: Any, job: Job) -> Outcome:
    asset = apprise.AppriseAsset(
        plugin_paths=[],
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        secure_logging=True,
        allow_templates=False,
        app_id="Tablewire",
        app_desc="Tablewire",
        app_url="",
        image_url_mask=None,
        image_url_logo=None,
    )
    plugin = apprise.Apprise.instantiate(job.url, asset=asset, suppress_exceptions=True)
    if plugin is None:
        return Outcome(id=job.id, ok=False, refused=True, reason="it is no URL that Apprise understands")
    scheme = job.url.partition("://")[0].lower()
    if scheme in _LOCAL or not plugin.enabled:
        return Outcome(id=job.id, ok=False, refused=True, reason=f"{scheme}:// cannot be used from a service")
    if job.examine:
        takes_host = any("{host}" in template for template in plugin.templates)
        host = str(plugin.host) if takes_host and plugin.host else None
        return Outcome(id=job.id, ok=True, host=host)
    plugin.socket_connect_timeout = min(plugin.socket_connect_timeout or _SOCKET_SECONDS, _SOCKET_SECONDS)
    plugin.socket_read_timeout = min(plugin.socket_read_timeout or _SOCKET_SECONDS, _SOCKET_SECONDS)
    plugin.retry, plugin.optional = 0, False
    sent = bool(plugin.notify(body=job.body, title=job.title, body_format=apprise.NotifyFormat.TEXT))
    return Outcome(id=job.id, ok=sent, reason=None if sent else _own.said or "it could not be delivered")


if __name__ == "__main__":
    main()
