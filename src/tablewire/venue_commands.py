"""The commands `tablewire venues …`: which venues are one restaurant, decided by hand."""

import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar, cast

import typer
import uvloop
from rich.console import Console

from tablewire.domain.restaurants import Verdict
from tablewire.domain.slots import Venue
from tablewire.services.restaurants import HandDecisions
from tablewire.settings import Settings

T = TypeVar("T")
Listing = Annotated[str, typer.Argument(help="A venue as provider:id, such as resy:834.", metavar="VENUE")]
Why = Annotated[str | None, typer.Option(help="Why, for whoever reads it later.")]
By = Annotated[str | None, typer.Option(help="Who decides; the user of this machine where left out.")]

LATER = "A running service takes it over within a minute."

out = Console(highlight=False)
venues = typer.Typer(
    name="venues",
    help="One restaurant at several providers: what was matched, and corrections by hand.",
    no_args_is_help=True,
)
"""Works on the database, whether a service runs or not. Its context's object is what reads the settings."""


@venues.command()
def same(context: typer.Context, one: Listing, other: Listing, why: Why = None, by: By = None) -> None:
    """Hold two venues for one restaurant, whatever the evidence says."""
    _decide(context, one, other, Verdict.SAME, by, why)


@venues.command()
def apart(context: typer.Context, one: Listing, other: Listing, why: Why = None, by: By = None) -> None:
    """Hold two venues for two restaurants, whatever the evidence says."""
    _decide(context, one, other, Verdict.APART, by, why)


@venues.command()
def auto(context: typer.Context, one: Listing, other: Listing) -> None:
    """Take back what was decided of two venues: the evidence says again."""
    _with_decisions(context, lambda decisions: decisions.leave_to_evidence(one, other))
    _say(f"The evidence decides on {one} and {other} again. {LATER}")


@venues.command("list-doubtful")
def list_doubtful(context: typer.Context) -> None:
    """Pairs that are likely one restaurant and not proven, the likeliest first."""
    doubtful = _with_decisions(context, lambda decisions: decisions.doubtful())
    for one in doubtful:
        _say(f"{one.link.confidence:.2f}  {_named(one.one)}  |  {_named(one.other)}")
        _say(f"      {_listed(one.link.evidence)}")
    if not doubtful:
        _say("Nothing is doubtful.")


@venues.command("list-decided")
def list_decided(context: typer.Context) -> None:
    """What people decided: of which venues, when, and why."""
    decided = _with_decisions(context, lambda decisions: decisions.decisions())
    for one in decided:
        why = f": {one.why}" if one.why else ""
        said = f"{one.verdict.value:5}  {one.pair.one}  {one.pair.other}"
        _say(f"{said}  by {one.by}, {one.at:%Y-%m-%d %H:%M} UTC{why}")
    if not decided:
        _say("Nobody has decided anything.")


def _decide(
    context: typer.Context, one: str, other: str, verdict: Verdict, by: str | None, why: str | None
) -> None:
    who = by or _user()
    left, right, evidence = _with_decisions(
        context, lambda decisions: decisions.decide(one, other, verdict, by=who, why=why)
    )
    word = "one restaurant" if verdict is Verdict.SAME else "two restaurants"
    _say(f"{_named(left)} and {_named(right)} are {word} from now on. {LATER}")
    _say(f"The evidence alone says {evidence.confidence:.2f}: {_listed(evidence.evidence)}")


def _with_decisions(context: typer.Context, work: Callable[[HandDecisions], Awaitable[T]]) -> T:
    read_settings = cast("Callable[[], Settings]", context.obj)
    return uvloop.run(_on_database(read_settings(), work))


async def _on_database(settings: Settings, work: Callable[[HandDecisions], Awaitable[T]]) -> T:
    # A command imports what it runs, so that --help comes at once.
    from tablewire.running import database  # noqa: PLC0415 - said above
    from tablewire.storage.store import PostgresStore  # noqa: PLC0415 - said above

    async with database(settings) as dsn:
        store = await PostgresStore.open(dsn)
        try:
            await store.ping()
            return await work(HandDecisions(store, lambda: datetime.now(UTC)))
        finally:
            await store.close()


def _named(venue: Venue) -> str:
    place = f", {venue.neighborhood}" if venue.neighborhood else ""
    return f"{venue.provider}:{venue.venue_id} ({venue.name}{place})"


def _listed(evidence: tuple[str, ...]) -> str:
    return "; ".join(evidence) or "nothing speaks for it"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user in a container
        return "unknown"


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
