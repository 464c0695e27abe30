"""The digest: what a day was like, or a week, read off the report; one calm line where nothing happened."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from wamon.core.blanks import together, unseen
from wamon.core.days import PLATFORM, PLATFORM_PARTS
from wamon.core.expiry import THRESHOLDS_DAYS, Ending, ending_text
from wamon.core.hindsight_words import REASONS
from wamon.core.incident import Incident, Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import DigestFacts, DigestIncident, DigestRow
from wamon.core.notice_words import WHOSE, duration_text, unseen_because, what
from wamon.core.observation import ProbeKind
from wamon.core.publication import Publication
from wamon.core.report import Day, Report
from wamon.core.timeline import DAY, Span, day_of, day_span, from_ms
from wamon.core.uptime import Figures, add, change_text, percent_and_lost, ratio_percent

WEEK_DAYS = 7
LISTED = 20
"""So many incidents and so many restated days stand in one digest; the rest is counted."""

Trail = Mapping[tuple[str, date], tuple[Publication, Publication]]
"""The first and the latest publication of each row's day."""


def digest(report: Report, endings: Iterable[Ending], trail: Trail, now_ms: int, *, weekly: bool) -> Notice | None:
    """The digest of yesterday or of the seven days before today; None when nothing was watched then."""
    zone = ZoneInfo(report.zone)
    today, days = day_of(now_ms, zone), WEEK_DAYS if weekly else 1
    first, last = today - timedelta(days=days), today - timedelta(days=1)
    span = Span(day_span(first, zone).start_ms, day_span(last, zone).end_ms)
    rows = _rows(report, first, last)
    if not rows:
        return None
    every = [one for one in reversed(report.incidents) if one.span(now_ms).overlaps(span)]
    happened = [one for one in every if one.kind is not Kind.UNOBSERVED]
    unobserved = _unseen(every, report, zone)
    changed = _changed(trail, now_ms - days * DAY)
    ahead = _ahead(endings, now_ms, THRESHOLDS_DAYS[0 if weekly else 1])
    facts = DigestFacts(
        first=first.isoformat(),
        last=last.isoformat(),
        zone=report.zone,
        weekly=weekly,
        rows=tuple(_row(name, sums) for name, sums in rows.items()),
        incidents=tuple(_told(one, report, zone) for one in happened[:LISTED]),
        more_incidents=max(0, len(happened) - LISTED),
        unseen=tuple(unobserved[:LISTED]),
        changed=tuple(one.text for one in changed[:LISTED]),
        more_changed=max(0, len(changed) - LISTED),
        ahead=ahead,
        calm=not (happened or unobserved or changed or ahead or any(_is_news(sums) for sums in rows.values())),
    )
    return Notice(
        key=f"digest@{today.isoformat()}:{'weekly' if weekly else 'daily'}",
        kind=Kind.DIGEST,
        phase=NoticePhase.NOTE,
        target=", ".join(rows),
        severity=Severity.STANDARD,
        title=_title(facts, rows, len({one.day for one in changed})),
        facts=facts,
        created_at_ms=now_ms,
    )


def _ahead(endings: Iterable[Ending], now_ms: int, days: int) -> tuple[str, ...]:
    """What ends within so many days."""
    return tuple(
        ending_text(one, now_ms)
        for one in endings
        if one.ends_ms is not None and one.ends_ms - now_ms <= days * DAY
    )


def _rows(report: Report, first: date, last: date) -> dict[str, Figures]:
    """The platform's row where there is one, then every target's."""
    every = {PLATFORM: report.platform, **{one.name: one.days for one in report.targets}}
    return {name: sums for name, days in every.items() if (sums := _sums(days, first, last)).total_ms}


def _sums(days: Sequence[Day], first: date, last: date) -> Figures:
    return add(one.figures for one in days if first <= one.date <= last)


def _is_news(sums: Figures) -> bool:
    """Whether a row has something to tell: time lost, time unproved, or too little looked at."""
    lost_ms = sums.down_ms + sums.network_ms + sums.user_error_ms
    return bool(lost_ms or sums.unproved_ms or sums.insufficient)


def _row(name: str, sums: Figures) -> DigestRow:
    lost_ms = sums.down_ms + sums.network_ms + sums.user_error_ms
    return DigestRow(
        name=name,
        platform=percent_and_lost(sums.down_ms, sums.platform_ms),
        experienced=percent_and_lost(lost_ms, sums.observed_ms),
        unproved=duration_text(sums.unproved_ms) if sums.unproved_ms else "",
        observed=ratio_percent(sums.coverage),
    )


def _unseen(every: Sequence[Incident], report: Report, zone: ZoneInfo) -> list[str]:
    """Time that nobody observed, a line for all that was not observed at the same time."""
    probes = {target.name: target.probe for target in report.targets}
    blanks = unseen([(one, probes.get(one.target, ProbeKind.API)) for one in every], report.at_ms)
    return [_unseen_line(group, report.at_ms, zone) for group in together(blanks, report.at_ms)]


def _unseen_line(group: Sequence[Incident], now_ms: int, zone: ZoneInfo) -> str:
    longest = max(group, key=lambda one: one.span(now_ms).length_ms)
    began = from_ms(min(one.opened_ms for one in group)).astimezone(zone)
    targets = ", ".join(dict.fromkeys(one.target for one in group))
    lasted = duration_text(longest.span(now_ms).length_ms)
    return f"{began:%Y-%m-%d %H:%M} ({lasted}) {targets}: {unseen_because(longest.cause)}"


def _told(one: Incident, report: Report, zone: ZoneInfo) -> DigestIncident:
    probes = {target.name: target.probe for target in report.targets}
    whose = "Our endpoint" if one.kind is Kind.ENDPOINT else WHOSE[one.verdict]
    began = from_ms(one.opened_ms).astimezone(zone)
    lasted = duration_text(one.span(report.at_ms).length_ms)
    return DigestIncident(
        began=f"{began:%Y-%m-%d %H:%M}",
        lasted=lasted if one.closed_ms is not None else f"{lasted}, still open",
        what=what(one, probes.get(one.target, ProbeKind.API)),
        whose=whose,
        target=one.target,
    )


class _Changed(NamedTuple):
    """A row's day that says something else, and how it is told."""

    day: date
    text: str


def _changed(trail: Trail, since_ms: int) -> list[_Changed]:
    """Days that say something else since an instant: what they said first, what stands, and why.

    Of the platform's row the whole is told, not its parts.
    """
    return [
        _Changed(day, f"{name} {day}: {change_text(first.figures, latest.figures)}, {_why(latest.reason)}")
        for (name, day), (first, latest) in sorted(trail.items(), key=lambda item: (item[0][1], item[0][0]))
        if latest.revision > 1 and latest.published_at_ms >= since_ms and name not in PLATFORM_PARTS
    ]


def _why(reason: str) -> str:
    """``weekly pass: same token valid (api)`` with its rules in plain words; anything else as it is."""
    found = [sentence for rule, sentence in REASONS.items() if rule.replace("_", " ") in reason]
    return f"because {'; '.join(found)}" if found else reason


def _title(facts: DigestFacts, rows: Mapping[str, Figures], restated: int) -> str:
    when = f"week {facts.first} to {facts.last}" if facts.weekly else facts.last
    if facts.calm:
        return f"Digest · {when} · all quiet"
    down_ms = max(sums.down_ms for sums in rows.values())
    parts = [
        _counted(len(facts.incidents) + facts.more_incidents, "incident") or "no incident",
        f"at most {duration_text(down_ms)} down" if down_ms else "",
        _counted(len(facts.unseen), "time", " unobserved"),
        _counted(restated, "day", " restated"),
        _counted(len(facts.ahead), "thing", " ahead"),
    ]
    return f"Digest · {when} · {' · '.join(part for part in parts if part)}"


def _counted(number: int, word: str, rest: str = "") -> str:
    """``2 days restated``; nothing for none."""
    return f"{number} {word if number == 1 else word + 's'}{rest}" if number else ""
