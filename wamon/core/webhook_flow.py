"""Whether webhooks still come: what is usual in each hour of the week, against the time in which none came."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from wamon.core.account_lines import Light, Line
from wamon.core.incident import Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import SilenceFacts
from wamon.core.notice_words import clock, duration_text
from wamon.core.timeline import HOUR, MINUTE, Span, from_ms, iso, parse_iso, to_ms, total_ms

WEEKS = 8
"""So many weeks back an hour of the week is compared with."""

NEEDED_WEEKS = 3
"""With fewer weeks on record nothing is usual yet."""

SHORTEST_MS = 30 * MINUTE
"""A shorter pause is no silence, however busy the hour."""

FEWEST = 10
"""Silence is told when even a weak week would have brought so many by now."""

_LISTENED = 0.75
"""An hour of the past counts when somebody listened for at least this share of it."""

_LONGEST_HOURS = 7 * 24
PREFIX = "silence:"


class State(StrEnum):
    """Whether webhooks come as usual."""

    USUAL = "usual"
    SILENT = "silent"
    YOUNG = "young"
    DEAF = "deaf"


class Norm(NamedTuple):
    """What an hour of the week brings: the median, and what a weak week brings; of so many weeks."""

    usual: float
    weak: int
    weeks: int


class Flow(NamedTuple):
    """How one account's webhooks come. ``last_ms`` is when the last came.

    ``usual`` and ``weak`` are what was due since; ``weeks`` is how many weeks this hour is known of.
    """

    account: str
    state: State
    last_ms: int | None
    usual: float = 0.0
    weak: float = 0.0
    weeks: int = 0


def norm(counts: Mapping[int, int], listened: Sequence[Span], hour_ms: int, zone: ZoneInfo) -> Norm:
    """What is usual in an hour, from the same hour of the week before it, by the clock on the wall.

    ``counts`` are events by the beginning of their hour; one without any is left out. ``listened``: when a
    receiver did. A weak week is the lowest of up to four, the second lowest of more: one dead week does not make
    silence usual.
    """
    local = from_ms(hour_ms).astimezone(zone)
    hours = [to_ms(local - timedelta(weeks=back)) // HOUR * HOUR for back in range(1, WEEKS + 1)]
    known = sorted(counts.get(one, 0) for one in hours if _heard(listened, one))
    if not known:
        return Norm(0.0, 0, 0)
    return Norm(median(known), known[(len(known) - 1) // 4], len(known))


def _heard(listened: Sequence[Span], hour_ms: int) -> bool:
    return total_ms(listened, Span(hour_ms, hour_ms + HOUR)) >= _LISTENED * HOUR


def flow(
    account: str,
    counts: Mapping[int, int],
    listened: Sequence[Span],
    last_ms: int | None,
    now_ms: int,
    zone: ZoneInfo,
) -> Flow:
    """How the webhooks of an account come now. Time in which nobody listened brings nothing and proves nothing."""
    now_hour = norm(counts, listened, now_ms // HOUR * HOUR, zone)
    if last_ms is None:
        return Flow(account, State.YOUNG, None, weeks=now_hour.weeks)
    if not any(one.end_ms >= now_ms - 2 * MINUTE for one in listened):
        return Flow(account, State.DEAF, last_ms, weeks=now_hour.weeks)
    due = [
        (part_ms, one)
        for part_ms, one in _since(last_ms, now_ms, counts, listened, zone)
        if one.weeks >= NEEDED_WEEKS
    ]
    usual = sum(part_ms * one.usual for part_ms, one in due) / HOUR
    weak = sum(part_ms * one.weak for part_ms, one in due) / HOUR
    silent = now_ms - last_ms >= SHORTEST_MS and weak >= FEWEST
    young = now_hour.weeks < NEEDED_WEEKS
    state = State.SILENT if silent else State.YOUNG if young else State.USUAL
    return Flow(account, state, last_ms, usual, weak, now_hour.weeks)


def _since(
    last_ms: int, now_ms: int, counts: Mapping[int, int], listened: Sequence[Span], zone: ZoneInfo
) -> Iterator[tuple[int, Norm]]:
    """The hours since an instant: how much of each was listened to, in ms, and what is usual in it."""
    pause = Span(max(last_ms, now_ms - _LONGEST_HOURS * HOUR), now_ms)
    for hour_ms in range(pause.start_ms // HOUR * HOUR, now_ms, HOUR):
        part = pause.clip(Span(hour_ms, hour_ms + HOUR))
        yield total_ms(listened, part), norm(counts, listened, hour_ms, zone)


def told_of(keys: Iterable[str]) -> dict[str, int]:
    """The accounts whose silence people know of and that is not over, with its beginning; keys in their order."""
    opened: dict[str, int] = {}
    for key in keys:
        name, _, phase = key.rpartition(":")
        account, _, instant = name.removeprefix(PREFIX).rpartition("@")
        if phase == NoticePhase.OPENED.value:
            opened[account] = parse_iso(instant)
        else:
            opened.pop(account, None)
    return opened


def silence_notices(flows: Iterable[Flow], opened: Mapping[str, int], now_ms: int) -> list[Notice]:
    """What people must be told: a silence that is new, and one that is over. It is never downtime by itself."""
    told = []
    for one in flows:
        if one.last_ms is None:
            continue
        if one.state is State.SILENT and one.account not in opened:
            told.append(_opened(one, one.last_ms, now_ms))
        elif one.account in opened and one.last_ms > opened[one.account]:
            told.append(_resolved(one, one.last_ms, opened[one.account], now_ms))
    return told


def _opened(one: Flow, last_ms: int, now_ms: int) -> Notice:
    return Notice(
        key=f"{PREFIX}{one.account}@{iso(last_ms)}:{NoticePhase.OPENED.value}",
        kind=Kind.ENDPOINT,
        phase=NoticePhase.OPENED,
        target=one.account,
        severity=Severity.URGENT,
        title=f"[URGENT] Our endpoint · no webhook from Meta · account {one.account} · since {clock(last_ms)}"
        f" ({duration_text(now_ms - last_ms)}) · about {one.usual:.0f} are usual · do: {ACTION}",
        facts=SilenceFacts(last_ms, round(one.usual), int(one.weak), one.weeks),
        created_at_ms=now_ms,
    )


def _resolved(one: Flow, last_ms: int, since_ms: int, now_ms: int) -> Notice:
    return Notice(
        key=f"{PREFIX}{one.account}@{iso(since_ms)}:{NoticePhase.RESOLVED.value}",
        kind=Kind.ENDPOINT,
        phase=NoticePhase.RESOLVED,
        target=one.account,
        severity=Severity.URGENT,
        title=f"[RESOLVED] Our endpoint · webhooks come again · account {one.account} · seen at {clock(last_ms)}",
        facts=SilenceFacts(since_ms, over_ms=last_ms),
        created_at_ms=now_ms,
    )


ACTION = "see who is subscribed and where the callback points: wamon doctor"


def flow_lines(flows: Iterable[Flow], now_ms: int) -> Iterator[Line]:
    """Are we the problem? One line for each account that webhooks come for."""
    for one in flows:
        light = {State.SILENT: Light.RED, State.DEAF: Light.AMBER}.get(one.state, Light.GREEN)
        remedy = ACTION if one.state is State.SILENT else _LISTEN if one.state is State.DEAF else ""
        yield Line(one.account, "webhooks", light, _text(one, now_ms), remedy)


_LISTEN = "the receiver does not listen or cannot store: journalctl -u wamon"


def _text(one: Flow, now_ms: int) -> str:
    if one.last_ms is None:
        return "none has come yet"
    ago = f"the last came {duration_text(max(0, now_ms - one.last_ms))} ago"
    if one.state is State.SILENT:
        return f"{ago}, by now about {one.usual:.0f} are usual"
    if one.state is State.YOUNG:
        return f"{ago}; what is usual at this hour is not known yet ({one.weeks} of {NEEDED_WEEKS} weeks)"
    return f"{ago}; nobody listens now" if one.state is State.DEAF else f"{ago}, as usual"


def relevant(flows: Iterable[Flow], expected: Collection[str]) -> list[Flow]:
    """Those of accounts that webhooks are expected for, or ever came for."""
    return [one for one in flows if one.last_ms is not None or one.account in expected]
