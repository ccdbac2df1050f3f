"""The command `tablewire export events`: the log as a file for DuckDB, pandas or anything else."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tablewire.demo_option import Demo, settings_for
from tablewire.errors import BadInput
from tablewire.export_formats import WRITERS, EventWriter
from tablewire.settings import Settings
from tablewire.whole_files import whole_file

if TYPE_CHECKING:
    from tablewire.storage.export import EventParts

STANDARD_OUTPUT = "-"

err = Console(stderr=True, highlight=False)
exports = typer.Typer(
    name="export", help="What is stored, as files for other programs.", no_args_is_help=True
)
"""Works on the database, whether a service runs or not. Its context's object is what reads the settings."""


class FileFormat(StrEnum):
    """What can be written."""

    PARQUET = "parquet"
    CSV = "csv"
    NDJSON = "ndjson"


@exports.callback()
def _exports() -> None:
    """Make `events` a word of its own while it is the only one."""


@exports.command()
def events(
    context: typer.Context,
    out: Annotated[
        str, typer.Option("-o", "--out", help="The file, replaced when all is written; - for the output.")
    ],
    format: Annotated[FileFormat, typer.Option(help="What docs/export.md describes.")] = FileFormat.PARQUET,
    since: Annotated[
        str | None,
        typer.Option(help="From this instant (2026-02-18T17:00:00Z) or date (its midnight in UTC) on."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Up to this instant or date, which is not in it any more.")
    ] = None,
    demo: Demo = False,  # noqa: FBT002 - a flag
) -> None:
    """Every drop, reopening and closing, one row each, oldest first. Memory does not grow with their number."""
    if out == STANDARD_OUTPUT and format is FileFormat.PARQUET:
        raise typer.BadParameter("Parquet needs a file: -o FILE", param_hint="-o")
    first, last = bounds = _instant(since, "--since"), _instant(until, "--until")
    if first is not None and last is not None and first >= last:
        raise typer.BadParameter("it has to be after --since", param_hint="--until")
    try:
        with _opened(out) as file:
            written = uvloop.run(_export(settings_for(context, demo=demo), file, format, bounds))
            size = file.tell() if out != STANDARD_OUTPUT else None
    except BrokenPipeError:
        # Whoever read it has gone, and knows it; Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except BadInput as wrong:
        raise typer.BadParameter(wrong.fields[0].message, param_hint=wrong.fields[0].field) from None
    where = "" if size is None else f" in {out}, {size / 1_000_000:.1f} MB"
    err.print(f"{written} events{where}", markup=False, soft_wrap=True)


@contextmanager
def _opened(out: str) -> Iterator[IO[bytes]]:
    if out != STANDARD_OUTPUT:
        with whole_file(Path(out)) as file:
            yield file
        return
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


async def _export(
    settings: Settings, file: IO[bytes], format: FileFormat, bounds: tuple[datetime | None, datetime | None]
) -> int:
    # A command imports what it runs, so that --help comes at once.
    from tablewire.running import database  # noqa: PLC0415 - said above
    from tablewire.storage.store import PostgresStore  # noqa: PLC0415 - said above

    writer = WRITERS[format.value](file)
    async with database(settings) as dsn:
        store = await PostgresStore.open(dsn)
        try:
            await store.ping()
            async with store.export.events(*bounds) as parts:
                written = await _copy(parts, writer)
        finally:
            await store.close()
    writer.close()
    return written


async def _copy(parts: "EventParts", writer: EventWriter) -> int:
    written = 0
    with _bar() as bar:
        span = parts.span
        reading = bar.add_task("events", total=max(1, span.last - span.first + 1))
        while part := await parts.next():
            writer.write(part)
            written += len(part)
            # How far it is shows by place in the log: to count beforehand would be to read all twice.
            bar.update(reading, completed=part[-1].id - span.first + 1, description=f"{written} events")
    return written


def _bar() -> Progress:
    shown = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*shown, console=err, transient=True, disable=not err.is_terminal)


def _instant(text: str | None, option: str) -> datetime | None:
    """An instant, or a date's midnight in UTC. Raises `typer.BadParameter`."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-02-18"):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    allowed = "allowed: a date such as 2026-02-18, or an instant with its zone such as 2026-02-18T17:00:00Z"
    raise typer.BadParameter(f"{text[:60]!r} is neither; {allowed}", param_hint=option)
