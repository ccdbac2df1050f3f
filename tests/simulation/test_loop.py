"""The loop of simulated time: it jumps, it overtakes as the dice say, and what a dead process left to do stays undone."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.simulation.loop import FIRST_SECOND, Life, SimLoop, context_of


def played(loop: SimLoop, work: Coroutine[Any, Any, None]) -> None:
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


def test_a_day_of_waiting_takes_a_few_turns() -> None:
    loop = SimLoop()
    played(loop, asyncio.sleep(86_400))
    assert loop.time() == pytest.approx(FIRST_SECOND + 86_400, abs=0.01)
    assert loop.turns < 10


@pytest.mark.parametrize(("dice", "in_order"), [(None, True), (random.Random(1), False)])
def test_what_is_ready_at_once_runs_in_order_or_as_the_dice_say(
    dice: random.Random | None, *, in_order: bool
) -> None:
    ran: list[int] = []

    async def work() -> None:
        async def note(number: int) -> None:
            ran.append(number)

        await asyncio.gather(*(note(number) for number in range(20)))

    played(SimLoop(dice), work())
    assert (ran == sorted(ran)) == in_order


def test_a_killed_process_does_nothing_more_not_even_its_last_words() -> None:
    said: list[str] = []
    ended: list[bool] = []
    life = Life("one", lambda: ended.append(True))

    async def speak() -> None:
        try:
            for number in range(10):
                said.append(str(number))
                await asyncio.sleep(1)
        finally:
            said.append("goodbye")

    async def work() -> None:
        asyncio.get_running_loop().create_task(speak(), context=context_of(life))
        await asyncio.sleep(2.5)
        life.die()
        await asyncio.sleep(20)
        assert said == ["0", "1", "2"]
        while unfinished := loop.bury(life):
            await asyncio.wait(unfinished, timeout=1)

    loop = SimLoop()
    played(loop, work())
    assert ended == [True]
    assert said[-1] == "goodbye"


def test_a_loop_with_nothing_left_to_wait_for_says_so() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    loop = SimLoop()
    task = loop.create_task(work())
    with pytest.raises(RuntimeError, match="hang for ever"):
        loop.run_until_complete(task)
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
