"""What was said of a day, and when: states, revisions, and the trail from the first figure to the latest."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.cadence import CLOSES_AFTER_MS
from wamon.core.secondary import Secondary
from wamon.core.timeline import Span, day_of, day_span
from wamon.core.uptime import Figures

_Sums = TypeVar("_Sums", Figures, Secondary)

FINAL_BUSINESS_DAY = 10
"""Meta's figure of a month is final by the 10th business day of the next ("Status", read 2026-06-17)."""


class DayState(StrEnum):
    """How much a day can still change."""

    OPEN = "open"
    CLOSED = "closed"
    SETTLED = "settled"
    FROZEN = "frozen"


class Passed(NamedTuple):
    """A weekly pass that was made: when, and which instants it judged again."""

    at_ms: int
    within: Span


class Publication(msgspec.Struct, frozen=True, gc=False):
    """One row of the trail: the figures of a target's day as they were said then, why, and by whom.

    ``secondary`` is None where an earlier version, which had none, published it.
    """

    target: str
    day: date
    zone: str
    revision: int
    published_at_ms: int
    figures: Figures
    reason: str
    author: str = "wamon"
    secondary: Secondary | None = None


def freezes_on(day: date) -> date:
    """The 10th business day, Monday to Friday, of the month after the day's."""
    return _freezes_on(day.replace(day=1))


@lru_cache(maxsize=64)
def _freezes_on(first: date) -> date:
    moment = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    counted = 0
    while counted < FINAL_BUSINESS_DAY:
        moment += timedelta(days=1)
        counted += moment.weekday() < 5
    return moment


def day_state(day: date, zone: ZoneInfo, now_ms: int, passes: Sequence[Passed] = ()) -> DayState:
    """A day's state. A pass that judged all of it, with 7 days' hindsight, settles a day."""
    span = day_span(day, zone)
    if now_ms < span.end_ms + CLOSES_AFTER_MS:
        return DayState.OPEN
    if day_of(now_ms, zone) >= freezes_on(day):
        return DayState.FROZEN
    hindsight_ms = day_span(day + timedelta(days=7), zone).end_ms
    settled = any(
        hindsight_ms <= one.at_ms <= now_ms
        and one.within.start_ms <= span.start_ms
        and span.end_ms <= one.within.end_ms
        for one in passes
    )
    return DayState.SETTLED if settled else DayState.CLOSED


def publish(
    fresh: Publication, latest: Publication | None, *, state: DayState = DayState.CLOSED, reopen: bool = False
) -> Publication | None:
    """The row to append: the first of a day, or the next revision where the figures differ; else None.

    A frozen day changes only when it is reopened.
    """
    if latest is None:
        return msgspec.structs.replace(fresh, revision=1)
    if _says_the_same(latest, fresh) or (state is DayState.FROZEN and not reopen):
        return None
    return msgspec.structs.replace(fresh, revision=latest.revision + 1)


def _says_the_same(latest: Publication, fresh: Publication) -> bool:
    """Lines that were not there yet when a day was published are no news of it."""
    unknown = latest.secondary is None or fresh.secondary is None
    return latest.figures == fresh.figures and (unknown or latest.secondary == fresh.secondary)


def figures_document(sums: Figures) -> dict[str, float | None]:
    """The numbers of a day as CONTRACT section 6 names them, seconds, and ratios unrounded."""
    return {
        "down_s": sums.down_ms / 1000,
        "meta_down_s": sums.meta_down_ms / 1000,
        "network_s": sums.network_ms / 1000,
        "user_error_s": sums.user_error_ms / 1000,
        "unproved_s": sums.unproved_ms / 1000,
        "maintenance_s": sums.maintenance_ms / 1000,
        "unobserved_s": sums.unobserved_ms / 1000,
        "blind_spot_s": sums.blind_spot_ms / 1000,
        "partial_s": sums.partial_ms / 1000,
        "coverage": sums.coverage,
        "availability": sums.availability,
        "availability_meta": sums.availability_meta,
        "availability_experienced": sums.availability_experienced,
        "proven_down_s": sums.proven_down_ms / 1000,
        "worst_down_s": sums.worst_down_ms / 1000,
    }


def beside_document(sums: Figures) -> dict[str, float]:
    """What stands in JSON behind the keys of the contract."""
    return {"slow_s": sums.slow_ms / 1000}


def is_partial(day: date, zone: ZoneInfo, sums: Figures) -> bool:
    """Whether a row's figures are of less than its day: the first begins with watching, today ends now."""
    return sums.total_ms < day_span(day, zone).length_ms


def day_document(
    target: str,
    day: date,
    state: DayState,
    revision: int,
    sums: Figures,
    first: Figures | None,
    *,
    partial: bool = False,
) -> dict[str, object]:
    """One row of `days`. ``first`` are the figures of revision 1; None while the day was never published."""
    seconds = sums.total_ms / 1000
    head: dict[str, object] = {
        "target": target,
        "date": day.isoformat(),
        "state": state.value,
        "revision": revision,
        "seconds": int(seconds) if seconds.is_integer() else seconds,
    }
    told = None if first is None else {"availability": first.availability}
    return head | figures_document(sums) | {"first_published": told} | beside_document(sums) | {"partial": partial}


_SECONDARY = "secondary"


def kept_figures(figures: Figures, secondary: Secondary | None) -> dict[str, Any]:
    """What the ledger keeps of a publication's numbers, as plain JSON."""
    sums: dict[str, Any] = msgspec.structs.asdict(figures)
    return sums if secondary is None else sums | {_SECONDARY: msgspec.structs.asdict(secondary)}


def figures_from(row: Mapping[str, object]) -> Figures:
    """Figures as they were kept; sums that a later version added count as zero."""
    return _sums(Figures, row)


def secondary_from(row: Mapping[str, object]) -> Secondary | None:
    """Secondary sums as they were kept; None where there were none."""
    kept = row.get(_SECONDARY)
    return _sums(Secondary, kept) if isinstance(kept, Mapping) else None


def _sums(kind: type[_Sums], row: Mapping[str, object]) -> _Sums:
    known = {name: kept for name in kind.__struct_fields__ if isinstance(kept := row.get(name), int)}
    return kind(**known)
