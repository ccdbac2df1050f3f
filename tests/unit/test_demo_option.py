"""`--demo` takes the demo's settings, and with them its database."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tablewire.demo_option import Demo, settings_for
from tablewire.settings import Settings


@pytest.mark.parametrize(
    ("words", "database"), [([], "tablewire"), (["--demo"], "tablewire_demo")], ids=["service", "demo"]
)
def test_a_command_works_on_the_database_that_is_meant(
    tmp_path: Path, words: list[str], database: str
) -> None:
    command = typer.Typer()

    @command.command()
    def show(context: typer.Context, demo: Demo = False) -> None:
        typer.echo(settings_for(context, demo=demo).database_name)

    def read(*, demo: bool = False) -> Settings:
        return Settings.load({"TABLEWIRE_DATA_DIR": str(tmp_path)}, demo=demo)

    assert CliRunner().invoke(command, words, obj=read).output == f"{database}\n"
