"""Answers are read one after the other, and while many wait nothing more is asked for."""

import asyncio

import pytest

from tablewire.providers.turns import MOST_UNREAD, ReadingTurns


async def turns_of(turns: ReadingTurns, may_end: asyncio.Event, log: list[int], number: int) -> None:
    async with turns:
        log.append(number)
        await may_end.wait()


async def let_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_answer_is_read_at_a_time_in_order() -> None:
    turns, may_end, log = ReadingTurns(), asyncio.Event(), list[int]()
    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(turns_of(turns, may_end, log, number))
        await let_run()
        assert log == [0]
        may_end.set()
    assert log == [0, 1, 2]


async def test_there_is_no_room_while_many_wait_to_be_read() -> None:
    turns, may_end = ReadingTurns(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(MOST_UNREAD):
            group.create_task(turns_of(turns, may_end, [], number))
        await let_run()
        waiting = group.create_task(turns.room())
        await let_run()
        assert not waiting.done()
        may_end.set()


async def test_what_is_cancelled_while_it_waits_takes_no_room() -> None:
    turns, may_end = ReadingTurns(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        first = [group.create_task(turns_of(turns, may_end, [], number)) for number in range(MOST_UNREAD)]
        await let_run()
        first[-1].cancel()
        async with asyncio.timeout(5):
            await turns.room()
        may_end.set()


async def test_an_error_while_reading_ends_the_turn() -> None:
    turns = ReadingTurns()
    with pytest.raises(ValueError, match="senseless"):
        async with turns:
            raise ValueError("senseless")
    async with asyncio.timeout(5), turns:
        pass
