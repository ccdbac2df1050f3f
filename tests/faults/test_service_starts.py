"""Starts that cannot succeed: the exit code and the message say why."""

import socket
import sys
from pathlib import Path

from tests.faults.service import Child

SERVE = (sys.executable, "-m", "tablewire", "serve")
IMPATIENT = "import tablewire.running as r; r.PATIENCE = 0.5; from tablewire.__main__ import main; main()"
"""The same command, with less time for the database."""


WRONG = {
    "POLL_INTERVAL": ("soon", "a duration"),
    "PORT": ("99999", "0 to 65535"),
    "HOST": ("tables.example", "127.0.0.1"),
    "TIME_SLOTS": ("late", "times of day"),
}
"""Settings with a wrong value, and words of what is allowed."""


async def test_every_wrong_setting_is_named_with_its_value_and_what_is_allowed() -> None:
    child = await Child.start(*SERVE, settings={name: value for name, (value, _) in WRONG.items()})
    assert await child.ended() == 2
    said = " ".join(child.output.split())
    lines = {name: said.partition(f"TABLEWIRE_{name}: ")[2].partition(" TABLEWIRE_")[0] for name in WRONG}
    for name, (value, allowed) in WRONG.items():
        assert f"'{value}'" in lines[name], said
        assert allowed in lines[name], said


async def test_a_taken_port_is_said_and_ends_the_start(dsn: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        child = await Child.start(*SERVE, settings={"PORT": port, "DATABASE_URL": dsn})
        assert await child.ended() == 1
    assert f"it cannot listen at 127.0.0.1:{port}" in child.output
    assert "Traceback" not in child.output


async def test_a_database_that_does_not_answer_is_said_and_ends_the_start(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound but not listening: nobody answers there, and nobody else can
        url = f"postgresql://somebody@127.0.0.1:{closed.getsockname()[1]}/nothing"
        child = await Child.start(sys.executable, "-c", IMPATIENT, "serve", settings={"DATABASE_URL": url})
        assert await child.ended() == 1
    assert "PostgreSQL cannot be reached" in child.output
    assert "Traceback" not in child.output
