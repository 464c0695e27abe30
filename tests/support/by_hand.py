"""The watch driven by hand: the real house on a real ledger, a clock that obeys, and answers by the instant."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from wamon.assembly import House
from wamon.core.notice import Notice
from wamon.core.observation import Exchange, Phase, ProbeKind
from wamon.jobs import Cut, Interruption, Job
from wamon.ledger import Ledger, open_ledger
from wamon.probes.aim import Aim
from wamon.settings import Settings, parse
from wamon.timekeeping import Pace
from wamon.wire.request import Request
from wamon.wiring import subscriptions
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.drain import Courier, Drain

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

USUAL = Pace(drain_ms=HOUR)
LEISURELY = Pace(heartbeat_ms=HOUR, drain_ms=24 * HOUR)
"""For runs of many days."""

GOOD = (400, {"error": {"message": "An active access token must be used", "code": 2500, "type": "OAuthException"}})
BAD = (500, {"error": {"message": "Something went wrong", "code": 131016, "type": "OAuthException"}})
LOOK_MS = 120

Answer = tuple[int, dict[str, Any]]


def edges(*names: str, interval: str = "60s", zone: str = "UTC", more: str = "") -> Settings:
    """Settings with targets on Graph's edge, which need no secret; no two ask in quite the same way."""
    targets = "".join(
        f'[[targets]]\nname = "{one}"\nprobe = "edge"\ninterval = "{interval}"\ntimeout = "{5_000 + n}ms"\n'
        for n, one in enumerate(names)
    )
    return parse(f'[service]\ntimezone = "{zone}"\n{more}\n{targets}')


class _Answers:
    """Asks nobody: what a target answers at an instant is the test's to say."""

    def __init__(self, says: Callable[[str, int], Answer]) -> None:
        self.says = says
        self.asked: list[tuple[str, int]] = []

    async def ask(self, name: str, at_ms: int) -> Exchange:
        self.asked.append((name, at_ms))
        status, body = self.says(name, at_ms)
        durations = {"total": float(LOOK_MS)}
        return Exchange(
            name,
            ProbeKind.EDGE,
            at_ms,
            reached=Phase.ANSWERED,
            http_status=status,
            body=body,
            durations_ms=durations,
        )

    async def send(self, name: str, _request: Request, at_ms: int) -> Exchange:
        """What is asked beside the looks, of accounts, is no look: an answer without facts, and not counted."""
        return Exchange(name, ProbeKind.API, at_ms, reached=Phase.ANSWERED, http_status=200, body={})

    def aim(self, _name: str) -> Aim:
        """Asked with nothing that is secret."""
        return Aim(base_url="https://graph.test", version="v25.0", access_token="EAA")


class _Nobody:
    async def drain(self) -> None:
        """No channel, nothing to send."""


class Hand:
    """One run of the watch: `pass_time` lets it live, `set_clock` sets its wall clock, `sleep` closes its lid.

    ``late_ms`` is how late every job begins, as jobs do on a real machine. ``post`` is what carries the letters to
    the channels of the settings; without one nobody is told anything.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        now_ms: int,
        says: Callable[[str, int], Answer],
        pace: Pace,
        post: Courier | None = None,
    ) -> None:
        self.now_ms = now_ms
        self.late_ms = 0
        self.ledger = ledger
        self.answers = _Answers(says)
        self.told: list[Notice] = []
        channels = subscriptions(settings) if post else {}
        self.book = Bookkeeper(ledger, channels)
        drain = Drain(self.book.outbox, post, lambda: self.now_ms, subscriptions=channels) if post else _Nobody()
        self.house = House(
            settings,
            self.book,
            self.answers,  # type: ignore[arg-type]  # all that a house asks of its askers here
            lambda: self.now_ms,
            drain=drain,
            wake=self._wake,
            pace=pace,
        )
        self._jobs: dict[str, Job] = {}
        self._due: dict[str, int] = {}
        self._enqueue, self.book.enqueue = self.book.enqueue, self._hear  # type: ignore[method-assign]

    async def _hear(self, notices: Any) -> object:
        told = list(notices)
        self.told += told
        return await self._enqueue(told)

    def _wake(self, name: str, at_ms: int) -> None:
        if name in self._due:
            self._due[name] = at_ms

    async def start(self) -> None:
        """As the daemon does."""
        await self.house.wake_up()
        self._jobs = {job.name: job for job in self.house.jobs()}
        self._plan_anew()

    def _plan_anew(self) -> None:
        self._due = {name: job.due(self.now_ms) for name, job in self._jobs.items()}

    async def pass_time(self, length_ms: int) -> None:
        """Every job that falls due in so much time runs, in order, one at a time."""
        end_ms = self.now_ms + length_ms
        while (due := min(self._due.items(), key=lambda one: (one[1], one[0])))[1] <= end_ms:
            name, at_ms = due
            self.now_ms = max(self.now_ms, at_ms + self.late_ms)
            self._due[name] = self._jobs[name].due(self.now_ms)
            await self._jobs[name].run(self.now_ms)
        self.now_ms = max(self.now_ms, end_ms)
        await self.settle()

    async def settle(self) -> None:
        """What is written beside the jobs is written."""
        while self.book._beside:
            await asyncio.wait(list(self.book._beside))

    def set_clock(self, step_ms: int) -> None:
        """Somebody sets the wall clock; the guard notices."""
        self._interrupt(Cut.CLOCK, step_ms)

    def sleep(self, length_ms: int) -> None:
        """The lid is closed for so long."""
        self._interrupt(Cut.ASLEEP, length_ms)

    def _interrupt(self, cut: Cut, step_ms: int) -> None:
        before_ms, self.now_ms = self.now_ms, self.now_ms + step_ms
        self.house.interrupted(Interruption(cut, before_ms, self.now_ms, step_ms))
        self._plan_anew()

    def figures(self, target: str) -> Mapping[str, int]:
        """Today's sums of a target, in ms, as the page would show them."""
        row = next(one for one in self.house.report().targets if one.name == target)
        sums = row.days[-1].figures
        return {name: getattr(sums, f"{name}_ms") for name in ("total", "down", "user_error", "unobserved")}


@asynccontextmanager
async def by_hand(
    settings: Settings,
    database: Path,
    now_ms: int,
    says: Callable[[str, int], Answer] = lambda _name, _at_ms: GOOD,
    *,
    killed: bool = False,
    pace: Pace = USUAL,
    post: Courier | None = None,
) -> AsyncIterator[Hand]:
    """A run from start to stop, or to kill -9."""
    ledger = open_ledger(database)
    hand = Hand(settings, ledger, now_ms, says, pace, post)
    try:
        await hand.start()
        yield hand
        if not killed:
            await hand.house.timekeeping.beat(hand.now_ms)
        await hand.settle()
    finally:
        await ledger.close()
