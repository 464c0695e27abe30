"""The ledger looked after: old looks and webhooks forgotten, caches made anew; by the clock or when asked."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.timeline import DAY, iso

RECEIPTS_KEPT_MS = 8 * DAY
"""A day longer than Meta repeats a webhook that nobody took ("Webhooks", retries for seven days, read 2026-06)."""


class Kept(msgspec.Struct, frozen=True):
    """How long single looks are kept: whole days of a zone."""

    zone: ZoneInfo
    looks_days: int


class Pruned(msgspec.Struct, frozen=True):
    """What was forgotten: looks before an instant (0: none), and how many looks and webhooks it was."""

    before_ms: int = 0
    observations: int = 0
    webhooks: int = 0


class Book(Protocol):
    """The ledger as its care needs it. Raises LedgerError."""

    async def prune(self, zone: ZoneInfo, kept_days: int, receipts_before_ms: int, now_ms: int) -> Pruned: ...

    async def rebuild(self) -> Mapping[str, int]: ...


async def prune(book: Book, wanted: Kept, now_ms: int) -> Pruned:
    """Forget what is old, of days that are settled and published; what was said of them stays."""
    return await book.prune(wanted.zone, wanted.looks_days, now_ms - RECEIPTS_KEPT_MS, now_ms)


async def _prune(book: Book, wanted: Kept, now_ms: int) -> Mapping[str, Any]:
    done = await prune(book, wanted, now_ms)
    before = iso(done.before_ms) if done.before_ms else None
    return {"before": before, "observations": done.observations, "webhooks": done.webhooks}


async def _rebuild(book: Book, wanted: Kept, now_ms: int) -> Mapping[str, Any]:
    return await book.rebuild()


Care = Callable[[Book, Kept, int], Awaitable[Mapping[str, Any]]]

CARE: Mapping[str, Care] = {"prune": _prune, "rebuild": _rebuild}
"""What a person may ask for, by its name on the control socket; each returns its document."""
