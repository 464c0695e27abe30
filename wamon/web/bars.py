"""Ninety daily bars of one row: height, pattern and words say the same as the colour."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from html import escape
from typing import NamedTuple

from wamon.core.publication import DayState
from wamon.core.report import Day
from wamon.core.uptime import SUFFICIENT_COVERAGE, Figures, clock_text
from wamon.web.words import (
    changed,
    coverage_share,
    day_text,
    experienced_share,
    maintenance_text,
    platform_share,
    stopped_ms,
)

SHOWN = 90

_STEPS = (0.0, 0.0005, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5)
"""The share of the observed time in which something stopped us, and each step passed lowers the bar by a tenth.

The steps are finer near the top: a day is judged by minutes, not by quarters.
"""

_NEARLY_ALL = 0.99
"""A day of which this much was observed has a whole line under its bar."""


class Bar(NamedTuple):
    """One day: the classes it is drawn with, the day, what it shows in words, and whether to list it."""

    classes: str
    day: str
    facts: str
    worth: bool = False
    date: str = ""


class Strip(NamedTuple):
    """Bars, the same as HTML, and those worth a word, newest first."""

    bars: tuple[Bar, ...]
    html: str
    worth: tuple[Bar, ...]


def bars(days: Sequence[Day], today: date) -> list[Bar]:
    """The last ninety days from old to today; a day of which nothing is known has an empty place."""
    return list(strip(days, today).bars)


def strip(days: Sequence[Day], today: date) -> Strip:
    """The bars of a row. All but the last day are drawn once: they are as they were at the last request."""
    every = tuple(days)
    if not every or every[-1].date != today:
        return _strip(every, today, SHOWN)
    past, last = _strip(every[:-1], today - timedelta(days=1), SHOWN - 1), _strip(every[-1:], today, 1)
    return Strip(past.bars + last.bars, past.html + last.html, last.worth + past.worth)


@lru_cache(maxsize=256)
def _strip(days: tuple[Day, ...], last: date, count: int) -> Strip:
    known = {one.date: one for one in days}
    dates = (last - timedelta(days=number) for number in range(count - 1, -1, -1))
    drawn = [_drawn(known[day]) if day in known else _html(_unknown(day)) for day in dates]
    every = tuple(one for one, _ in drawn)
    return Strip(every, "".join([html for _, html in drawn]), tuple(one for one in reversed(every) if one.worth))


@lru_cache(maxsize=4096)
def _drawn(one: Day) -> tuple[Bar, str]:
    """A day's bar and its HTML: after midnight every strip is another, and its days are as they were."""
    return _html(_bar(one))


def _html(one: Bar) -> tuple[Bar, str]:
    words = escape(f"{one.day}: {one.facts}")
    return one, f'<li><span role="img" class="bar {one.classes}" title="{words}"></span></li>'


def _unknown(day: date) -> Bar:
    return Bar("none", day_text(day), "not watched", date=day.isoformat())


def _bar(one: Day) -> Bar:
    """Drawn once: colour for whose fault most was, height for how much was lost, a line for how much was seen."""
    sums, kind, seen = one.figures, tone(one.figures), _seen(one.figures)
    classes = f"{kind} h{height(sums)} seen-{seen}"
    worth = one.restated or kind != "good" or seen != "all" or sums.retroactive_ms > 0
    return Bar(
        f"{classes} restated" if one.restated else classes,
        day_text(one.date),
        _facts(one),
        worth,
        one.date.isoformat(),
    )


def _seen(sums: Figures) -> str:
    """How much of the day was observed; too little, and no colour is deserved."""
    coverage = sums.coverage
    if coverage is None or coverage < SUFFICIENT_COVERAGE:
        return "little"
    return "all" if coverage >= _NEARLY_ALL else "most"


def _fault(sums: Figures) -> str:
    lost = {"down": sums.down_ms, "net": sums.network_ms, "user": sums.user_error_ms}
    return max(lost, key=lambda name: lost[name])


def height(sums: Figures) -> int:
    """From 10, where nothing stopped us, down to 2, where most of the observed time was lost."""
    lost_ms = stopped_ms(sums)
    return 10 - bisect_left(_STEPS, lost_ms / sums.observed_ms) if lost_ms else 10


def tone(sums: Figures) -> str:
    """Whose fault most of what was lost is: ``good down net user``; ``blank`` where too little was observed."""
    if _seen(sums) == "little":
        return "blank"
    return _fault(sums) if stopped_ms(sums) else "good"


def _facts(one: Day) -> str:
    sums = one.figures
    platform = platform_share(sums)
    facts = [f"{platform.text}, down {platform.lost}" if platform.lost else platform.text]
    if sums.network_ms or sums.user_error_ms:
        experienced = experienced_share(sums)
        facts.append(f"experienced {experienced.text}, lost {experienced.lost}")
    if sums.unobserved_ms:
        coverage = coverage_share(sums)
        facts.append(f"coverage {coverage.text}, unobserved {coverage.lost}")
    if sums.maintenance_ms:
        facts.append(maintenance_text(sums))
    if one.state is DayState.OPEN:
        facts.append("partial: not over yet" if one.partial else "not over yet")
    elif one.partial:
        facts.append(f"partial: only {clock_text(sums.total_ms)} of it")
    if one.restated and one.first is not None:
        view, first, _ = changed(one.first, sums)
        down = f", down {first.lost}" if first.lost and not view else ""
        facts.append(f"restated, revision {one.revision}, first {view} {first.text}{down}".replace("  ", " "))
    return "; ".join(facts)
