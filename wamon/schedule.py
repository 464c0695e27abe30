"""The daemon's scheduler: APScheduler says "tick" and nothing else; what is due is asked of the jobs."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from wamon.core.notice_words import duration_text
from wamon.core.timeline import SECOND, from_ms, to_ms
from wamon.jobs import Cut, Interruption, Job

_log = logging.getLogger("wamon.schedule")

STEP_MS = 2 * SECOND
"""Clocks more than this apart between two readings: the wall clock was set, or the machine slept, or the process
did not run."""

_GUARD_EVERY_S = 0.5
_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def wall_ms() -> int:
    """The wall clock in UTC milliseconds."""
    return time.time_ns() // 1_000_000


class Reading(NamedTuple):
    """Three clocks at one moment: the wall's, one that stands while the machine sleeps, and one that goes on."""

    wall_ms: int
    awake_ms: int
    boot_ms: int


def read_clocks() -> Reading:
    """All three, now."""
    return Reading(wall_ms(), time.monotonic_ns() // 1_000_000, time.clock_gettime_ns(_BOOT_CLOCK) // 1_000_000)


def interruption(before: Reading, now: Reading) -> Interruption | None:
    """What happened between two readings that are half a second apart, or should be; None for nothing."""
    awake_ms = now.awake_ms - before.awake_ms
    ahead_ms = now.wall_ms - before.wall_ms - awake_ms
    stalled = awake_ms > STEP_MS
    if abs(ahead_ms) <= STEP_MS:
        return Interruption(Cut.STALLED, before.wall_ms, now.wall_ms) if stalled else None
    asleep_ms = now.boot_ms - before.boot_ms - awake_ms
    slept = asleep_ms > STEP_MS and abs(ahead_ms - asleep_ms) <= STEP_MS
    ended_ms = before.wall_ms if stalled else before.wall_ms + awake_ms
    return Interruption(Cut.ASLEEP if slept else Cut.CLOCK, ended_ms, now.wall_ms, ahead_ms)


def said(one: Interruption) -> str:
    """An interruption in a sentence for the log."""
    length_ms = one.step_ms or one.resumed_ms - one.ended_ms
    length = duration_text(round(abs(length_ms) / SECOND) * SECOND)
    if one.cut is Cut.STALLED:
        return f"nothing ran for {length}: the process was stopped or starved"
    if one.cut is Cut.ASLEEP:
        return f"the machine slept for {length}: that time was not observed; all jobs are planned anew"
    way = "back" if one.step_ms < 0 else "ahead"
    return f"the clock was set {way} by {length}; all jobs are planned anew"


class _Due(BaseTrigger):  # type: ignore[misc]
    """Asks the job when it is due next: after now, never a backlog."""

    def __init__(self, due: Callable[[int], int]) -> None:
        self._due = due

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        return from_ms(self._due(to_ms(now)))


class _Scheduler(AsyncIOScheduler):  # type: ignore[misc]
    """Compares the clocks before it asks which jobs are due: after a jump ahead all of them would be."""

    def __init__(self, compare: Callable[[], object]) -> None:
        super().__init__(timezone="UTC")
        self._compare = compare

    def _process_jobs(self) -> float | None:
        self._compare()
        wait_s: float | None = super()._process_jobs()
        return wait_s


class Schedule:
    """Runs jobs on the running loop. ``overlapped`` hears of a target whose look was due while one was under way.

    APScheduler alone stops after a backward clock step and runs everything at once after a forward one. So the
    clocks are compared twice a second and before anything runs; after a jump ``interrupted`` hears of it, and all
    jobs are planned anew.
    """

    def __init__(
        self,
        overlapped: Callable[[str, int], None],
        interrupted: Callable[[Interruption], None] = lambda _one: None,
        clocks: Callable[[], Reading] = read_clocks,
    ) -> None:
        self._overlapped = overlapped
        self._interrupted = interrupted
        self._clocks = clocks
        self._reading = clocks()
        self._jobs: dict[str, Job] = {}
        self._running: set[str] = set()
        self._stopped = False
        self._scheduler = _Scheduler(self._compare_clocks)
        self._scheduler.add_listener(self._on_overlap, EVENT_JOB_MAX_INSTANCES)
        self._guard: asyncio.Task[None] | None = None
        self.beat_s = time.monotonic()
        """When the guard last ran, on the monotonic clock: the loop is alive."""

    def start(self, jobs: Sequence[Job]) -> None:
        """Plan every job and begin."""
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._reading = self._clocks()
        for job in jobs:
            self._jobs[job.name] = job
            self._scheduler.add_job(
                partial(self._run, job),
                trigger=_Due(job.due),
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()
        self._guard = asyncio.get_running_loop().create_task(self._watch_clocks(), name="clock guard")

    def wake(self, name: str, at_ms: int) -> None:
        """Let a job run at an instant; what it was planned for before is forgotten.

        A job that runs at this moment is not asked to run now: it is no slot, and none was missed.
        """
        if not (name in self._running and at_ms <= wall_ms()):
            self._plan(name, at_ms)

    def _plan(self, name: str, at_ms: int) -> None:
        job = self._scheduler.get_job(name)
        if job is not None:
            job.modify(next_run_time=from_ms(at_ms))

    async def stop(self) -> None:
        """Plan nothing more; what runs is cancelled."""
        self._stopped = True
        if self._guard is not None:
            self._guard.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _run(self, job: Job) -> None:
        if self._compare_clocks():
            return  # the clock was set since this job was found due
        self._running.add(job.name)
        try:
            await job.run(wall_ms())
        except asyncio.CancelledError:
            if not self._stopped:  # else it is how a job ends, and nothing to write home about
                raise
        except Exception:
            _log.exception("job %s failed; it runs again when it is due", job.name)
        finally:
            self._running.discard(job.name)

    def _on_overlap(self, event: Any) -> None:
        job = self._jobs.get(event.job_id)
        if job is not None and job.target is not None:
            self._overlapped(job.target, wall_ms())

    async def _watch_clocks(self) -> None:
        while True:
            await asyncio.sleep(_GUARD_EVERY_S)
            self._compare_clocks()
            self.beat_s = time.monotonic()

    def _compare_clocks(self) -> bool:
        """Whether all jobs were planned anew."""
        before, self._reading = self._reading, self._clocks()
        found = interruption(before, self._reading)
        if found is None:
            return False
        _log.warning("%s", said(found))
        self._interrupted(found)
        if found.cut is Cut.STALLED:  # every job runs once, late, by itself
            return False
        self._plan_anew(found.resumed_ms)
        return True

    def _plan_anew(self, now_ms: int) -> None:
        for name, job in self._jobs.items():
            self._plan(name, job.due(now_ms))
