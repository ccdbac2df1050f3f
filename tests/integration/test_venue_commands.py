"""`tablewire venues …` on a database."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tablewire.domain.restaurants import Link, Listing, Pair, Verdict
from tablewire.domain.slots import Venue
from tablewire.errors import BadInput
from tablewire.settings import Settings
from tablewire.storage.store import PostgresStore
from tablewire.venue_commands import venues
from tests.clock import START

PAIR = Pair(Listing("opentable", "7"), Listing("resy", "834"))


async def fill(dsn: str) -> None:
    """Carbone at two providers, doubtful whether it is one."""
    store = await PostgresStore.open(dsn)
    place: dict[str, Any] = {"latitude": 40.728, "longitude": -74.0}
    await store.learn(
        [
            Venue(provider="resy", venue_id="834", name="Carbone", neighborhood="SoHo", **place),
            Venue(provider="opentable", venue_id="7", name="Carbone Privato", **place),
        ],
        START,
    )
    link = Link(pair=PAIR, verdict=Verdict.DOUBTFUL, confidence=0.82, evidence=("12 m apart",))
    await store.relink(PAIR, [link], {})
    await store.close()


Command = Callable[..., str]


@pytest.fixture
def command(dsn: str, tmp_path: Path) -> Command:
    """Runs a command on the filled database; answers what it printed, and raises what it raised."""
    asyncio.run(fill(dsn))
    environ: Mapping[str, str] = {"TABLEWIRE_DATABASE_URL": dsn, "TABLEWIRE_DATA_DIR": str(tmp_path)}

    def run(*words: str) -> str:
        settings = Settings.load(environ, tmp_path / ".env")
        result = CliRunner().invoke(venues, [*words], obj=lambda: settings, catch_exceptions=False)
        return result.stdout

    return run


def test_the_doubtful_are_listed_with_their_evidence(command: Command) -> None:
    said = command("list-doubtful")
    assert "0.82  opentable:7 (Carbone Privato)  |  resy:834 (Carbone, SoHo)" in said
    assert "12 m apart" in said


def test_what_is_decided_is_doubtful_no_more_and_is_listed_with_who_and_why(command: Command) -> None:
    said = command("same", "resy:834", "opentable:7", "--why", "one kitchen", "--by", "ann")
    assert "are one restaurant from now on" in said
    assert "one name has more words" in said
    assert command("list-doubtful") == "Nothing is doubtful.\n"
    assert command("list-decided").startswith("same   opentable:7  resy:834  by ann, ")
    assert command("list-decided").endswith(": one kitchen\n")


def test_a_decision_is_reversed(command: Command) -> None:
    command("same", "resy:834", "opentable:7")
    assert "are two restaurants from now on" in command("apart", "resy:834", "opentable:7")
    assert "The evidence decides" in command("auto", "resy:834", "opentable:7")
    assert command("list-decided") == "Nobody has decided anything.\n"


def test_a_wrong_id_is_named(command: Command) -> None:
    with pytest.raises(BadInput, match="no venue resy:9 was ever seen"):
        command("same", "resy:9", "opentable:7")
