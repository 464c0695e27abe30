"""The figures of a day for every target and for the platform, from timelines."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from wamon.core.platform import RECEIVE, SEND, Combined, direction, either
from wamon.core.segments import Timeline
from wamon.core.timeline import Span, subtract, total_ms
from wamon.core.uptime import Figures, figures
from wamon.core.vigil import EVIDENCE, Watched

PLATFORM = "platform"
PLATFORM_SEND = "platform.send"
PLATFORM_RECEIVE = "platform.receive"
PLATFORM_ROWS = (PLATFORM, PLATFORM_SEND, PLATFORM_RECEIVE)
"""Rows that are put together from the targets that send and receive."""


class Overlay(msgspec.Struct, frozen=True):
    """What lies over the columns: declared maintenance, and time in which no observer ran."""

    maintenance: tuple[Span, ...] = ()
    unobserved: tuple[Span, ...] = ()


NOTHING = Overlay()


def day_figures(
    targets: Sequence[Watched],
    timelines: Mapping[str, Timeline],
    first_ms: Mapping[str, int],
    day: Span,
    now_ms: int,
    overlay: Overlay = NOTHING,
) -> dict[str, Figures]:
    """Figures of a day by row. A row begins with the target's activation (``first_ms``) and ends now.

    A target that was not yet watched has no row; the platform always has one, null without send and receive.
    """
    rows = {
        one.name: _sum(Combined(timelines[one.name]), window, overlay)
        for one in targets
        if one.name in timelines and (window := _window(day, first_ms.get(one.name), now_ms)).length_ms
    }
    send = _direction(targets, timelines, SEND)
    receive = _direction(targets, timelines, RECEIVE)
    began_ms = min((first_ms[one.name] for one in targets if one.name in first_ms), default=None)
    window = _window(day, began_ms, now_ms)
    for name, combined in zip(PLATFORM_ROWS, (either(send, receive), send, receive), strict=True):
        if window.length_ms and (combined is not None or name == PLATFORM):
            rows[name] = _sum(combined or Combined(Timeline()), window, overlay)
    return rows


def _window(day: Span, first_ms: int | None, now_ms: int) -> Span:
    return Span(0, 0) if first_ms is None else day.clip(Span(first_ms, now_ms))


def _sum(combined: Combined, window: Span, overlay: Overlay) -> Figures:
    sums = figures(combined.timeline, window, maintenance=overlay.maintenance, unobserved=overlay.unobserved)
    return msgspec.structs.replace(
        sums, partial_ms=total_ms(subtract(combined.partial, overlay.maintenance), window)
    )


def _direction(
    targets: Iterable[Watched], timelines: Mapping[str, Timeline], probes: frozenset[str]
) -> Combined | None:
    """All accounts' targets that speak for a direction, put together; None when there are none."""
    accounts: dict[str, list[Timeline]] = {}
    for one in targets:
        if one.probe in probes and one.name in timelines:
            accounts.setdefault(one.account, []).append(timelines[one.name])
    return direction(accounts) if accounts else None


def counted(targets: Iterable[Watched]) -> list[Watched]:
    """The targets that have days: all but evidence."""
    return [one for one in targets if one.probe not in EVIDENCE]
