"""What admins may do, and what they have to say before it is done."""

from collections.abc import Mapping
from datetime import date

import pytest

from tablewire.domain.buckets import BucketKey
from tablewire.domain.users import User
from tablewire.errors import BadInput, NotFound
from tablewire.services.admin import Admin

ROOT = User(id=1, name="root", is_admin=True)
DAY = date(2026, 2, 18)
NYC, BOSTON = BucketKey("nyc", DAY, "19:00"), BucketKey("boston", DAY, "19:00")
EVENING = "2026-02-18_19:00"


class Doors:
    """A database called `tables`, and two markets that have the same evening."""

    def __init__(self) -> None:
        self.keys = [BOSTON, NYC]
        self.cleared = 0
        self.rebaselined: list[BucketKey] = []

    async def database_name(self) -> str:
        return "tables"

    async def clear(self) -> tuple[str, ...]:
        self.cleared += 1
        return ("venues",)

    def watched(self, bucket_id: str) -> list[BucketKey]:
        return [key for key in self.keys if key.bucket_id == bucket_id]

    async def rebaseline(self, key: BucketKey) -> Mapping[str, int]:
        self.rebaselined.append(key)
        return {"opentable": 1, "resy": 2}


def admin() -> tuple[Admin, Doors]:
    doors = Doors()
    return Admin(doors, doors, doors), doors


async def test_the_database_is_emptied_where_its_name_is_given() -> None:
    does, doors = admin()
    assert await does.clear(ROOT, "tables") == ("venues",)
    assert doors.cleared == 1


@pytest.mark.parametrize("confirm", ["", "yes", "Tables", "tables ", "tablewire"])
async def test_nothing_is_emptied_otherwise_and_the_error_does_not_give_the_name_away(confirm: str) -> None:
    does, doors = admin()
    with pytest.raises(BadInput) as refused:
        await does.clear(ROOT, confirm)
    assert [wrong.field for wrong in refused.value.fields] == ["confirm"]
    assert "tables" not in str(refused.value).split()
    assert doors.cleared == 0


async def test_a_bucket_that_several_markets_have_needs_its_market() -> None:
    does, doors = admin()
    with pytest.raises(BadInput, match="boston, nyc"):
        await does.rebaseline(ROOT, EVENING, None)
    done = await does.rebaseline(ROOT, EVENING, "nyc")
    assert (done.key, dict(done.joined)) == (NYC, {"opentable": 1, "resy": 2})
    assert doors.rebaselined == [NYC]


async def test_a_bucket_that_one_market_has_needs_none() -> None:
    does, doors = admin()
    doors.keys = [BOSTON]
    assert (await does.rebaseline(ROOT, EVENING, None)).key == BOSTON


async def test_a_bucket_that_is_not_watched_is_not_there_and_one_that_is_none_is_refused() -> None:
    does, _ = admin()
    with pytest.raises(NotFound):
        await does.rebaseline(ROOT, "2026-02-19_19:00", None)
    with pytest.raises(NotFound):
        await does.rebaseline(ROOT, EVENING, "london")
    with pytest.raises(BadInput):
        await does.rebaseline(ROOT, "tomorrow", None)
