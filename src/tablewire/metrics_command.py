"""The commands `tablewire metrics …`: the figures, made anew."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from tablewire.demo_option import Demo, settings_for
from tablewire.settings import Settings

if TYPE_CHECKING:
    from tablewire.engine.rollups import RolledUp

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
metrics = typer.Typer(name="metrics", help="The figures of venues and markets.", no_args_is_help=True)
"""Works on the database, whether a service runs or not. Its context's object is what reads the settings."""


@metrics.callback()
def _all() -> None:
    """One command among others, even while it is the only one."""


@metrics.command()
def refresh(
    context: typer.Context,
    everything: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--everything", help="All days that the log has whole, and not what is new only.")
    ] = False,
    demo: Demo = False,  # noqa: FBT002 - a flag
) -> None:
    """Roll up what is new, and make the figures of it. What a running service has just observed is in its own next turn."""
    settings = settings_for(context, demo=demo)
    with Progress(
        TextColumn("rolling up"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("venues"),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as bar:
        task = bar.add_task("venues", total=None)
        done = uvloop.run(
            _refresh(
                settings,
                everything=everything,
                show=lambda done, total: bar.update(task, completed=done, total=total),
            )
        )
    for one in done:
        out.print(
            f"{one.market.id}: {one.days} days of {one.venues} venues, from {one.first_day} on.",
            soft_wrap=True,
        )


async def _refresh(
    settings: Settings, *, everything: bool, show: Callable[[int, int], None]
) -> "Sequence[RolledUp]":
    # A command imports what it runs, so that --help comes at once.
    from tablewire.engine.clock import SystemClock  # noqa: PLC0415 - said above
    from tablewire.figures import make_rollups  # noqa: PLC0415 - said above
    from tablewire.running import database  # noqa: PLC0415 - said above
    from tablewire.storage.store import PostgresStore  # noqa: PLC0415 - said above

    async with database(settings) as dsn:
        store = await PostgresStore.open(dsn)
        try:
            await store.ping()
            prime_slot = settings.discovery.time_slots[-1]
            rollups = make_rollups(store, settings.markets, prime_slot, SystemClock())
            return await rollups.refresh(everything=everything, show=show)
        finally:
            await store.close()
