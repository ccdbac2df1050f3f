"""The option `--demo`: a command works on the demo's database instead of the service's."""

from collections.abc import Callable
from typing import Annotated, cast

import typer

from tablewire.settings import Settings

Demo = Annotated[bool, typer.Option("--demo", help="Of the demo's database, also while the demo runs.")]


def settings_for(context: typer.Context, *, demo: bool) -> Settings:
    """The settings in force, those of the demo where it is meant. Raises `SettingsError`."""
    read_settings = cast("Callable[..., Settings]", context.obj)
    return read_settings(demo=True) if demo else read_settings()
