"""One file of everything: made again from it, whole or not at all."""

from collections.abc import Sequence

import msgspec
import pytest

from tablewire.domain.users import User
from tablewire.errors import BadInput, Conflict, StoreUnavailable
from tablewire.services.portable import Brought, Portable

ANN = User(id=1, name="ann")


class Wish(msgspec.Struct, frozen=True):
    """Something with a name; `bad…` is refused when it is checked, `full` when it is made, and `old` is over."""

    name: str
    secret: str | None = None


class Things:
    """Things in memory."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.things: dict[int, Wish] = {}
        self.breaks: Exception | None = None
        self.stuck = False

    async def kept(self, user: User, *, secrets: bool) -> Sequence[Wish]:
        assert user == ANN
        return [thing if secrets else Wish(thing.name) for thing in self.things.values()]

    async def check(self, user: User, body: Wish) -> Wish | None:
        assert user == ANN
        if body.name == "old":
            return None
        if body.name.startswith("bad"):
            raise BadInput.of("name", "it is bad")
        return Wish(body.name.lower(), body.secret)

    async def make(self, user: User, body: Wish) -> int:
        assert user == ANN
        if self.breaks is not None:
            raise self.breaks
        if body.name == "full":
            raise Conflict("there are too many")
        id = len(self.log) + 1
        self.log.append(f"made {body.name}")
        self.things[id] = Wish(body.name.lower(), body.secret)
        return id

    async def remove(self, user: User, id: int) -> None:
        assert user == ANN
        if self.stuck:
            raise StoreUnavailable("it is away")
        self.log.append(f"removed {self.things.pop(id).name}")


class Shelves:
    """Channels and goals."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.channels, self.goals = Things(self.log), Things(self.log)
        self.portable = Portable({"channels": self.channels, "goals": self.goals})


FILE = {"goals": [Wish("dinner"), Wish("lunch")], "channels": [Wish("phone", "ntfy")]}


async def test_what_is_written_makes_the_same_again() -> None:
    one, other = Shelves(), Shelves()
    await one.portable.bring(ANN, FILE)
    await other.portable.bring(ANN, await one.portable.written(ANN, secrets=True))
    assert await other.portable.written(ANN, secrets=True) == FILE


async def test_secrets_are_written_only_where_they_are_asked_for() -> None:
    shelves = Shelves()
    await shelves.portable.bring(ANN, FILE)
    assert (await shelves.portable.written(ANN, secrets=False))["channels"] == [Wish("phone")]


async def test_what_rings_is_made_before_what_makes_it_ring() -> None:
    shelves = Shelves()
    await shelves.portable.bring(ANN, FILE)
    assert shelves.log == ["made phone", "made dinner", "made lunch"]


async def test_a_second_time_makes_nothing_and_twice_in_a_file_makes_one() -> None:
    shelves = Shelves()
    twice = {"goals": [Wish("dinner"), Wish("Dinner")]}
    assert (await shelves.portable.bring(ANN, twice))["goals"] == Brought(made=1, there_before=1)
    assert await shelves.portable.bring(ANN, twice) == {
        "channels": Brought(),
        "goals": Brought(there_before=2),
    }
    assert shelves.log == ["made dinner"]


async def test_what_is_over_is_left_out() -> None:
    shelves = Shelves()
    brought = await shelves.portable.bring(ANN, {"goals": [Wish("old"), Wish("dinner")]})
    assert brought["goals"] == Brought(made=1, over=1)


async def test_everything_that_is_wrong_is_named_by_its_place_and_nothing_is_made() -> None:
    shelves = Shelves()
    with pytest.raises(BadInput) as refused:
        await shelves.portable.bring(
            ANN, {"goals": [Wish("bad"), Wish("dinner"), Wish("bad too")], "channels": [Wish("bad")]}
        )
    assert [wrong.field for wrong in refused.value.fields] == [
        "channels[0].name",
        "goals[0].name",
        "goals[2].name",
    ]
    assert shelves.log == []


async def test_where_one_thing_cannot_be_made_those_before_it_are_taken_back() -> None:
    shelves = Shelves()
    with pytest.raises(Conflict, match=r"goals\[1\]: there are too many; nothing of the file"):
        await shelves.portable.bring(
            ANN, {"channels": [Wish("phone")], "goals": [Wish("dinner"), Wish("full")]}
        )
    assert (shelves.channels.things, shelves.goals.things) == ({}, {})
    assert shelves.log[-2:] == ["removed dinner", "removed phone"]


async def test_where_the_store_goes_away_meanwhile_that_is_said_and_as_much_as_can_be_is_taken_back() -> None:
    shelves = Shelves()
    shelves.goals.breaks = StoreUnavailable("it is away")
    shelves.channels.stuck = True
    with pytest.raises(StoreUnavailable):
        await shelves.portable.bring(ANN, FILE)
    assert shelves.goals.things == {}


async def test_a_file_has_so_many_things_of_one_kind_at_most() -> None:
    shelves = Shelves()
    with pytest.raises(BadInput, match="goals: it has 1001 entries; up to 1000 are allowed"):
        await shelves.portable.bring(ANN, {"goals": [Wish("dinner")] * 1_001})
