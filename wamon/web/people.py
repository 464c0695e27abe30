"""What people said, as the pages tell it: who sees to an incident, notes to it, notices that are held back."""

from zoneinfo import ZoneInfo

import msgspec

from wamon.core.finding import Scope
from wamon.core.report import Report
from wamon.core.silence import Remark, Silence
from wamon.core.standing import Standing
from wamon.web import words
from wamon.web.words import When


class Remarked(msgspec.Struct, frozen=True):
    """Who said something, when, and what; ``text`` may be empty."""

    author: str
    at: When
    text: str


class Stands(msgspec.Struct, frozen=True):
    """Where an incident stands; ``metas`` is empty where it is none of Meta's, ``scope`` where it is not known."""

    phase: str
    scope: str
    severity: str
    metas: str
    acknowledged: Remarked | None
    notes: list[Remarked]


class Hushed(msgspec.Struct, frozen=True):
    """Notices about something are held back until an instant."""

    number: int
    about: str
    until: When
    author: str
    because: str


def remarked(one: Remark, zone: ZoneInfo) -> Remarked:
    """One word of a person."""
    return Remarked(one.author, words.when(one.at_ms, zone), one.text)


def stands(one: Standing | None, zone: ZoneInfo) -> Stands | None:
    """Where an incident stands, in words; None where that is not known."""
    if one is None:
        return None
    return Stands(
        one.phase.value,
        "" if one.scope is Scope.UNKNOWN else one.scope.value,
        one.severity.value,
        one.metas_severity.value if one.metas_severity else "",
        remarked(one.acknowledged, zone) if one.acknowledged else None,
        [remarked(note, zone) for note in one.notes],
    )


def hushed(report: Report, zone: ZoneInfo) -> list[Hushed]:
    """The silences that hold, the first to end first."""
    return [_hushed(one, zone) for one in sorted(report.silences, key=lambda one: one.end_ms)]


def _hushed(one: Silence, zone: ZoneInfo) -> Hushed:
    return Hushed(one.number, one.subject, words.when(one.end_ms, zone), one.author, one.because)
