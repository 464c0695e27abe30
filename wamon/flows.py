"""Whether webhooks still come, in a running watch: asked of the book every few minutes, told when they stopped."""

import logging
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from wamon.core.timeline import DAY, HOUR, MINUTE, Span
from wamon.core.webhook_flow import PREFIX, WEEKS, Flow, flow, relevant, silence_notices, told_of
from wamon.jobs import Job, every
from wamon.ledger import LedgerError
from wamon.ledger.book import Book
from wamon.settings import MessageTarget, Settings, TrafficTarget
from wamon.work.bookkeeping import Bookkeeper

_log = logging.getLogger("wamon.flows")

EVERY_MS = 5 * MINUTE
_NEARER_FIRST_MS = (HOUR, DAY, 9 * DAY)
"""Where the last webhook is looked for: receipts are many, and kept for eight days."""

_BACK_MS = WEEKS * 7 * DAY + DAY


class Flows:
    """How the webhooks of every account come; ``seen`` is what was found last. ``drain`` wakes whoever sends."""

    def __init__(self, settings: Settings, book: Bookkeeper, drain: Callable[[], object]) -> None:
        self._settings = settings
        self._book = book
        self._drain = drain
        self.seen: tuple[Flow, ...] = ()

    def jobs(self) -> list[Job]:
        """A look at the hours every few minutes, where a receiver runs at all."""
        return [Job("webhooks come", every(EVERY_MS), self.look)] if self._settings.receiving else []

    async def look(self, now_ms: int) -> None:
        """See how webhooks come, and tell who must know."""
        try:
            self.seen = await self._book.read(lambda book: flows_of(self._settings, book, now_ms))
            opened = told_of(await self._book.notice_keys(PREFIX))
            if told := silence_notices(self.seen, opened, now_ms):
                await self._book.enqueue(told)
                self._drain()
        except LedgerError as trouble:
            _log.error("whether webhooks come cannot be read: %s", trouble)


def flows_of(settings: Settings, book: Book, now_ms: int) -> tuple[Flow, ...]:
    """How the webhooks of the accounts come of which that is to be told."""
    accounts = tuple(account.name for account in (settings.graph, *settings.accounts))
    expected = frozenset(one.account for one in settings.targets if isinstance(one, MessageTarget | TrafficTarget))
    return tuple(relevant(flows(book, accounts, now_ms, settings.service.timezone), expected))


def flows(book: Book, accounts: Sequence[str], now_ms: int, zone: ZoneInfo) -> list[Flow]:
    """How the webhooks of some accounts come, read off the hours that are on record."""
    back = Span(now_ms - _BACK_MS, now_ms + 1)
    listened = book.listening(back)
    counts: dict[str, dict[int, int]] = {name: {} for name in accounts}
    for one in book.received_hours(Span(back.start_ms // HOUR * HOUR, back.end_ms)):
        if one.account in counts and (events := one.reports + one.inbound):
            counts[one.account][one.hour_ms] = events
    return [
        flow(name, counts[name], listened, _last_ms(book, name, counts[name], now_ms), now_ms, zone)
        for name in accounts
    ]


def _last_ms(book: Book, account: str, counts: dict[int, int], now_ms: int) -> int | None:
    """When the last webhook came; of one whose receipt is gone the end of its hour is known."""
    for back_ms in _NEARER_FIRST_MS:
        found = book.last_arrival_ms(Span(now_ms - back_ms, now_ms + 1), account=account)
        if found is not None:
            return found
    return min(max(counts) + HOUR, now_ms) if counts else None
