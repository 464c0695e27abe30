"""One client's part of what is shown of all: its own targets and what was said of them, and no other's name."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

import msgspec

from wamon.core.chronicle import Chronicle
from wamon.core.days import PLATFORM
from wamon.core.observation import ProbeKind
from wamon.core.platform import RECEIVE, SEND
from wamon.core.reference import MetasWord
from wamon.core.report import Day, Report, TargetReport
from wamon.core.silence import Remark
from wamon.core.standing import Standing

ANOTHER = "another client's"
"""What stands in a reason where another client was named."""

NOBODY = "graph"
"""The account of whatever names none. It is no client's name, and every second reason speaks of Graph."""

Discreet = Callable[[str], str]


@lru_cache(maxsize=16)
def discretion(others: frozenset[str]) -> Discreet:
    """Makes of a reason one in which no other client is named: each name is replaced where it stands as a word."""
    names = sorted(filter(None, others), key=len, reverse=True)
    if not names:
        return lambda text: text
    pattern = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, names))})(?![\w-])", re.IGNORECASE)
    return lambda text: pattern.sub(ANOTHER, text)


def accounts_of(report: Report) -> tuple[str, ...]:
    """The accounts that have targets, in the order of the configuration."""
    return tuple(dict.fromkeys(one.account for one in report.targets))


def of_client(report: Report, account: str) -> Report | None:
    """The report as one client may see it; None for an account without targets.

    Controls are nobody's and stay. The platform's row stays where nobody else speaks for it. Of notices only those
    about its own targets or account: what was told of many says how many.
    """
    own = [one for one in report.targets if one.account == account]
    if not own:
        return None
    named, discreet = {one.name for one in own}, _discreet(report, account)
    alone = _alone(report.targets, account)
    rows = named | {PLATFORM} if alone else named
    shown = [one for one in report.targets if one.account == account or one.probe is ProbeKind.CONTROL]
    incidents = tuple(one for one in report.incidents if one.target in named)
    return msgspec.structs.replace(
        report,
        targets=tuple(_target(one, discreet) for one in shown),
        platform=tuple(_day(one, discreet) for one in report.platform) if alone else (),
        platform_periods=report.platform_periods if alone else {},
        incidents=incidents,
        notices=tuple(
            msgspec.structs.replace(one, title=discreet(one.title))
            for one in report.notices
            if one.target in {*named, account, f"account {account}"}
        ),
        standings={
            one.name: _standing(report.standings[one.name], discreet)
            for one in incidents
            if one.name in report.standings
        },
        silences=(),
        reference=_reference(report.reference, rows),
        ourselves=tuple(one for one in report.ourselves if one.account in {account, *named}),
    )


def chronicle_of_client(found: Chronicle, report: Report, account: str) -> Chronicle | None:
    """A day of one of the client's rows, reasons without other clients; None for a row that is not its own."""
    own = {one.name for one in report.targets if one.account == account}
    if found.target not in own and not (found.target == PLATFORM and _alone(report.targets, account)):
        return None
    discreet = _discreet(report, account)
    return msgspec.structs.replace(
        found,
        day=_day(found.day, discreet),
        rulings=tuple(
            msgspec.structs.replace(one, because=discreet(one.because), author=discreet(one.author))
            for one in found.rulings
        ),
        trail=tuple(msgspec.structs.replace(one, reason=discreet(one.reason)) for one in found.trail),
    )


def _discreet(report: Report, account: str) -> Discreet:
    return discretion(
        frozenset(
            name
            for one in report.targets
            if one.account != account and one.probe is not ProbeKind.CONTROL
            for name in (one.name, one.account)
            if name != NOBODY
        )
    )


def _alone(targets: Iterable[TargetReport], account: str) -> bool:
    """Whether the client speaks for the platform, and nobody else does."""
    return {one.account for one in targets if one.probe in SEND | RECEIVE} == {account}


def _target(one: TargetReport, discreet: Discreet) -> TargetReport:
    if not any(day.reason for day in one.days):
        return one
    return msgspec.structs.replace(one, days=tuple(_day(day, discreet) for day in one.days))


def _day(one: Day, discreet: Discreet) -> Day:
    said = discreet(one.reason)
    return one if said == one.reason else msgspec.structs.replace(one, reason=said)


def _standing(one: Standing, discreet: Discreet) -> Standing:
    def said(remark: Remark) -> Remark:
        return msgspec.structs.replace(remark, text=discreet(remark.text))

    acknowledged = said(one.acknowledged) if one.acknowledged else None
    return msgspec.structs.replace(one, acknowledged=acknowledged, notes=tuple(map(said, one.notes)))


def _reference(word: MetasWord | None, rows: Iterable[str]) -> MetasWord | None:
    """Meta's page with the client's own figures beside it."""
    if word is None:
        return None
    kept = frozenset(rows)
    months = tuple(
        msgspec.structs.replace(month, beside=tuple(one for one in month.beside if one.row in kept))
        for month in word.months
    )
    return msgspec.structs.replace(word, months=months)
