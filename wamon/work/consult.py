"""Read Meta's status page: softly, one address after the other, and write down what changed. Decides nothing."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.meta_page import PAGES, SERVICES_PAGE, UPTIME, Page, Part, Series, Version
from wamon.core.reference import MetasPast, metas_past
from wamon.core.timeline import DAY, SECOND, day_of
from wamon.ledger.failures import LedgerError
from wamon.reference.site import Answer

_log = logging.getLogger("wamon.reference")

REMEMBERED_MS = 400 * DAY

_UTC = ZoneInfo("UTC")

_SLACK_MS = 30 * SECOND
"""A round that comes a little early is no round too many: jobs are planned by whole intervals."""


class Asked(Protocol):
    """The site, one page at a time. Never raises for what it sees."""

    async def read(self, page: Page) -> Answer: ...

    def forget(self, page: Page) -> None: ...


class Book(Protocol):
    """Where every version of a page is kept."""

    async def keep_page(self, page: str, parts: Sequence[Part], seen_ms: int) -> bool:
        """Whether the page reads otherwise than the version before, and was written down."""
        ...


class Shelf(Protocol):
    """Where the versions of all pages are found again."""

    async def page_versions(self, since_ms: int) -> Sequence[Version]:
        """From what was valid at an instant on, oldest first."""
        ...


async def remembered(shelf: Shelf, now_ms: int) -> MetasPast:
    """All that is known of the page: more than a year of it, further back than any pass reaches."""
    versions = await shelf.page_versions(now_ms - REMEMBERED_MS)
    return await asyncio.to_thread(metas_past, versions)


class Consulted(msgspec.Struct, frozen=True):
    """How the page was found: when its services were last read well, and what stood in the way since.

    ``checked`` is when Meta says it last checked each service, by org and name.
    """

    read_ms: int | None = None
    checked: Mapping[tuple[str, str], int] = {}
    trouble: str = ""


class Consult:
    """Rounds through the pages of one site. ``found`` is what the latest one came to."""

    def __init__(self, site: Asked, book: Book, clock: Callable[[], int]) -> None:
        self.found = Consulted()
        self._site = site
        self._book = book
        self._clock = clock
        self._asked_ms: dict[str, int] = {}
        self._uptime: Sequence[Part] = ()
        self._complained = False

    async def round(self) -> bool:
        """Ask for every page that is due; whether any reads otherwise than before. Silence ends the round."""
        changed = False
        troubles: list[str] = []
        for page in PAGES:
            if not self._due(page):
                continue
            answer = await self._ask(page)
            if answer.trouble:
                troubles.append(answer.trouble)
            if answer.silent:
                break
            parts = self._dated(page, answer)
            if parts is not None:
                changed |= await self._keep(page, parts)
        self._take_note(troubles)
        return changed

    def _due(self, page: Page) -> bool:
        asked_ms = self._asked_ms.get(page.path)
        return asked_ms is None or not 0 <= self._clock() - asked_ms < page.every_ms - _SLACK_MS

    async def _ask(self, page: Page) -> Answer:
        self._asked_ms[page.path] = self._clock()
        answer = await self._site.read(page)
        if page is SERVICES_PAGE and not answer.trouble:
            checked = answer.checked or self.found.checked
            self.found = Consulted(self._clock(), checked)
        elif page is SERVICES_PAGE:
            self.found = msgspec.structs.replace(self.found, trouble=answer.trouble)
        return answer

    def _dated(self, page: Page, answer: Answer) -> Sequence[Part] | None:
        """What is to be kept; the series without dates gets the day on which it still read so."""
        if page.subject != UPTIME or answer.trouble:
            return answer.parts
        self._uptime = self._uptime if answer.parts is None else answer.parts
        day = day_of(self._clock(), _UTC).isoformat()
        return [
            msgspec.structs.replace(one, day=day) if isinstance(one, Series) else one for one in self._uptime
        ] or None

    async def _keep(self, page: Page, parts: Sequence[Part]) -> bool:
        try:
            return await self._book.keep_page(page.path, parts, self._clock())
        except LedgerError as trouble:
            self._site.forget(page)
            _log.error("what Meta's status page says could not be recorded: %s", trouble)
            return False

    def _take_note(self, troubles: Sequence[str]) -> None:
        """One line when it begins, then silence: a blocked or missing page is normal, and not our business."""
        if troubles and not self._complained:
            _log.info(
                "Meta's status page cannot be read as it should (%s): what it says is unknown meanwhile,"
                " and nothing else depends on it",
                troubles[0],
            )
        self._complained = bool(troubles)
