"""The JSON face: status, days and incidents as documents, and the questions that days may be asked."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from math import isinf
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.budget import budget_of
from wamon.core.days import PLATFORM
from wamon.core.finding import Finding
from wamon.core.incident import Incident
from wamon.core.latency import Latency
from wamon.core.publication import day_document, figures_document
from wamon.core.report import Day, Report, TargetReport
from wamon.core.silence import Remark, Silence
from wamon.core.standing import Standing
from wamon.core.timeline import iso
from wamon.core.uptime import Figures
from wamon.web.reference import reference_document
from wamon.web.words import headline, sends_and_receives

Document = dict[str, object]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class QuestionError(ValueError):
    """A query that cannot be answered; the text shows one that can."""


class Question(msgspec.Struct, frozen=True):
    """Which days are asked for: both ends included, None for open; ``target`` None for all rows."""

    first: date | None = None
    last: date | None = None
    target: str | None = None


def read_question(asked: Iterable[tuple[str, str]], report: Report) -> Question:
    """The question in a query's pairs. Raises QuestionError with a sentence for whoever wrote it."""
    given: dict[str, str] = {}
    for name, value in asked:
        if name not in ("from", "to", "target"):
            raise QuestionError(f"{name!r} is no parameter; there are from, to and target")
        if name in given:
            raise QuestionError(f"{name} is given twice; give it once")
        given[name] = value
    question = Question(_day(given, "from", report), _day(given, "to", report), given.get("target"))
    if question.first and question.last and question.last < question.first:
        raise QuestionError(f"to {question.last} lies before from {question.first}; swap them")
    names = [*(one.name for one in report.targets), PLATFORM]
    if question.target is not None and question.target not in names:
        raise QuestionError(f"target {question.target!r} is not watched; there are {', '.join(names)}")
    return question


def _day(given: Mapping[str, str], name: str, report: Report) -> date | None:
    if name not in given:
        return None
    try:
        if _DAY.fullmatch(given[name]) is None:
            raise ValueError(given[name])
        return date.fromisoformat(given[name])
    except ValueError:
        today = iso(report.at_ms)[:10]
        raise QuestionError(f"{name} {given[name]!r} is not a day; write it like {today}") from None


def days_document(report: Report, question: Question) -> Document:
    """``days`` as in a replay's document: by date, a row for each target with days, the platform's last."""
    rows = [(one.name, one.days) for one in report.targets] + [(PLATFORM, report.platform)]
    found = [
        (day, name)
        for name, days in rows
        if question.target in (None, name)
        for day in days
        if (question.first is None or day.date >= question.first)
        and (question.last is None or day.date <= question.last)
    ]
    return {"days": [_day_row(name, day) for day, name in sorted(found, key=lambda one: one[0].date)]}


def _day_row(name: str, day: Day) -> Document:
    document = day_document(name, day.date, day.state, day.revision, day.figures, day.first, partial=day.partial)
    return document | {"retroactive_s": day.figures.retroactive_ms / 1000, "reason": day.reason}


def incidents_document(report: Report) -> Document:
    """Incidents that the report still knows, newest first."""
    return {"incidents": [incident_row(one, report) for one in report.incidents]}


def incident_row(one: Incident, report: Report) -> Document:
    """One incident, with the keys of a replay's document first, and where it stands."""
    stands = report.standings.get(one.name)
    return _incident_row(one) | (_standing_row(stands) if stands else {})


def _standing_row(stands: Standing) -> Document:
    return {
        "phase": stands.phase.value,
        "scope": stands.scope.value,
        "severity": stands.severity.value,
        "metas_severity": stands.metas_severity.value if stands.metas_severity else None,
        "acknowledged": _remark_row(stands.acknowledged) if stands.acknowledged else None,
        "notes": [_remark_row(one) for one in stands.notes],
    }


def _remark_row(one: Remark) -> Document:
    return {"at": iso(one.at_ms), "author": one.author, "text": one.text}


def _silence_row(one: Silence) -> Document:
    return {
        "number": one.number,
        "from": iso(one.start_ms),
        "to": iso(one.end_ms),
        "author": one.author,
        "because": one.because,
        "targets": list(one.targets),
        "accounts": list(one.accounts),
        "kinds": [kind.value for kind in one.kinds],
        "severities": [weight.value for weight in one.severities],
    }


def _incident_row(one: Incident) -> Document:
    return {
        "target": one.target,
        "opened_at": iso(one.opened_ms),
        "closed_at": _iso(one.closed_ms),
        "verdict": one.verdict.value,
        "cause": one.cause.value,
        "kind": one.kind.value,
        "provisional": one.provisional,
        "codes": list(one.codes),
    }


def status_document(report: Report) -> Document:
    """Now: the line on top of the page, every target with its last verdict and its figures, open incidents."""
    top = headline(report)
    return {
        "at": iso(report.at_ms),
        "version": report.version,
        "timezone": report.zone,
        "objective_percent": report.objective_percent,
        "state": top.state.value,
        "headline": top.text,
        "management_reachability_only": not sends_and_receives(report),
        "targets": [_target_row(one, report) for one in report.targets],
        "platform": _periods(report.platform_periods) if sends_and_receives(report) else None,
        "incidents": [incident_row(one, report) for one in report.incidents if one.closed_ms is None],
        "silences": [_silence_row(one) for one in report.silences],
        "reference": reference_document(report),
        "ourselves": [one._asdict() | {"light": one.light.value} for one in report.ourselves],
    }


def _target_row(one: TargetReport, report: Report) -> Document:
    return {
        "target": one.name,
        "probe": one.probe.value,
        "account": one.account,
        "component": one.component,
        "state": one.state.value,
        "since": _iso(one.since_ms),
        "last_observation_at": _iso(one.last_at_ms),
        "verdict": _verdict(one.last, one) if one.last is not None else None,
        "periods": _periods(one.periods) if one.days else None,
        "budget": _budget(one, report),
        "latency": _latency(one.latency),
    }


def _budget(one: TargetReport, report: Report) -> Document | None:
    """This month's error budget in seconds, and the share left of it; None while nothing was observed."""
    sums, zone = one.periods.get("month", Figures()), ZoneInfo(report.zone)
    found = budget_of(sums, report.objective_percent, report.at_ms, zone)
    return found and {
        "allowed_s": found.allowed_ms / 1000,
        "spent_s": found.spent_ms / 1000,
        "left_s": found.left_ms / 1000,
        "remaining_ratio": None if isinf(found.remaining) else found.remaining,
    }


def _latency(latency: Latency | None) -> Document | None:
    """Milliseconds by span, ``24h``, ``7d`` and ``90d``; of real messages ``sent_24h``, how late webhooks were."""
    if latency is None:
        return None
    sent = {} if latency.sent is None else {"sent_24h": latency.sent}
    return {
        name: {"looks": one.looks, "p50_ms": one.p50_ms, "p90_ms": one.p90_ms, "p99_ms": one.p99_ms}
        for name, one in {**latency.spans, **sent}.items()
    }


def _verdict(last: Finding, one: TargetReport) -> Document:
    return {
        "verdict": last.verdict.value,
        "cause": last.cause.value,
        "provisional": last.provisional,
        "rule": last.rule,
        "scope": last.scope.value,
        "code": last.code,
        "subcode": last.subcode,
        "counts_as": last.column.value,
        "explanation": one.explanation,
        "remedy": one.remedy,
    }


def _periods(periods: Mapping[str, Figures]) -> Document:
    return {name: {"seconds": sums.total_ms / 1000} | figures_document(sums) for name, sums in periods.items()}


def _iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)
