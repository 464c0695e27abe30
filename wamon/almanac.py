"""What is told by the calendar and not by trouble: ends that come nearer, and what a day or a week was like."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time

from wamon.core.cadence import next_daily
from wamon.core.digest import digest
from wamon.core.expiry import Ending, Thing, expiry_notices
from wamon.core.observation import ProbeKind
from wamon.core.report import Report
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, day_of, day_span, to_ms
from wamon.jobs import Job, every
from wamon.metrics import Tally
from wamon.settings import Settings
from wamon.settings.graph_versions import GRAPH_VERSIONS
from wamon.work.bookkeeping import Bookkeeper

MONDAY = 0

REACH_MS = 60 * DAY
"""Days that far back may have been judged again in the last week."""

FIRST_AFTER_MS = MINUTE
"""After a start soon, once the first looks have shown their certificates."""


class Almanac:
    """The duties of a running watch that a day of the calendar sets. ``drain`` wakes whoever sends."""

    def __init__(
        self,
        settings: Settings,
        book: Bookkeeper,
        tally: Tally,
        clock: Callable[[], int],
        report: Callable[[], Report],
        drain: Callable[[], object],
    ) -> None:
        self._settings = settings
        self._book = book
        self._tally = tally
        self._clock = clock
        self._report = report
        self._drain = drain
        self._began_ms = clock()
        self._seen: dict[tuple[str, int], int] = {}

    def jobs(self) -> list[Job]:
        """What falls due."""
        return [
            Job("expiry", self._hourly, self._tell_endings),
            Job("digest", self._next_digest, self._tell_digest),
        ]

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
            self._report(), self.endings(now_ms), await self._book.trail(week, zone), now_ms, weekly=weekly
        )
        if notice is not None:
            await self._book.enqueue([notice])
            self._drain()

    def _hourly(self, now_ms: int) -> int:
        first_ms = self._began_ms + FIRST_AFTER_MS
        return first_ms if self._began_ms <= now_ms < first_ms else every(HOUR)(now_ms)

    async def _tell_endings(self, now_ms: int) -> None:
        told = await self._book.notice_keys("expiry:")
        notices = expiry_notices(self.endings(now_ms), frozenset(told), now_ms)
        if notices:
            await self._book.enqueue(notices)
            self._drain()

    def endings(self, now_ms: int) -> list[Ending]:
        """Everything known to end: tokens and certificates as last seen, Graph's versions by Meta's table.

        Only our own endpoints' certificates: nobody here can renew Meta's, or a control's.
        """
        return [*self._tokens(), *self._certificates(now_ms), *self._versions()]

    def _tokens(self) -> Iterator[Ending]:
        for account, at_s in self._tally.token_expiries_s.items():
            yield Ending(Thing.TOKEN, account, int(at_s * SECOND) or None)

    def _certificates(self, now_ms: int) -> Iterator[Ending]:
        for one in self._settings.targets:
            at_s = self._tally.certificate_expiries_s.get(one.name)
            if one.probe is ProbeKind.WEBHOOK and at_s is not None:
                ends_ms = int(at_s * SECOND)
                yield Ending(
                    Thing.CERTIFICATE, one.name, ends_ms, self._seen.setdefault((one.name, ends_ms), now_ms)
                )

    def _versions(self) -> Iterator[Ending]:
        known = {one.name: one for one in GRAPH_VERSIONS}
        for account in {one.account for one in self._settings.targets}:
            version = known.get(self._settings.account(account).version)
            if version is not None:
                ends_ms = to_ms(datetime.combine(version.expires, time(), UTC)) if version.expires else None
                yield Ending(Thing.GRAPH_VERSION, account, ends_ms, which=version.name)
