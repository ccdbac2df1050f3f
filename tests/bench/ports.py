"""Ports of this machine that nobody uses."""

import socket


def free_port() -> int:
    """A free port of the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
