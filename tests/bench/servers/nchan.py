"""nchan: an nginx of one worker that streams what is published to it, and its publisher."""

import asyncio
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from tablewire.live.sse import Entry
from tests.bench.children import obey, options, raise_file_limit
from tests.bench.things import burst_of

_CONFIG = """
load_module {module};
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections {files}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location /feed/stream {{
            nchan_subscriber eventsource;
            nchan_channel_id feed;
            nchan_subscriber_first_message oldest;
        }}
        location /publish {{ nchan_publisher; nchan_channel_id feed; }}
    }}
}}
"""


class Publisher:
    """Posts events to nginx over one connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._next = 1
        self._line: socket.socket | None = None

    def post(self, body: bytes, name: str) -> None:
        """Publish one message, and wait until it is taken."""
        if self._line is None:
            self._line = socket.create_connection(("127.0.0.1", self._port), timeout=10)
            self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = f"POST /publish HTTP/1.1\r\nHost: x\r\nX-EventSource-Event: {name}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._line.sendall(head.encode() + body)
        answer = self._line.recv(65_536)
        if not answer.startswith(b"HTTP/1.1 20"):
            raise ConnectionError(f"not published: {answer[:100]!r}")

    async def burst(self, order: dict[str, Any]) -> Any:
        """Publish so many events, one after the other."""
        events = burst_of(order, self._next)
        self._next += len(events)
        bodies = [Entry(one).json for one in events]
        times = []
        for body in bodies:
            times.append(time.monotonic())
            self.post(body, "drop")
        return {"times": times, "cpu": 0.0}


def _start(program: str, module: str, folder: Path) -> tuple["subprocess.Popen[bytes]", int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    config = folder / "nginx.conf"
    config.write_text(
        _CONFIG.format(module=module, folder=folder, port=port, files=min(raise_file_limit(), 16_000))
    )
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(config), "-g", "user root;"], stderr=subprocess.DEVNULL
    )
    return process, port


def _worker_of(process: "subprocess.Popen[bytes]") -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
    if process.poll() is not None or not children:
        raise RuntimeError("nginx does not start")
    return int(children[0])


async def main() -> None:
    """Start nginx, and obey."""
    given = options()
    folder = Path(given["folder"])
    process, port = _start(given["program"], given["nginx_module"], folder)
    try:
        await asyncio.sleep(1)
        worker = _worker_of(process)
        publisher = Publisher(port)
        publisher.post(b"hello", "hello")
        await obey({"burst": publisher.burst}, port=port, worker=worker)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(main())
