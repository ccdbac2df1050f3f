"""The command `tablewire retention run`: removes what is older than it has to be kept."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import typer
import uvloop
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from tablewire.settings import Settings

if TYPE_CHECKING:
    from tablewire.engine.retention import Removed

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
retention = typer.Typer(
    name="retention",
    help="What is older than RETENTION_EVENTS and RETENTION_NOTIFICATIONS say.",
    no_args_is_help=True,
)
"""Works on the database, whether a service runs or not. Its context's object is what reads the settings."""


@retention.callback()
def _retention() -> None:
    """Make `run` a word of its own while it is the only one."""


@retention.command()
def run(context: typer.Context) -> None:
    """Remove old events and notifications now, in small batches; a running service does so once a day.

    Only days that are rolled up go: their figures stay.
    """
    read_settings = cast("Callable[[], Settings]", context.obj)
    removed = uvloop.run(_remove(read_settings()))
    if removed.busy:
        _say("Another process removes what is old; the rest is left to it.")
    _say(f"Removed: {removed.events} events, {removed.notifications} notifications.")
    for market in removed.waiting:
        _say(f"{market}: older days are not rolled up yet, so their events stay: tablewire metrics refresh")


async def _remove(settings: Settings) -> "Removed":
    # A command imports what it runs, so that --help comes at once.
    from tablewire.engine.clock import SystemClock  # noqa: PLC0415 - said above
    from tablewire.engine.retention import Ages, Retention  # noqa: PLC0415 - said above
    from tablewire.running import database  # noqa: PLC0415 - said above
    from tablewire.storage.store import PostgresStore  # noqa: PLC0415 - said above

    async with database(settings) as dsn:
        store = await PostgresStore.open(dsn)
        try:
            await store.ping()
            ages = Ages(events=settings.retention.events, notifications=settings.retention.notifications)
            does = Retention(store.retention, settings.markets, ages, SystemClock())
            with _shown() as bar:
                # How many rows will go is not known before they are gone.
                removing = bar.add_task("removing what is old", total=None)
                return await does.remove(
                    lambda rows: bar.update(removing, description=f"{rows} rows removed")
                )
        finally:
            await store.close()


def _shown() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
