"""The figures of a day for every target and for the platform, from timelines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

import msgspec

from wamon.core.maintenance import NO_COVER, Cover, shared
from wamon.core.observation import WAY_BACK, ProbeKind
from wamon.core.platform import RECEIVE, SEND, Combined, direction, either, one_canary, silenced, speaks
from wamon.core.secondary import Secondary, secondary
from wamon.core.segments import Timeline
from wamon.core.tallies import Tallies
from wamon.core.timeline import Span, subtract, total_ms
from wamon.core.uptime import Figures, figures
from wamon.core.watched import EVIDENCE, Watched

PLATFORM = "platform"
PLATFORM_SEND = "platform.send"
PLATFORM_RECEIVE = "platform.receive"
_MADE_OF: Mapping[str, tuple[frozenset[ProbeKind], ...]] = {
    PLATFORM: (SEND, RECEIVE),
    PLATFORM_SEND: (SEND,),
    PLATFORM_RECEIVE: (RECEIVE,),
}
PLATFORM_ROWS = tuple(_MADE_OF)
"""Rows that are put together from the targets that send and receive."""

PLATFORM_PARTS = (PLATFORM_SEND, PLATFORM_RECEIVE)
"""Those of which only figures tell; people are told of the whole."""


class Overlay(msgspec.Struct, frozen=True):
    """What lies over the columns: maintenance, declared by target, and time in which no observer ran."""

    maintenance: Mapping[str, Cover] = {}
    unobserved: tuple[Span, ...] = ()

    def of(self, target: str) -> Cover:
        """The maintenance of one target."""
        return self.maintenance.get(target, NO_COVER)


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

    A target that was not yet watched has no row. A row that is put together of targets begins with the first of
    them, and is in maintenance while all of them are; the platform always has one, null without send and receive.
    """
    rows = day_rows(targets, timelines, first_ms, day, now_ms, overlay)
    return {name: row.figures(overlay) for name, row in rows.items()}


class Row(msgspec.Struct, frozen=True):
    """What a day's row is summed from. ``window`` is from activation to now, ``cover`` is maintenance."""

    combined: Combined
    window: Span
    cover: Cover

    def figures(self, overlay: Overlay) -> Figures:
        """The row's primary sums."""
        sums = figures(
            self.combined.timeline,
            self.window,
            maintenance=self.cover.spans,
            afterwards=self.cover.afterwards,
            unobserved=overlay.unobserved,
        )
        partial = subtract(self.combined.partial, (*self.cover.spans, *overlay.unobserved))
        return msgspec.structs.replace(sums, partial_ms=total_ms(partial, self.window))

    def secondary(self, overlay: Overlay, day: Span, tallies: Tallies | None) -> Secondary:
        """The row's secondary sums; one that is put together of targets has no looks of its own."""
        return secondary(
            self.combined.timeline,
            tallies.within(day) if tallies else (),
            day,
            maintenance=self.cover.spans,
            unobserved=overlay.unobserved,
        )


def day_rows(
    targets: Sequence[Watched],
    timelines: Mapping[str, Timeline],
    first_ms: Mapping[str, int],
    day: Span,
    now_ms: int,
    overlay: Overlay = NOTHING,
) -> dict[str, Row]:
    """The rows of `day_figures`, not yet summed."""
    rows = {
        one.name: Row(Combined(timelines[one.name]), window, overlay.of(one.name))
        for one in targets
        if one.name in timelines and (window := _window(day, first_ms.get(one.name), now_ms)).length_ms
    }
    together = _together([one for one in targets if one.name in rows], timelines, overlay)
    for name, directions in _MADE_OF.items():
        speakers = [one for one in targets if one.name in rows and _speaks(one, directions)]
        resting = shared(overlay.of(one.name) for one in speakers)
        each = [together(probes, resting) for probes in directions]
        combined = each[0] if len(each) == 1 else either(*each)
        window = _window(day, _began_ms(speakers or targets, first_ms), now_ms)
        if window.length_ms and (combined is not None or name == PLATFORM):
            rows[name] = Row(_unhurried(combined or Combined(Timeline())), window, resting)
    return rows


def client_targets(account: str, targets: Iterable[Watched]) -> tuple[Watched, ...]:
    """The targets of one client: its rows, the platform's too, are `day_rows` of these and of nobody else's."""
    return tuple(one for one in targets if one.account == account)


def _unhurried(combined: Combined) -> Combined:
    """Slow is a target's own: whether a platform made of several was slow has no answer."""
    if not combined.timeline.slow:
        return combined
    return msgspec.structs.replace(combined, timeline=msgspec.structs.replace(combined.timeline, slow=()))


def _began_ms(targets: Iterable[Watched], first_ms: Mapping[str, int]) -> int | None:
    return min((first_ms[one.name] for one in targets if one.name in first_ms), default=None)


def _window(day: Span, first_ms: int | None, now_ms: int) -> Span:
    return Span(0, 0) if first_ms is None else day.clip(Span(first_ms, now_ms))


def _speaks(one: Watched, directions: Sequence[frozenset[ProbeKind]]) -> bool:
    return any(speaks(one.probe, one.direction, probes) for probes in directions)


def _together(
    targets: Sequence[Watched], timelines: Mapping[str, Timeline], overlay: Overlay
) -> Callable[[frozenset[ProbeKind], Cover], Combined | None]:
    """All accounts' targets that speak for a direction, put together; None when there are none.

    A target in maintenance says nothing for the whole, as long as another one is not ``resting`` with it.
    """

    @cache
    def direction_of(probes: frozenset[ProbeKind], resting: Cover) -> Combined | None:
        canaries: dict[tuple[str, str], list[Timeline]] = {}
        for one in targets:
            if speaks(one.probe, one.direction, probes):
                alone = subtract(overlay.of(one.name).spans, resting.spans)
                key = (one.account, one.name.removesuffix(WAY_BACK))
                canaries.setdefault(key, []).append(silenced(timelines[one.name], alone))
        accounts: dict[str, list[Timeline]] = {}
        for (account, _), timelines_of_one in canaries.items():
            accounts.setdefault(account, []).append(one_canary(timelines_of_one))
        return direction(accounts) if accounts else None

    return direction_of


def counted(targets: Iterable[Watched]) -> list[Watched]:
    """The targets that have days: all but evidence."""
    return [one for one in targets if one.probe not in EVIDENCE]
