"""What people are told of a budget that burns: when it begins and when it is over, never in a storm."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from wamon.core.budget import Burn, MonthBudget
from wamon.core.incident import Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import BurnFacts
from wamon.core.notice_words import duration_text
from wamon.core.timeline import HOUR, iso, parse_iso

PREFIX = "budget:"
"""What the keys of these notices begin with."""

AT_LEAST_MS = HOUR
"""A burn is over an hour after it was told at the earliest."""

AGAIN_AFTER_MS = 6 * HOUR
"""Another one of the same target is told this long after the one before."""


class Pace(NamedTuple):
    """How a target's budget burns now (None: it does not), and what is left of the month's."""

    burn: Burn | None
    month: MonthBudget


def burn_notices(
    paces: Mapping[str, Pace], told: Collection[str], objective_percent: float, now_ms: int
) -> list[Notice]:
    """What is to be told now. ``told`` are the keys of all notices that begin with `PREFIX`."""
    found = []
    for target, pace in paces.items():
        opened_ms = _last_ms(target, told)
        burns = opened_ms is not None and f"{_name(target, opened_ms)}:resolved" not in told
        since_ms = now_ms - (opened_ms or 0)
        if pace.burn is not None and not burns and (opened_ms is None or since_ms >= AGAIN_AFTER_MS):
            found.append(_notice(target, pace, NoticePhase.OPENED, now_ms, objective_percent, now_ms))
        elif pace.burn is None and burns and since_ms >= AT_LEAST_MS:
            found.append(_notice(target, pace, NoticePhase.RESOLVED, opened_ms or 0, objective_percent, now_ms))
    return found


def still_told(told: Collection[str]) -> bool:
    """Whether people were told of a burn that is not over for them."""
    return any(f"{key.removesuffix(':opened')}:resolved" not in told for key in told if key.endswith(":opened"))


def _name(target: str, opened_ms: int) -> str:
    return f"{PREFIX}{target}@{iso(opened_ms)}"


def _last_ms(target: str, told: Collection[str]) -> int | None:
    """When the latest burn of a target was told."""
    mine = f"{PREFIX}{target}@"
    ends = [
        key.removeprefix(mine).removesuffix(":opened") for key in told if key.startswith(mine) and ":opened" in key
    ]
    return max(map(parse_iso, ends), default=None)


def _notice(
    target: str, pace: Pace, phase: NoticePhase, opened_ms: int, objective_percent: float, now_ms: int
) -> Notice:
    left = _left(pace.month)
    if pace.burn is None:
        title = f"[RESOLVED] {target} · the error budget no longer burns · {left}"
    else:
        share, over = pace.burn.pair.share, duration_text(pace.burn.pair.long_ms)
        title = (
            f"[STANDARD] {target} · the error budget burns: over {share:.0%} of a month's within {over} · {left}"
            " · do: see what comes and goes, wamon incidents"
        )
    return Notice(
        key=f"{_name(target, opened_ms)}:{phase.value}",
        kind=Kind.DEGRADED,
        phase=phase,
        target=target,
        severity=Severity.STANDARD,
        title=title,
        facts=BurnFacts(
            objective_percent=objective_percent,
            down_ms=pace.burn.down_ms if pace.burn else 0,
            long_ms=pace.burn.pair.long_ms if pace.burn else 0,
            spent_ms=pace.month.spent_ms,
            allowed_ms=pace.month.allowed_ms,
        ),
        created_at_ms=now_ms,
    )


def _left(month: MonthBudget) -> str:
    if month.left_ms < 0:
        return f"this month's is overspent by {duration_text(-month.left_ms)}"
    return f"{duration_text(month.left_ms)} of {duration_text(month.allowed_ms)} left this month"
