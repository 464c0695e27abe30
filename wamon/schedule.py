"""The daemon's scheduler: APScheduler says "tick" and nothing else; what is due is asked of the jobs."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from wamon.core.timeline import SECOND, from_ms, to_ms
from wamon.jobs import Job

_log = logging.getLogger("wamon.schedule")

STEP_MS = 2 * SECOND
"""Wall and monotonic clock more than this apart within one tick: the clock was set, or the machine slept."""

_GUARD_EVERY_S = 0.5


def wall_ms() -> int:
    """The wall clock in UTC milliseconds."""
    return time.time_ns() // 1_000_000


class _Due(BaseTrigger):  # type: ignore[misc]
    """Asks the job when it is due next: after now, never a backlog."""

    def __init__(self, due: Callable[[int], int]) -> None:
        self._due = due

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        return from_ms(self._due(to_ms(now)))


class Schedule:
    """Runs jobs on the running loop. ``missed`` hears of slots that passed: target, instant, reason.

    APScheduler alone stops after a backward clock step and builds every missed run after a forward one; a guard
    compares wall and monotonic clock twice a second and plans all jobs anew after a jump.
    """

    def __init__(
        self,
        missed: Callable[[str, int, str], None],
        stepped: Callable[[int, int], None] = lambda _at, _step: None,
    ) -> None:
        self._missed = missed
        self._stepped = stepped
        self._jobs: dict[str, Job] = {}
        self._running: set[str] = set()
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._scheduler.add_listener(self._on_missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self._guard: asyncio.Task[None] | None = None
        self.beat_s = time.monotonic()
        """When the guard last ran, on the monotonic clock: the loop is alive."""

    def start(self, jobs: Sequence[Job]) -> None:
        """Plan every job and begin."""
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
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
        self._guard = asyncio.get_running_loop().create_task(self._watch_clock(), name="clock guard")

    def wake(self, name: str, at_ms: int) -> None:
        """Let a job run at an instant; what it was planned for before is forgotten.

        A job that runs at this moment is not asked to run now: it is no slot, and none was missed.
        """
        job = self._scheduler.get_job(name)
        if job is not None and not (name in self._running and at_ms <= wall_ms()):
            job.modify(next_run_time=from_ms(at_ms))

    async def stop(self) -> None:
        """Plan nothing more; what runs is left to its owner."""
        if self._guard is not None:
            self._guard.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _run(self, job: Job) -> None:
        self._running.add(job.name)
        try:
            await job.run(wall_ms())
        except Exception:
            _log.exception("job %s failed; it runs again when it is due", job.name)
        finally:
            self._running.discard(job.name)

    def _on_missed(self, event: Any) -> None:
        job = self._jobs.get(event.job_id)
        if job is None or job.target is None:
            return
        reason = "overlap" if event.code == EVENT_JOB_MAX_INSTANCES else "misfire"
        self._missed(job.target, wall_ms(), reason)

    async def _watch_clock(self) -> None:
        wall, monotonic = wall_ms(), time.monotonic()
        while True:
            await asyncio.sleep(_GUARD_EVERY_S)
            now_wall, now_monotonic = wall_ms(), time.monotonic()
            advance_ms = round((now_monotonic - monotonic) * SECOND)
            step_ms = now_wall - wall - advance_ms
            if abs(step_ms) > STEP_MS:
                _log.warning("the clock stepped by %s; all jobs are planned anew", timedelta(milliseconds=step_ms))
                self._stepped(now_wall, step_ms)
                self._plan_anew(now_wall)
            elif advance_ms > STEP_MS:
                self._stalled(wall, now_wall)
            wall, monotonic, self.beat_s = now_wall, now_monotonic, now_monotonic

    def _stalled(self, before_ms: int, now_ms: int) -> None:
        """The process stood still while the clocks went on: slots passed, and each target's is looked at late."""
        _log.warning(
            "nothing ran for %s: the process was stopped or starved", timedelta(milliseconds=now_ms - before_ms)
        )
        for job in self._jobs.values():
            # The first slot is made up for now; one more that passed is gone.
            if job.target is not None and job.due(job.due(before_ms)) <= now_ms:
                self._missed(job.target, now_ms, "misfire")

    def _plan_anew(self, now_ms: int) -> None:
        for name, job in self._jobs.items():
            self.wake(name, job.due(now_ms))
