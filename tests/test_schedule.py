"""What three clocks say happened, and a scheduler that plans anew when one of them jumped."""

import asyncio

import pytest

from wamon.jobs import Cut, Interruption, Job
from wamon.schedule import Reading, Schedule, interruption, said, wall_ms

NOON = 1_793_707_200_000
HOUR = 3_600_000
THEN = Reading(NOON, 1_000, 5_000)


def later(awake_ms: int, *, ahead_ms: int = 0, asleep_ms: int = 0) -> Reading:
    return Reading(NOON + awake_ms + ahead_ms, 1_000 + awake_ms, 5_000 + awake_ms + asleep_ms)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (later(500), None),
        (later(500, ahead_ms=2_000), None),
        (later(500, ahead_ms=-2_000), None),
        (later(500, ahead_ms=HOUR), Interruption(Cut.CLOCK, NOON + 500, NOON + 500 + HOUR, HOUR)),
        (later(500, ahead_ms=-HOUR), Interruption(Cut.CLOCK, NOON + 500, NOON + 500 - HOUR, -HOUR)),
        (later(500, ahead_ms=HOUR, asleep_ms=HOUR), Interruption(Cut.ASLEEP, NOON + 500, NOON + 500 + HOUR, HOUR)),
        (
            later(500, ahead_ms=-HOUR, asleep_ms=HOUR),
            Interruption(Cut.CLOCK, NOON + 500, NOON + 500 - HOUR, -HOUR),
        ),
        (later(500, asleep_ms=HOUR), None),
        (later(2_000), None),
        (later(9_000), Interruption(Cut.STALLED, NOON, NOON + 9_000, 0)),
        (later(9_000, ahead_ms=HOUR), Interruption(Cut.CLOCK, NOON, NOON + 9_000 + HOUR, HOUR)),
    ],
    ids=[
        "nothing",
        "two seconds ahead are forgiven",
        "two seconds back too",
        "set ahead",
        "set back",
        "the machine slept",
        "it slept, and was set back further",
        "asleep, and the wall did not notice",
        "a busy loop",
        "the process was stopped",
        "stopped, and the clock was set meanwhile",
    ],
)
def test_three_clocks_tell_a_step_from_sleep_and_from_a_stopped_process(
    now: Reading, expected: Interruption | None
) -> None:
    assert interruption(THEN, now) == expected


def test_the_log_says_it_in_words() -> None:
    assert [
        said(one)
        for one in (
            Interruption(Cut.CLOCK, NOON, NOON - 30_001, -30_001),
            Interruption(Cut.CLOCK, NOON, NOON + HOUR, HOUR),
            Interruption(Cut.ASLEEP, NOON, NOON + 8 * HOUR, 8 * HOUR),
            Interruption(Cut.STALLED, NOON, NOON + 9_000, 0),
        )
    ] == [
        "the clock was set back by 30 s; all jobs are planned anew",
        "the clock was set ahead by 1 h; all jobs are planned anew",
        "the machine slept for 8 h: that time was not observed; all jobs are planned anew",
        "nothing ran for 9 s: the process was stopped or starved",
    ]


class Jumpy:
    """Clocks that jump once, when told."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> Reading:
        now_ms = wall_ms()
        return Reading(now_ms + self.ahead_ms, now_ms, now_ms)


def test_no_job_runs_on_a_clock_that_jumped_before_it_was_planned_anew() -> None:
    """A jump ahead makes every job overdue at once: closing, pruning, the weekly pass must not run for that."""
    clocks, ran, heard = Jumpy(), list[str](), list[Interruption]()

    async def story() -> None:
        async def run(_now_ms: int) -> None:
            ran.append("job")

        def due(now_ms: int) -> int:
            return now_ms + (300 if not heard else HOUR)

        schedule = Schedule(lambda _target, _at: None, heard.append, clocks)
        schedule.start([Job("job", due, run)])
        clocks.ahead_ms = HOUR
        await asyncio.sleep(0.8)
        await schedule.stop()

    asyncio.run(story())
    assert [one.step_ms for one in heard] == [pytest.approx(HOUR, abs=5)]
    assert ran == []
