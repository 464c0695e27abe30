"""What is told by the calendar, not by trouble: ends that come nearer, what a day was like, how the budget is."""

from collections.abc import Callable, Mapping
from typing import Protocol

from wamon.core.budget import Burn, MonthBudget, burn, month_budget, month_span
from wamon.core.burning import PREFIX, Pace, burn_notices, still_told
from wamon.core.cadence import next_daily
from wamon.core.days import Overlay
from wamon.core.digest import digest
from wamon.core.expiry import Ending, expiry_notices
from wamon.core.notice import Notice
from wamon.core.report import Report
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, day_of, day_span, union
from wamon.core.uptime import Figures
from wamon.core.vigil import Vigil
from wamon.core.watched import EVIDENCE
from wamon.endings import endings_of
from wamon.flows import Flows
from wamon.jobs import Job, every
from wamon.metrics import Tally
from wamon.settings import Settings
from wamon.work.bookkeeping import Bookkeeper

MONDAY = 0

BURN_EVERY_MS = 5 * MINUTE
"""The shortest window of a burning budget."""

REACH_MS = 60 * DAY
"""Days that far back may have been judged again in the last week."""

FIRST_AFTER_MS = MINUTE
"""After a start soon, once the first looks have shown their certificates."""


class Housed(Protocol):
    """What the almanac reads in: a watch with its book, and the report of now."""

    settings: Settings
    book: Bookkeeper
    tally: Tally
    vigil: Vigil
    clock: Callable[[], int]

    def report(self) -> Report: ...

    def overlay(self, now_ms: int) -> Overlay: ...


class Almanac:
    """The duties of a running watch that a day of the calendar sets. ``drain`` wakes whoever sends."""

    def __init__(self, house: Housed, drain: Callable[[], object]) -> None:
        self._house = house
        self._settings = house.settings
        self._book = house.book
        self._tally = house.tally
        self._drain = drain
        self._began_ms = house.clock()
        self._accounts = {one.name: one.account for one in house.settings.targets}
        self._seen: dict[tuple[str, int], int] = {}
        self.flows = Flows(self._settings, self._book, drain)
        self._burning = True
        """Whether people were told of a burn that is not over for them; after a start the book must be asked."""

    def jobs(self) -> list[Job]:
        """What falls due."""
        return [
            Job("expiry", self._hourly, self._tell_endings),
            Job("digest", self._next_digest, self._tell_digest),
            Job("budget", every(BURN_EVERY_MS), self._tell_burns),
            *self.flows.jobs(),
        ]

    async def _tell_burns(self, now_ms: int) -> None:
        burns = self._burns(now_ms)
        if not any(burns.values()) and not self._burning:
            return  # mostly so
        told = frozenset(await self._book.notice_keys(PREFIX))
        objective, without_months = self._settings.availability.objective, _unbudgeted(burns)
        burning: list[Notice] = []
        if burn_notices(without_months, told, objective, now_ms):
            burning = burn_notices(self._paces(burns, now_ms), told, objective, now_ms)
        notices = await self._book.people.aloud(burning, self._accounts, now_ms)
        if notices:
            await self._book.enqueue(notices)
            self._drain()
        self._burning = still_told({*told, *(one.key for one in notices)})

    def _burns(self, now_ms: int) -> dict[str, Burn | None]:
        """How every target's budget burns."""
        objective, overlay = self._settings.availability.objective, self._house.overlay(now_ms)
        vigil = self._house.vigil
        return {
            name: None
            if vigil.rolls[name].untroubled
            else burn(
                vigil.timeline(name, now_ms),
                objective,
                now_ms,
                union([*overlay.of(name).spans, *overlay.unobserved]),
            )
            for name, one in vigil.watched.items()
            if one.probe not in EVIDENCE
        }

    def _paces(self, burns: Mapping[str, Burn | None], now_ms: int) -> dict[str, Pace]:
        """The same, with what is left of each month's budget."""
        objective, zone = self._settings.availability.objective, self._settings.service.timezone
        month = month_span(day_of(now_ms, zone), zone)
        sums = {one.name: one.periods.get("month", Figures()) for one in self._house.report().targets}
        return {
            name: Pace(found, month_budget(sums[name], objective, month, now_ms))
            for name, found in burns.items()
            if name in sums
        }

    def _next_digest(self, now_ms: int) -> int:
        """At its time of day; after a start soon, for the one that came due while nothing ran."""
        zone, at = self._settings.service.timezone, self._settings.digest.at
        soon_ms = self._began_ms + 2 * FIRST_AFTER_MS
        return soon_ms if self._began_ms <= now_ms < soon_ms else next_daily(now_ms, zone, at)

    async def _tell_digest(self, now_ms: int) -> None:
        """Today's, once its time has come: the outbox takes each key once, so that no start repeats it."""
        zone, wanted = self._settings.service.timezone, self._settings.digest
        today = day_of(now_ms, zone)
        weekly = wanted.weekly and today.weekday() == MONDAY
        if now_ms < next_daily(day_span(today, zone).start_ms - 1, zone, wanted.at) or not (
            weekly or wanted.daily
        ):
            return
        week = Span(now_ms - REACH_MS, now_ms)
        notice = digest(
            self._house.report(), self.endings(now_ms), await self._book.trail(week, zone), now_ms, weekly=weekly
        )
        if notice is not None:
            await self._book.enqueue([notice])
            self._drain()

    def _hourly(self, now_ms: int) -> int:
        first_ms = self._began_ms + FIRST_AFTER_MS
        return first_ms if self._began_ms <= now_ms < first_ms else every(HOUR)(now_ms)

    async def _tell_endings(self, now_ms: int) -> None:
        told = await self._book.notice_keys("expiry:")
        found = expiry_notices(self.endings(now_ms), frozenset(told), now_ms)
        notices = await self._book.people.aloud(found, self._accounts, now_ms)
        if notices:
            await self._book.enqueue(notices)
            self._drain()

    def endings(self, now_ms: int) -> list[Ending]:
        """Everything known to end, as last seen."""
        return endings_of(
            self._settings,
            {name: int(at_s * SECOND) or None for name, at_s in self._tally.token_expiries_s.items()},
            {name: int(at_s * SECOND) for name, at_s in self._tally.certificate_expiries_s.items()},
            lambda name, ends_ms: self._seen.setdefault((name, ends_ms), now_ms),
        )


def _unbudgeted(burns: Mapping[str, Burn | None]) -> dict[str, Pace]:
    """Enough to see whether anything is to be told. What is left of a month takes a report, which is dear."""
    return {name: Pace(found, MonthBudget(0, 0)) for name, found in burns.items()}
