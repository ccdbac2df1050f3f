"""`tablewire users …` on a database."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tablewire.domain.users import Caller
from tablewire.errors import Conflict, NotFound
from tablewire.services.accounts import Accounts
from tablewire.settings import Settings
from tablewire.storage.store import PostgresStore
from tablewire.user_commands import users
from tests.clock import StepClock


class Commands:
    """Runs commands on a database, as an operator does."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._dsn = dsn
        environ = {"TABLEWIRE_DATABASE_URL": dsn, "TABLEWIRE_DATA_DIR": str(folder)}
        self._settings = Settings.load(environ, folder / ".env")

    def run(self, *words: str, answer: str | None = None) -> Result:
        runner = CliRunner()
        return runner.invoke(
            users, [*words], obj=lambda: self._settings, input=answer, catch_exceptions=False
        )

    def said(self, *words: str) -> str:
        return self.run(*words).stdout

    def caller(self, token: str) -> Caller | None:
        """Who a service would hold the token's bearer for."""

        async def look() -> Caller | None:
            store = await PostgresStore.open(self._dsn)
            try:
                return await Accounts(store.people.accounts, StepClock().now).of_token(token.strip())
            finally:
                await store.close()

        return asyncio.run(look())


@pytest.fixture
def commands(dsn: str, tmp_path: Path) -> Commands:
    return Commands(dsn, tmp_path)


def test_a_new_users_token_is_all_that_the_standard_output_has_and_is_good(commands: Commands) -> None:
    result = commands.run("add", "ann", "--admin", "--time-zone", "Europe/Berlin")
    assert result.stdout.startswith("tw_")
    assert result.stdout.count("\n") == 1
    assert "shown this once" in result.stderr
    caller = commands.caller(result.stdout)
    assert caller is not None
    assert (caller.user.name, caller.user.is_admin, caller.user.time_zone) == ("ann", True, "Europe/Berlin")


def test_users_are_listed_without_their_tokens(commands: Commands) -> None:
    assert "There are no users yet" in commands.said("list")
    tokens = [
        commands.said("add", "ann", "--admin"),
        commands.said("add", "bob"),
        commands.said("token", "bob"),
    ]
    listed = commands.said("list").splitlines()
    assert listed[0].startswith("admin  ann  1 token, America/New_York, since ")
    assert listed[1].startswith("user   bob  2 tokens, ")
    assert not any(token.strip() in "".join(listed) for token in tokens)


def test_a_name_that_is_taken_or_nobodys_is_told(commands: Commands) -> None:
    commands.said("add", "ann")
    with pytest.raises(Conflict, match="tablewire users token ann"):
        commands.run("add", "ann")
    for command in ("token", "revoke"):
        with pytest.raises(NotFound, match="no user bob"):
            commands.run(command, "bob")


def test_revoking_takes_all_tokens_of_a_user_and_no_others(commands: Commands) -> None:
    anns = [commands.said("add", "ann"), commands.said("token", "ann")]
    bobs = commands.said("add", "bob")
    assert "All 2 tokens of ann are revoked" in commands.said("revoke", "ann")
    assert [commands.caller(token) for token in anns] == [None, None]
    assert commands.caller(bobs) is not None
    assert "No token of ann was in force" in commands.said("revoke", "ann")


def test_a_user_is_deleted_only_if_it_is_meant(commands: Commands) -> None:
    token = commands.said("add", "ann")
    assert commands.run("delete", "ann", answer="n\n").exit_code == 1
    assert commands.caller(token) is not None
    assert "ann is deleted" in commands.run("delete", "ann", answer="y\n").stdout
    assert commands.caller(token) is None
    assert "There are no users yet" in commands.said("list")
