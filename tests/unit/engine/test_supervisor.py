"""Loops are kept alive, and one beyond saving ends the process."""

import anyio
import pytest

from tablewire.engine.supervisor import TOO_MANY, BeyondSaving, Loop, Supervisor
from tests.clock import StepClock


async def test_a_loop_that_raises_is_started_again_and_its_siblings_do_not_notice() -> None:
    clock = StepClock()
    supervisor = Supervisor(clock)
    turns = {"steady": 0, "shaky": 0}

    async def steady(loop: Loop) -> None:
        while True:
            loop.beat()
            turns["steady"] += 1
            await clock.sleep(1)

    async def shaky(loop: Loop) -> None:
        loop.beat()
        turns["shaky"] += 1
        if turns["shaky"] < 3:
            raise ValueError("no")
        await anyio.sleep_forever()

    watched = supervisor.add("steady", steady)
    failing = supervisor.add("shaky", shaky)
    with anyio.move_on_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(supervisor.run)
            while turns["shaky"] < 3:
                await anyio.sleep(0)
            group.cancel_scope.cancel()
    assert turns["shaky"] == 3
    assert failing.restarts == 2
    assert failing.last_error == "ValueError: no"
    assert watched.restarts == 0
    assert watched.heartbeat_at is not None


async def test_a_loop_that_fails_again_and_again_is_given_up_loudly() -> None:
    supervisor = Supervisor(StepClock())
    runs = 0

    async def broken(_: Loop) -> None:
        nonlocal runs
        runs += 1
        raise ValueError("always")

    supervisor.add("broken", broken)
    with pytest.raises(BeyondSaving, match="broken"):
        await supervisor.run()
    assert runs == TOO_MANY


async def test_a_loop_that_fails_rarely_is_never_given_up() -> None:
    clock = StepClock()
    supervisor = Supervisor(clock)
    runs = 0

    async def rarely(_: Loop) -> None:
        nonlocal runs
        runs += 1
        if runs > 3 * TOO_MANY:
            await anyio.sleep_forever()
        await clock.sleep(600)
        raise ValueError("now and then")

    supervisor.add("rarely", rarely)
    with anyio.move_on_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(supervisor.run)
            while runs <= 3 * TOO_MANY:
                await anyio.sleep(0)
            group.cancel_scope.cancel()
    assert runs == 3 * TOO_MANY + 1


async def test_a_loop_that_ends_by_itself_counts_as_failed() -> None:
    supervisor = Supervisor(StepClock())

    async def ends(_: Loop) -> None:
        return

    loop = supervisor.add("ends", ends)
    with pytest.raises(BeyondSaving):
        await supervisor.run()
    assert loop.last_error is not None
    assert "ended by itself" in loop.last_error
