"""How many things a user may have: a limit that holds also where several are made at once."""

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tablewire.errors import NotFound
from tablewire.storage.user_tables import users


async def has_room(
    connection: AsyncConnection, things: Table, user_id: int, most: int, *counted: ColumnElement[bool]
) -> bool:
    """Whether a user may have one more of a table's things, of which only those `counted` count. Raises `NotFound`.

    The user is held until the commit. Whoever tells them something meanwhile, and so names them in a new row, need not wait.
    """
    held = select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True)
    if (await connection.execute(held)).first() is None:
        raise NotFound("There is no such user any more.")
    theirs = select(func.count()).select_from(things).where(things.c.user_id == user_id, *counted)
    return (await connection.execute(theirs)).scalar_one() < most
