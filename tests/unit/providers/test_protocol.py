"""Seats: how many calls are in flight at once, and that no provider takes the seats of another."""

import asyncio

import pytest

from tablewire.providers.calls import CallFailure, Fetched, Request
from tablewire.providers.http import Caller
from tablewire.providers.protocol import Seats
from tablewire.providers.verdict import Answered

REQUEST = ("GET", "https://tables.example")


async def taken(seats: Seats, provider: str, most: int = 20) -> int:
    """How many seats a provider gets when it takes all it can."""
    count = 0
    while count < most:
        try:
            async with asyncio.timeout(0):
                await seats.take(provider)
        except TimeoutError:
            break
        count += 1
    return count


@pytest.mark.parametrize(
    ("rates", "slow_gets"),
    [
        ({"slow": 100.0}, 8),
        ({"slow": 100.0, "other": 0.5}, 7),
        ({"slow": 100.0, "other": 5.0}, 4),
        ({"slow": 1.0, "other": 3.0}, 5),
        ({"slow": 9.0, "other": 9.0, "third": 9.0}, 4),
    ],
)
async def test_a_provider_leaves_the_others_what_they_need_up_to_their_fair_share(
    rates: dict[str, float], slow_gets: int
) -> None:
    seats = Seats(8)
    for provider, rate in rates.items():
        seats.keep(provider, rate)
    assert await taken(seats, "slow") == slow_gets
    assert await taken(seats, "other") == (
        0 if "other" not in rates else 8 - slow_gets if len(rates) == 2 else 2
    )


async def test_seats_never_exceed_their_number() -> None:
    seats = Seats(3)
    seats.keep("one", 50)
    seats.keep("two", 50)
    assert await taken(seats, "two") + await taken(seats, "one") == 3


async def test_fewer_seats_than_providers_go_to_whoever_comes_first() -> None:
    seats = Seats(1)
    seats.keep("one", 1)
    seats.keep("two", 1)
    await seats.take("two")
    waiting = asyncio.create_task(seats.take("one"), name="waits")
    await asyncio.sleep(0)
    assert not waiting.done()
    seats.give_back("two")
    await asyncio.wait_for(waiting, 5)


async def test_one_who_gives_up_waiting_takes_nobodys_turn() -> None:
    seats = Seats(1)
    seats.keep("one", 1)
    await seats.take("one")
    impatient, patient = (asyncio.create_task(seats.take("one"), name=f"waits {n}") for n in range(2))
    await asyncio.sleep(0)
    seats.give_back("one")
    impatient.cancel()
    await asyncio.wait_for(patient, 5)
    assert impatient.cancelled()


async def test_a_provider_whose_calls_all_hang_leaves_the_other_as_many_seats_as_before() -> None:
    seats = Seats(8)
    inside, together = 0, asyncio.Event()

    async def hang(_: Request) -> Answered:
        await asyncio.Event().wait()
        raise AssertionError

    async def meet(_: Request) -> Answered:
        nonlocal inside
        inside += 1
        if inside == 4:
            together.set()
        await together.wait()
        return Answered(status=200, content_type="application/json", body=b"{}")

    slow = Caller("slow", seats=seats, rate=1000.0, timeout=60, user_agent="test", exchange=hang)
    quick = Caller("quick", seats=seats, rate=1000.0, timeout=60, user_agent="test", exchange=meet)
    hanging = [
        asyncio.create_task(slow.call(Request(*REQUEST, headers={}), bytes), name=f"hangs {n}")
        for n in range(20)
    ]
    await asyncio.sleep(0.01)  # let all of them take what they can get
    results: list[Fetched[bytes] | CallFailure] = await asyncio.wait_for(
        asyncio.gather(*(quick.call(Request(*REQUEST, headers={}), bytes) for _ in range(12))), 10
    )
    assert all(isinstance(result, Fetched) for result in results)
    assert slow.sent == 4
    for call in hanging:
        call.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
