"""Meta's own page, as our page and our JSON tell it: in its words, with its age, and beside our figures."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.meta_days import percent_text
from wamon.core.meta_outages import KnownOutage
from wamon.core.meta_page import Light
from wamon.core.notice_words import duration_text
from wamon.core.reference import Beside, MetaMonth, MetasWord
from wamon.core.report import Report, State
from wamon.core.timeline import SECOND, iso
from wamon.web.words import SIGNS, When, when

_STATES = {
    Light.GREEN: State.OPERATIONAL,
    Light.YELLOW: State.DISRUPTION,
    Light.RED: State.OUTAGE,
    Light.UNKNOWN: State.UNOBSERVED,
}
"""The shape and colour that our page has for a light of theirs."""


class SignLine(msgspec.Struct, frozen=True):
    """One of Meta's services. ``said`` are Meta's words, ``checked`` when Meta says it looked."""

    name: str
    state: str
    sign: str
    light: str
    said: str
    checked: When | None


class MonthLine(msgspec.Struct, frozen=True):
    """A month as Meta counts it beside one row of ours; ``row`` is empty where we have none."""

    month: str
    known: str
    theirs: str
    row: str
    ours: str
    estimate: str
    difference: str


class Told(msgspec.Struct, frozen=True):
    """Something that Meta's page told, with its instant."""

    at: When
    title: str
    text: str


class Theirs(msgspec.Struct, frozen=True):
    """The section about Meta's page. ``age`` says how old it is, or why it cannot be read."""

    age: str
    services: list[SignLine]
    outages: list[Told]
    months: list[MonthLine]
    changes: list[Told]


def theirs(report: Report, zone: ZoneInfo) -> Theirs | None:
    """The section; None where Meta's page is not asked."""
    word = report.reference
    if word is None:
        return None
    return Theirs(
        age=_age(word, report.at_ms),
        services=[
            SignLine(
                one.name,
                _STATES[one.light].value,
                SIGNS[_STATES[one.light]],
                one.light.value,
                one.said,
                when(one.checked_ms, zone) if one.checked_ms is not None and word.fresh else None,
            )
            for one in word.services
        ],
        outages=[Told(when(one.first_posted_ms, zone), _service(one), _told(one)) for one in word.open_outages],
        months=[line for month in word.months for line in _month(month)],
        changes=[
            Told(when(one.seen_ms, zone), one.what, f"before: {one.before}; now: {one.after}")
            for one in word.changes
        ],
    )


def _age(word: MetasWord, now_ms: int) -> str:
    if word.read_ms is None:
        why = f": {word.trouble}" if word.trouble else ""
        return f"Not read since wamon started{why}. What it says is unknown, and nothing else depends on it."
    age = duration_text(now_ms - word.read_ms)
    if word.fresh:
        return f"Read {age} ago."
    why = f" ({word.trouble})" if word.trouble else ""
    return f"Last read {age} ago{why}. What it says now is unknown, and nothing else depends on it."


def _service(one: KnownOutage) -> str:
    return one.service or one.org


def _told(one: KnownOutage) -> str:
    return ": ".join(filter(None, (one.said or "no words", one.title)))


def _month(one: MetaMonth) -> Iterable[MonthLine]:
    known = "whole" if one.whole else f"{one.days} of {one.of_days} days"
    figure = f"{percent_text(round(one.percent, 4))}, down {_minutes(one.down_minutes)}"
    if not one.beside:
        yield MonthLine(one.month, known, figure, "", "no figure of ours", "", "")
    for other in one.beside:
        yield MonthLine(one.month, known, figure, other.row, _ours(other), _estimate(other), _difference(other))


def _ours(one: Beside) -> str:
    covered = "" if one.coverage is None else f", {100 * one.coverage:.0f} % observed"
    return f"down {_minutes(one.down_minutes)}{covered}"


def _estimate(one: Beside) -> str:
    """Where every second counts there may be more."""
    told = _minutes(one.estimate_minutes)
    return f"{told} where every second counts" if told != _minutes(one.down_minutes) else ""


def _difference(one: Beside) -> str:
    sign = "−" if one.difference_minutes < 0 else "+"
    return f"{sign}{_minutes(abs(one.difference_minutes))}"


def _minutes(minutes: float) -> str:
    return f"{minutes:.1f} min"


def reference_document(report: Report) -> dict[str, object] | None:
    """Meta's page as JSON; None where it is not asked."""
    word = report.reference
    if word is None:
        return None
    return {
        "read_at": None if word.read_ms is None else iso(word.read_ms),
        "age_s": None if word.read_ms is None else (report.at_ms - word.read_ms) / SECOND,
        "fresh": word.fresh,
        "trouble": word.trouble,
        "services": [
            {
                "org": one.org,
                "service": one.name,
                "said": one.said,
                "light": one.light.value,
                "checked_at": None if one.checked_ms is None else iso(one.checked_ms),
            }
            for one in word.services
        ],
        "open_outages": [
            {
                "org": one.org,
                "service": one.service,
                "said": one.said,
                "title": one.title,
                "first_posted_at": iso(one.first_posted_ms),
            }
            for one in word.open_outages
        ],
        "months": [month_document(one) for one in word.months],
        "changes": [
            {"seen_at": iso(one.seen_ms), "what": one.what, "before": one.before, "after": one.after}
            for one in word.changes
        ],
    }


def month_document(one: MetaMonth) -> dict[str, Any]:
    """Meta's month as JSON, with our rows beside it: minutes by Meta's formula, and ours minus theirs."""
    return {
        "month": one.month,
        "availability": one.percent / 100,
        "down_minutes": one.down_minutes,
        "days": one.days,
        "of_days": one.of_days,
        "seen_at": iso(one.seen_ms),
        "beside": [
            {
                "target": other.row,
                "meta_down_minutes": other.down_minutes,
                "estimate_down_minutes": other.estimate_minutes,
                "difference_minutes": other.difference_minutes,
                "coverage": other.coverage,
            }
            for other in one.beside
        ],
    }
