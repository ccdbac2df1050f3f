"""The commands `tablewire users …`: who may ask a service with AUTH=token."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar, cast

import typer
import uvloop
from rich.console import Console

from tablewire.services.accounts import Accounts
from tablewire.settings import Settings

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="The user's name: letters, digits, dots, dashes, underscores, @.")]

SOON = "A running service knows within 5 seconds, and ends their streams."

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
users = typer.Typer(
    name="users",
    help="The users of a service with AUTH=token, and their tokens.",
    no_args_is_help=True,
)
"""Works on the database, whether a service runs or not. Its context's object is what reads the settings."""


@users.command()
def add(
    context: typer.Context,
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="Lets them do what `/admin/…` does.")] = False,  # noqa: FBT002 - a flag
    time_zone: Annotated[
        str | None,
        typer.Option(help="IANA name of the zone of their quiet hours; the first market's where left out."),
    ] = None,
) -> None:
    """Make a user, and print their token: once, on a line of its own."""
    user, token = _with_accounts(
        context, lambda accounts: accounts.add(name, is_admin=admin, time_zone=time_zone)
    )
    _tell(token, f"{user.name} is {'an admin' if user.is_admin else 'a user'} now, in {user.time_zone}.")


@users.command()
def token(context: typer.Context, name: Name) -> None:
    """Make one more token for a user, and print it: once. Those they have stay in force."""
    user, text = _with_accounts(context, lambda accounts: accounts.new_token(name))
    _tell(text, f"{user.name} has one more token.")


@users.command("list")
def list_users(context: typer.Context) -> None:
    """All users, with how many tokens of theirs are in force."""
    known = _with_accounts(context, lambda accounts: accounts.accounts())
    for one in known:
        role = "admin" if one.user.is_admin else "user "
        tokens = "1 token" if one.tokens == 1 else f"{one.tokens} tokens"
        _say(f"{role}  {one.user.name}  {tokens}, {one.user.time_zone}, since {one.created_at:%Y-%m-%d}")
    if not known:
        _say("There are no users yet: tablewire users add NAME --admin")


@users.command()
def revoke(context: typer.Context, name: Name) -> None:
    """Revoke all tokens of a user, and end their sessions. What is theirs stays."""
    revoked = _with_accounts(context, lambda accounts: accounts.revoke(name))
    if not revoked:
        _say(f"No token of {name} was in force.")
        return
    tokens = "The token" if revoked == 1 else f"All {revoked} tokens"
    _say(f"{tokens} of {name} {'is' if revoked == 1 else 'are'} revoked. {SOON}")


@users.command()
def delete(
    context: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Delete a user with everything that is theirs: tokens, watches, requests, goals, notifications, channels."""
    if not yes:
        typer.confirm(f"Delete {name} and everything that is theirs?", abort=True, err=True)
    _with_accounts(context, lambda accounts: accounts.delete_named(name))
    _say(f"{name} is deleted, with everything that was theirs. {SOON}")


def _with_accounts(context: typer.Context, work: Callable[[Accounts], Awaitable[T]]) -> T:
    read_settings = cast("Callable[[], Settings]", context.obj)
    return uvloop.run(_on_database(read_settings(), work))


async def _on_database(settings: Settings, work: Callable[[Accounts], Awaitable[T]]) -> T:
    # A command imports what it runs, so that --help comes at once.
    from tablewire.running import database  # noqa: PLC0415 - said above
    from tablewire.storage.store import PostgresStore  # noqa: PLC0415 - said above

    async with database(settings) as dsn:
        store = await PostgresStore.open(dsn)
        try:
            await store.ping()
            home = settings.markets[0].time_zone
            return await work(Accounts(store.people.accounts, lambda: datetime.now(UTC), home_zone=home))
        finally:
            await store.close()


def _tell(token: str, said: str) -> None:
    """The token alone goes to the standard output, so that a script can take it."""
    err.print(f"{said} Their token, shown this once:", markup=False, soft_wrap=True)
    out.print(token, markup=False, soft_wrap=True)


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
