"""All that a user has made, as one file: written as it would be made again, and made again from it, whole or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import anyio
import msgspec

from tablewire.domain.users import User
from tablewire.errors import BadInput, Conflict, FieldError, StoreError
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("services.portable")

MOST_WRONG = 50
"""So many wrong fields are named at most."""

MOST = 1_000
"""Things of one kind in a file."""

Body = Any
"""What something is made of, as its own address takes it: each shelf has its own struct."""


class Shelf(Protocol):
    """One kind of things that users make."""

    async def kept(self, user: User, *, secrets: bool) -> Sequence[Body]:
        """All that the user has of it, oldest first, each as it would be made again; its secrets only where they are asked for."""
        ...

    async def check(self, user: User, body: Body) -> Body | None:
        """The body as `kept` would have it once the thing is made; None where its time has passed. Raises `BadInput`."""
        ...

    async def make(self, user: User, body: Body) -> int:
        """Make a thing; answers its id. Raises `BadInput`, `Conflict`."""
        ...

    async def remove(self, user: User, id: int) -> None:
        """Remove a thing."""
        ...


class Brought(msgspec.Struct):
    """What an import came to for one shelf."""

    made: int = 0
    there_before: int = 0
    """Left out, since the user has an equal one, or the file has it twice."""
    over: int = 0
    """Left out, since its dates have passed."""


class Portable:
    """The shelves by name, in the order in which things are made: what rings comes before what makes it ring."""

    def __init__(self, shelves: Mapping[str, Shelf]) -> None:
        self._shelves = dict(shelves)
        self._one_at_a_time = anyio.Lock()

    async def written(self, user: User, *, secrets: bool) -> dict[str, Sequence[Body]]:
        """All that the user has made. Raises `StoreError`."""
        return {name: await shelf.kept(user, secrets=secrets) for name, shelf in self._shelves.items()}

    async def bring(self, user: User, given: Mapping[str, Sequence[Body]]) -> dict[str, Brought]:
        """Make everything that the user does not have yet. Where one thing cannot be made, nothing is.

        Raises `BadInput` that names what is wrong by its place in the file, `Conflict`, `StoreError`.
        """
        async with self._one_at_a_time:
            fresh, brought = await self._checked(user, given)
            made: list[tuple[Shelf, int]] = []
            try:
                for name, place, body in fresh:
                    with _at(f"{name}[{place}]"):
                        made.append((self._shelves[name], await self._shelves[name].make(user, body)))
                    brought[name].made += 1
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await _take_back(user, made)
                raise
            return brought

    async def _checked(
        self, user: User, given: Mapping[str, Sequence[Body]]
    ) -> tuple[list[tuple[str, int, Body]], dict[str, Brought]]:
        """What is to be made, each with its place, once all of it has been found to be right."""
        fresh: list[tuple[str, int, Body]] = []
        wrong: list[FieldError] = []
        brought = {name: Brought() for name in self._shelves}
        for name, bodies in given.items():
            if len(bodies) > MOST:
                wrong.append(FieldError(name, f"it has {len(bodies)} entries; up to {MOST} are allowed"))
        if wrong:
            raise BadInput(wrong)
        for name, shelf in self._shelves.items():
            known = list(await shelf.kept(user, secrets=True)) if given.get(name) else []
            for place, body in enumerate(given.get(name, ())):
                try:
                    with _at(f"{name}[{place}]"):
                        checked = await shelf.check(user, body)
                except BadInput as error:
                    wrong.extend(error.fields)
                    continue
                if checked is None:
                    brought[name].over += 1
                elif checked in known:
                    brought[name].there_before += 1
                else:
                    known.append(checked)
                    fresh.append((name, place, checked))
        if wrong:
            raise BadInput(wrong[:MOST_WRONG])
        return fresh, brought


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Errors within are those of a place in the file."""
    try:
        yield
    except BadInput as error:
        raise BadInput(
            [FieldError(f"{place}.{wrong.field}", wrong.message) for wrong in error.fields]
        ) from error
    except Conflict as error:
        raise Conflict(f"{place}: {error}; nothing of the file was taken over") from error


async def _take_back(user: User, made: Sequence[tuple[Shelf, int]]) -> None:
    for shelf, id in reversed(made):
        try:
            await shelf.remove(user, id)
        except StoreError as error:
            message = f"a part of a file that could not be taken over whole stays: {error}"
            log.warning(LogEvent.STORE_AWAY, message=message, user=user.name, left=id)
