"""What is told by the calendar and not by trouble: ends that come nearer."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time

from wamon.core.expiry import Ending, Thing, expiry_notices
from wamon.core.observation import ProbeKind
from wamon.core.timeline import HOUR, MINUTE, SECOND, to_ms
from wamon.jobs import Job, every
from wamon.metrics import Tally
from wamon.settings import Settings
from wamon.settings.graph_versions import GRAPH_VERSIONS
from wamon.work.bookkeeping import Bookkeeper

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
        drain: Callable[[], object],
    ) -> None:
        self._settings = settings
        self._book = book
        self._tally = tally
        self._clock = clock
        self._drain = drain
        self._began_ms = clock()
        self._seen: dict[tuple[str, int], int] = {}

    def jobs(self) -> list[Job]:
        """What falls due."""
        return [Job("expiry", self._hourly, self._tell_endings)]

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
