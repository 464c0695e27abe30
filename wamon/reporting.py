"""Reports of applications in a running watch: read as outcomes, stored, and counted by the minute."""

import logging
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Protocol

from wamon.core.reports import ReportError, read_report
from wamon.core.traffic import Outcome
from wamon.core.watched import Watched
from wamon.ledger import LedgerError
from wamon.metrics import Tally
from wamon.settings import Settings
from wamon.web.reports import UNAVAILABLE, Refusal, Reports, Taken
from wamon.wiring import Secrets

_log = logging.getLogger("wamon.reports")

DIGEST_BYTES = 16


class Counted(Protocol):
    """Counts outcomes for the targets that they concern. Raises LedgerError, and then nothing was counted."""

    @property
    def targets(self) -> Sequence[Watched]: ...

    async def report(self, batch: bytes, outcomes: Sequence[Outcome]) -> bool: ...


class Intake:
    """Takes reports in for the real messages of a watch. ``account`` is whose they are where nothing says so."""

    def __init__(self, counted: Counted, account: str, clock: Callable[[], int]) -> None:
        self._counted = counted
        self._account = account
        self._clock = clock

    async def take(self, raw: bytes) -> Taken | Refusal:
        """On the disk when this gives Taken. The same bytes count once."""
        try:
            found = read_report(raw, self._counted.targets, self._account, self._clock())
        except ReportError as wrong:
            return Refusal(400, f"{wrong}.", "malformed")
        try:
            fresh = await self._counted.report(sha256(raw).digest()[:DIGEST_BYTES], found.outcomes)
        except LedgerError as trouble:
            _log.error("a report of %d outcomes could not be stored: %s", len(found.outcomes), trouble)
            return UNAVAILABLE
        return Taken(len(found.outcomes) if fresh else 0, not fresh, dict(found.ignored))


def open_reports(
    settings: Settings,
    found: Secrets,
    counted: Counted,
    tally: Tally,
    clock: Callable[[], int],
) -> Reports | None:
    """The door for reports; None while it is switched off."""
    if settings.reports.secret is None:
        return None
    secret = found[settings.reports.secret].reveal().encode()
    return Reports(secret, Intake(counted, settings.graph.name, clock), tally.reported)
