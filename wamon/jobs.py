"""The one table of jobs: the daemon hands it to its scheduler, the demo walks it on a jumping clock."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec


class Job(msgspec.Struct, frozen=True):
    """Something that falls due. ``due`` gives the next instant after now, never a backlog; ``run`` is told when.

    ``target`` is the watched target of a look, None for housekeeping.
    """

    name: str
    due: Callable[[int], int]
    run: Callable[[int], Awaitable[None]]
    target: str | None = None


class Cut(StrEnum):
    """What cut a running period off."""

    CLOCK = "clock"
    ASLEEP = "asleep"
    STALLED = "stalled"


class Interruption(msgspec.Struct, frozen=True):
    """Time on the wall clock in which nothing ran, or, set back, time that comes a second time.

    The running period ended at ``ended_ms``, a new one begins at ``resumed_ms``: before that, if the clock was set
    back. ``step_ms`` is how far the wall clock moved beyond the time in which the machine was awake.
    """

    cut: Cut
    ended_ms: int
    resumed_ms: int
    step_ms: int = 0


class Drains(Protocol):
    """Hands out what the outbox holds."""

    async def drain(self) -> object: ...


class Clock(Protocol):
    """Time for a driver: UTC milliseconds, and a way to wait for one."""

    def now_ms(self) -> int: ...

    async def sleep_until(self, at_ms: int) -> None: ...


class Walk:
    """Runs every job when it is due, in one task each, on any clock. `wake` brings a job forward."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wakes: dict[str, asyncio.Event] = {}
        self._sooner: dict[str, int] = {}

    def wake(self, name: str, at_ms: int) -> None:
        """Let a job run at an instant, if that is sooner than planned."""
        if name in self._wakes:
            self._sooner[name] = min(at_ms, self._sooner.get(name, at_ms))
            self._wakes[name].set()

    async def walk(self, jobs: Sequence[Job]) -> None:
        """Until cancelled."""
        for job in jobs:
            self._wakes[job.name] = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for job in jobs:
                tasks.create_task(self._follow(job), name=job.name)

    async def _follow(self, job: Job) -> None:
        while True:
            at_ms = await self._wait(job)
            await job.run(max(at_ms, self._clock.now_ms()))

    async def _wait(self, job: Job) -> int:
        at_ms = job.due(self._clock.now_ms())
        wake = self._wakes[job.name]
        while True:
            at_ms = min(at_ms, self._sooner.pop(job.name, at_ms))
            if at_ms <= self._clock.now_ms():
                return at_ms
            wake.clear()
            sleeping = asyncio.ensure_future(self._clock.sleep_until(at_ms))
            waking = asyncio.ensure_future(wake.wait())
            try:
                await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleeping.cancel()
                waking.cancel()


def look_job(name: str) -> str:
    """The name of the job that looks at a target."""
    return f"look:{name}"


def every(interval_ms: int) -> Callable[[int], int]:
    """Due at whole multiples of an interval."""
    return lambda now_ms: now_ms - now_ms % interval_ms + interval_ms
