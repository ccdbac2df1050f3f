"""The commands: `tablewire serve`, `demo`, `simulate`, `migrate`, `config`, `doctor`, `record`, `drops`, `venues`, `users`, `export`, `retention` and `report`."""

import asyncio
import os
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from tablewire.errors import SettingsError, TablewireError
from tablewire.export_command import exports
from tablewire.follow import follow
from tablewire.metrics_command import metrics
from tablewire.quick_imports import quick_imports
from tablewire.report_command import report
from tablewire.retention_command import retention
from tablewire.setting_files import read_env_file
from tablewire.setting_reader import PREFIX
from tablewire.settings import Settings, describe
from tablewire.terminal import BuildProgress, event_line
from tablewire.user_commands import users
from tablewire.venue_commands import venues

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
cli = typer.Typer(
    name="tablewire",
    help="A wire service for restaurant tables: it tells within seconds when one opens, and keeps what it saw.",
    epilog="Settings are environment variables (TABLEWIRE_…) and a .env file: docs/settings.md lists them all.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

T = TypeVar("T")
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]
Seed = Annotated[int, typer.Option(help="Which make-believe city: the same seed gives the same one.")]
Speed = Annotated[float, typer.Option(help="How often things happen in it; 1 is life.", min=0.01, max=1000)]
Venues = Annotated[int, typer.Option(help="How many venues it has on Resy.", min=1, max=20_000)]
OpenTableVenues = Annotated[
    int | None, typer.Option(help="How many it has on OpenTable; by default five for nine.", min=0, max=6_000)
]

DEMO_RATE = "20/s"
"""The demo's budget: its provider is at home, and minds nothing."""
DEMO_SPEED = 2.0
DEMO_HASH = "0" * 64
"""The make-believe OpenTable knows every query by any hash."""


def main() -> None:
    """Run the command that was given; exit codes: 0 done, 1 it could not go on, 2 the command or a setting is wrong."""
    try:
        cli()
    except SettingsError as wrong:
        err.print("The settings are wrong:", style="bold red")
        for field in wrong.fields:
            _say(f"  {field.field}: {field.message}")
        sys.exit(2)
    except (TablewireError, OSError) as error:
        _say(f"tablewire: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _settings(*, demo: bool = False, options: Mapping[str, str | int | None] | None = None) -> Settings:
    from tablewire.telemetry import configure_logging

    given = {PREFIX + name: str(value) for name, value in (options or {}).items() if value is not None}
    settings = Settings.load(os.environ, Path(".env"), demo=demo, options=given)
    configure_logging(settings.log.format, settings.log.level, secrets=settings.secrets())
    return settings


@cli.command()
def serve(
    port: Port = None,
    migrate_first: Annotated[
        bool, typer.Option("--migrate/--no-migrate", help="Bring the database up to date first.")
    ] = True,
) -> None:
    """Run the service: poll, store, stream. Stops on SIGTERM or Ctrl-C."""
    with quick_imports():
        from tablewire.running import run

    settings = _settings(options={"PORT": port})
    for provider, missing in settings.not_polled.items():
        _say(f"{provider} is not polled: {missing}")
    raise typer.Exit(_run(run(settings, progress=BuildProgress(err), migrate_first=migrate_first, say=_say)))


@cli.command()
def demo(
    port: Port = None,
    seed: Seed = 1,
    speed: Speed = DEMO_SPEED,
    venues: Venues = 2700,
    opentable_venues: OpenTableVenues = None,
) -> None:
    """Run a make-believe city and the service pointed at it: nothing to configure, nothing real."""
    with quick_imports():
        from tablewire.running import run_demo
        from tablewire.simulator.run import running_simulator
        from tablewire.simulator.server import SimulatorOptions

    twins = _on_opentable(venues, opentable_venues)
    city = running_simulator(SimulatorOptions(seed=seed, speed=speed, venues=venues, opentable_venues=twins))

    def settings_for(base_url: str) -> Settings:
        options = {
            "PORT": port,
            "PROVIDERS": "resy,opentable" if twins else "resy",
            "RESY_BASE_URL": base_url,
            "RESY_API_KEY": "demo",
            "RESY_RATE": os.environ.get(PREFIX + "RESY_RATE", DEMO_RATE),
            "OPENTABLE_BASE_URL": base_url,
            "OPENTABLE_HASH_MULTISEARCHRESULTS": DEMO_HASH,
            "OPENTABLE_HASH_RESTAURANTSAVAILABILITY": DEMO_HASH,
            "OPENTABLE_RATE": os.environ.get(PREFIX + "OPENTABLE_RATE", DEMO_RATE),
        }
        return _settings(demo=True, options=options)

    raise typer.Exit(_run(run_demo(city, settings_for, progress=BuildProgress(err), say=_say)))


@cli.command()
def simulate(
    port: Port = 8100,
    seed: Seed = 1,
    speed: Speed = 1.0,
    venues: Venues = 2700,
    opentable_venues: OpenTableVenues = None,
    replay: Annotated[
        Path | None, typer.Option(help="Answer by this recording instead: what `tablewire record` kept.")
    ] = None,
) -> None:
    """Run the make-believe city alone, behind both wires. docs/simulator.md shows its faults and its truth."""
    with quick_imports():
        from tablewire.simulator.run import serve as serve_city
        from tablewire.simulator.server import Simulator, SimulatorOptions

    port = 8100 if port is None else port
    if replay is not None:
        _replay(replay, port)
        return
    twins = _on_opentable(venues, opentable_venues)

    def ready(simulator: Simulator) -> None:
        out.print(
            f"A city of {venues} venues answers as Resy at {simulator.base_url}; "
            f"{twins} answer there as OpenTable. Ctrl-C stops it.",
            soft_wrap=True,
        )

    city = SimulatorOptions(seed=seed, speed=speed, venues=venues, opentable_venues=twins)
    asyncio.run(serve_city(city, port=port, ready=ready))


def _on_opentable(venues: int, given: int | None) -> int:
    """How many houses a city has on OpenTable; where it is not said, as many for each on Resy as in life."""
    return min(6_000, round(venues * 5 / 9)) if given is None else given


def _replay(file: Path, port: int) -> None:
    from tablewire.simulator.recordings import RecordingError
    from tablewire.simulator.replay_server import ReplayServer
    from tablewire.simulator.run import serve_replay

    def ready(server: ReplayServer) -> None:
        replay = server.replay
        out.print(
            f"{replay.count} exchanges with {replay.provider}, recorded from "
            f"{replay.started_at.isoformat()} on, answer at {server.base_url}; Ctrl-C stops it.",
            soft_wrap=True,
        )

    try:
        asyncio.run(serve_replay(file, port=port, ready=ready))
    except RecordingError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--replay") from None


@cli.command()
def migrate() -> None:
    """Bring the database up to date."""
    from tablewire.running import migrated

    before, after = _run(migrated(_settings()))
    out.print(
        f"The database is at {after}" + (f" (was {before or 'empty'})." if before != after else " already.")
    )


@cli.command()
def config() -> None:
    """Show the settings in force and where each value came from. Secrets are masked."""
    shown = describe(_settings())
    if not out.is_terminal:
        for one in shown:
            print(f"{one.name}={one.value}  # {one.origin}")
        return
    table = Table("setting", "value", "from", box=None)
    for one in shown:
        table.add_row(one.name, one.value, one.origin, style="" if one.origin == "default" else "bold")
    out.print(table)


@cli.command()
def doctor() -> None:
    """Look at the database, its migrations, the clock and each provider: what is wrong, and how to mend it."""
    from tablewire.doctor import examine

    findings = _run(examine(_settings()))
    for finding in findings:
        mark = "ok  " if finding.well else "BAD "
        style = "" if finding.well else "red"
        out.print(f"{mark}  {finding.what}: {finding.says}", markup=False, style=style, soft_wrap=True)
        if finding.remedy:
            out.print(f"      {finding.remedy}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if all(finding.well for finding in findings) else 1)


@cli.command()
def record(
    out_file: Annotated[
        Path, typer.Option("--out", help="A new file: FILE.ndjson, or FILE.ndjson.gz to pack it.")
    ],
    provider: Annotated[
        list[str] | None, typer.Option(help="Which provider; by default all that are polled.")
    ] = None,
    cycles: Annotated[
        int | None, typer.Option(help="Rounds over the dates, one each POLL_INTERVAL; by default one.", min=1)
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Record for so long instead.", min=0.01, max=1440)
    ] = None,
    dates: Annotated[
        int | None, typer.Option(help="How many dates, from today on; by default WINDOW_DAYS.", min=1, max=60)
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Ask for all pages, not for the first PAGES_PER_CYCLE only.")
    ] = False,
    venue: Annotated[
        list[str] | None, typer.Option(help="Look at this venue by name too, as provider:venue_id.")
    ] = None,
) -> None:
    """Make the providers' real calls, within their budgets, and keep every exchange, scrubbed of secrets."""
    from tablewire import record_command as recording

    settings = _settings()
    rounds = cycles if cycles is not None else 0 if minutes is not None else 1
    wish = recording.Wish(
        providers=tuple(provider or ()),
        cycles=rounds,
        seconds=None if minutes is None else 60 * minutes,
        dates=settings.discovery.window_days if dates is None else dates,
        whole=whole,
        venues=recording.read_venues(venue or []),
    )
    report = _run(recording.record(settings, wish, out_file, say=_say))
    _say(recording.summary(report, out_file))
    raise typer.Exit(0 if report.kept else 1)


@cli.command()
def drops(
    url: Annotated[str, typer.Option(help="Where the service answers.")] = "http://127.0.0.1:8000",
    types: Annotated[str, typer.Option(help="drop, reopened, closed; several by comma.")] = "drop",
    since: Annotated[
        str | None, typer.Option(help="Begin after this cursor; 0: from the oldest kept.")
    ] = None,
    venue: Annotated[list[str] | None, typer.Option(help="Venue name, whole or part.")] = None,
    neighborhood: Annotated[list[str] | None, typer.Option(help="Neighbourhood.")] = None,
    party_size: Annotated[list[int] | None, typer.Option(help="Party size.")] = None,
    date_from: Annotated[str | None, typer.Option(help="First date, as 2026-02-18.")] = None,
    date_to: Annotated[str | None, typer.Option(help="Last date.")] = None,
    time_from: Annotated[str | None, typer.Option(help="Earliest start, as 19:00.")] = None,
    time_to: Annotated[str | None, typer.Option(help="Latest start.")] = None,
    weekday: Annotated[list[str] | None, typer.Option(help="mon to sun.")] = None,
    price_max: Annotated[int | None, typer.Option(help="Highest price range, 1 to 4.")] = None,
    token: Annotated[
        str | None,
        typer.Option(help="Your token where the service has users; better in TABLEWIRE_TOKEN or .env."),
    ] = None,
) -> None:
    """Follow the live feed of a running service in this terminal."""
    wanted = {
        "venue": venue,
        "neighborhood": neighborhood,
        "party_size": party_size,
        "weekday": weekday,
        "date_from": date_from,
        "date_to": date_to,
        "time_from": time_from,
        "time_to": time_to,
        "price_max": price_max,
        "types": types,
    }
    query = [
        (name, str(value))
        for name, values in wanted.items()
        if values is not None
        for value in (values if isinstance(values, list) else [values])
    ]
    try:
        for line in follow(
            url,
            query,
            since=since,
            token=token or _token_in_settings(),
            lost=lambda why: err.print(f"connection lost: {why}; trying again"),
        ):
            if line["event"] in ("drop", "reopened", "closed"):
                out.print(event_line(line["event"], line["data"]), soft_wrap=True)
            elif line["event"] == "hello" and line["data"].get("demo"):
                err.print("Demo data: nothing here is real.")
            elif line["event"] == "reset":
                err.print(f"The cursor is {line['data']['reason']}; going on from {line['data']['cursor']}.")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


cli.add_typer(venues, context_settings={"obj": _settings})
cli.add_typer(users, context_settings={"obj": _settings})
cli.add_typer(metrics, context_settings={"obj": _settings})
cli.add_typer(exports, context_settings={"obj": _settings})
cli.add_typer(retention, context_settings={"obj": _settings})
cli.command(context_settings={"obj": _settings})(report)


def _token_in_settings() -> str | None:
    """The token in the environment or in `.env`: following another service must not need this one's settings to be right."""
    name = PREFIX + "TOKEN"
    return os.environ.get(name) or read_env_file(Path(".env")).get(name) or None


def _run(work: Coroutine[Any, Any, T]) -> T:
    return uvloop.run(work)


def _say(text: str) -> None:
    err.print(text, markup=False, soft_wrap=True)
