"""Meta's status page in a running watch: read now and then, remembered from the book, laid beside our figures."""

from collections.abc import Awaitable, Callable
from datetime import date

import msgspec

from wamon.core.days import PLATFORM
from wamon.core.meta_page import Light
from wamon.core.observation import ProbeKind
from wamon.core.platform import RECEIVE, SEND
from wamon.core.posted import Outage
from wamon.core.reference import (
    MetasPast,
    MetasWord,
    Shown,
    is_fresh,
    light_for,
    months_beside,
    posted_outages,
    services_now,
)
from wamon.core.report import Report
from wamon.core.timeline import SECOND
from wamon.core.uptime import Figures
from wamon.core.vigil import Vigil
from wamon.jobs import Job
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.consult import Asked, Consult, remembered

CONSULT = "reference"
"""The job that reads Meta's page."""

FIRST_AFTER_MS = 2 * SECOND
"""The first round comes soon after the start, once the first looks are under way."""

SHOWN_MONTHS, SHOWN_CHANGES = 3, 20


class Consulting:
    """What is known of Meta's page. Until it is told to ask, only what the book remembers counts.

    ``posted`` hears of the outages that may speak for a verdict whenever the page reads otherwise; the watch's
    notices hear of its lights.
    """

    def __init__(
        self,
        book: Bookkeeper,
        vigil: Vigil,
        clock: Callable[[], int],
        interval_ms: int,
        posted: Callable[[tuple[Outage, ...]], Awaitable[None]],
    ) -> None:
        self.past = MetasPast()
        self._book = book
        self._clock = clock
        self._interval_ms = interval_ms
        self._posted = posted
        self._jitter_ms = 0
        self._consult: Consult | None = None
        self._begun = False
        vigil.light = self.light

    def ask(self, site: Asked, jitter_ms: int = 0) -> None:
        """From now on ask a site. ``jitter_ms`` sets the rounds of one installation apart from those of others."""
        self._consult, self._jitter_ms = Consult(site, self._book, self._clock), jitter_ms

    @property
    def outages(self) -> tuple[Outage, ...]:
        """The outages known to the book that may speak for a verdict."""
        return posted_outages(self.past.outages)

    def jobs(self) -> list[Job]:
        """The rounds, where Meta's page is to be asked at all."""
        return [Job(CONSULT, self._due, self._round)] if self._consult is not None else []

    def _due(self, now_ms: int) -> int:
        if not self._begun:
            return now_ms + FIRST_AFTER_MS
        since_ms = now_ms - self._jitter_ms
        return since_ms - since_ms % self._interval_ms + self._interval_ms + self._jitter_ms

    async def _round(self, _now_ms: int) -> None:
        self._begun = True
        if self._consult is not None and await self._consult.round():
            await self.remember()

    async def remember(self) -> None:
        """Take up what the book holds, and tell of the outages in it."""
        self.past = await remembered(self._book, self._clock())
        await self._posted(self.outages)

    def light(self, probe: ProbeKind, now_ms: int) -> Light:
        """What the page shows now for the services that a probe looks at."""
        return light_for(probe, self._services(now_ms))

    def _services(self, now_ms: int) -> tuple[Shown, ...]:
        if self._consult is None:
            return ()
        found = self._consult.found
        fresh = is_fresh(found.read_ms, now_ms, self._interval_ms)
        return services_now(self.past.signs, found.checked, fresh=fresh)

    def beside(self, report: Report) -> Report:
        """The report with Meta's word in it, where Meta's page is asked."""
        if self._consult is None:
            return report
        found = self._consult.found
        word = MetasWord(
            read_ms=found.read_ms,
            fresh=is_fresh(found.read_ms, report.at_ms, self._interval_ms),
            trouble=found.trouble,
            services=self._services(report.at_ms),
            open_outages=tuple(one for one in self.past.outages if one.resolved_ms is None),
            months=months_beside(self.past.days, _ours(report))[:SHOWN_MONTHS],
            changes=self.past.changes[: -SHOWN_CHANGES - 1 : -1],
        )
        return msgspec.structs.replace(report, reference=word)


def _ours(report: Report) -> dict[str, dict[date, Figures]]:
    """Our rows that may be laid beside Meta's month: sending and receiving; without them, account management."""
    if any(one.probe in SEND | RECEIVE for one in report.targets):
        return {PLATFORM: {day.date: day.figures for day in report.platform}}
    return {
        one.name: {day.date: day.figures for day in one.days}
        for one in report.targets
        if one.probe is ProbeKind.API
    }
