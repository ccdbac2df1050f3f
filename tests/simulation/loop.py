"""An event loop without sockets and without waiting: time jumps to the next timer, and one seed decides who comes first."""

import asyncio
import contextvars
import heapq
import random
from collections.abc import Callable, Coroutine, Generator
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any

FIRST_SECOND = 1000.0
_TURN = 1e-6
"""Simulated seconds that each turn of the loop takes: whoever waits for less than a float can tell still gets there."""

Work = Coroutine[Any, Any, Any] | Generator[Any, None, Any]


class Life:
    """The life of one simulated process: what it started runs only while it lives."""

    def __init__(self, name: str, on_death: Callable[[], None]) -> None:
        self.name = name
        self.dead = False
        self.ghost = False
        """Whether what is left of it is being put away: it may run again, but nothing that it does counts."""
        self.tasks: list[asyncio.Task[Any]] = []
        self.left: list[asyncio.Handle] = []
        """What it would have done next."""
        self._fuse: int | None = None
        self._on_death = on_death

    def kill_after(self, steps: int) -> None:
        """Let it do so many steps more, and then none."""
        if self._fuse is None:
            self._fuse = steps

    def die(self) -> None:
        """It is gone at once, in the middle of whatever it does."""
        if not self.dead:
            self.dead = True
            self._on_death()

    def may_step(self) -> bool:
        """Whether it may take one step more."""
        if self._fuse is not None and not self.dead:
            self._fuse -= 1
            if self._fuse < 0:
                self.die()
        return self.ghost or not self.dead


_LIFE: contextvars.ContextVar[Life | None] = contextvars.ContextVar("life", default=None)


def context_of(life: Life | None) -> contextvars.Context:
    """A context in which everything that is started belongs to a life (None: to the world around)."""
    context = contextvars.copy_context()
    context.run(_LIFE.set, life)
    return context


class _Task(asyncio.Task[Any]):
    """A task whose place in a set depends on its number, and not on where it lies in memory."""

    def __init__(self, coro: Work, *, number: int, **options: Any) -> None:
        self._number = number
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self._number


class SimLoop(asyncio.BaseEventLoop):
    """Runs what is ready, in an order that `dice` may change, and lets time jump when nothing is."""

    def __init__(self, dice: random.Random | None = None) -> None:
        super().__init__()
        self.turns = 0
        self._seconds = FIRST_SECOND
        self._dice = dice
        self._tasks_made = 0
        self._ready: Any
        self._scheduled: list[asyncio.TimerHandle]
        self._stopping: bool
        self.set_task_factory(self._make_task)

    def time(self) -> float:
        """Simulated seconds."""
        return self._seconds

    def bury(self, life: Life) -> list[asyncio.Task[Any]]:
        """Let what is left of a dead process come to its end, without effect; answers its unfinished tasks."""
        life.ghost = True
        unfinished = [task for task in life.tasks if not task.done()]
        self._ready.extend(life.left)
        life.left = []
        for task in unfinished:
            if getcoroutinestate(task.get_coro()) != CORO_CREATED:  # type: ignore[arg-type]  # a coroutine, where it is a task
                task.cancel()  # one that has not begun is let begin first, or what it was to do would never be awaited
        return unfinished

    def in_order(self) -> None:
        """From now on nothing overtakes."""
        self._dice = None

    def _make_task(self, loop: asyncio.AbstractEventLoop, coro: Work, **options: Any) -> _Task:
        self._tasks_made += 1
        task = _Task(coro, loop=loop, number=self._tasks_made, **options)
        context: contextvars.Context | None = options.get("context")
        life = _LIFE.get() if context is None else context.get(_LIFE)
        if life is not None:
            life.tasks.append(task)
        return task

    def _run_once(self) -> None:
        """One turn, in the place of asyncio's own."""
        self.turns += 1
        self._seconds += _TURN
        ready, timers = self._ready, self._scheduled
        while timers and timers[0].cancelled():
            self._take_timer()
        if not ready and not self._stopping:
            if not timers:
                raise RuntimeError("nothing is left to wait for: the simulation would hang for ever")
            self._seconds = max(self._seconds, timers[0].when())
        while timers and timers[0].when() <= self._seconds:
            ready.append(self._take_timer())
        batch = list(ready)
        ready.clear()
        if self._dice is not None and len(batch) > 1:
            self._dice.shuffle(batch)
        for handle in batch:
            self._step(handle)

    def _take_timer(self) -> Any:
        timer: Any = heapq.heappop(self._scheduled)
        timer._scheduled = False
        return timer

    @staticmethod
    def _step(handle: asyncio.Handle) -> None:
        if handle.cancelled():
            return
        life: Life | None = handle._context.get(_LIFE)  # type: ignore[attr-defined]  # who a handle belongs to is in its context only
        if life is None or life.may_step():
            handle._run()
        else:
            life.left.append(handle)

    def _asyncgen_finalizer_hook(self, _: object) -> None:
        """Leave alone what the collector finds: when it comes by must change nothing here."""

    def _write_to_self(self) -> None:
        """There is no other thread to wake this one."""

    def _process_events(self, _: object) -> None:
        """There are no sockets."""
