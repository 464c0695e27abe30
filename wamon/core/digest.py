"""The digest: what a day was like, or a week, read off the report; one calm line where nothing happened."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from wamon.core.days import PLATFORM
from wamon.core.expiry import THRESHOLDS_DAYS, Ending, ending_text
from wamon.core.hindsight_words import REASONS
from wamon.core.incident import Incident, Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import DigestFacts, DigestIncident, DigestRow
from wamon.core.notice_words import WHOSE, duration_text, what
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
    today = day_of(now_ms, zone)
    first, last = today - timedelta(days=WEEK_DAYS if weekly else 1), today - timedelta(days=1)
    span = Span(day_span(first, zone).start_ms, day_span(last, zone).end_ms)
    rows = _rows(report, first, last)
    if not rows:
        return None
    happened = [one for one in reversed(report.incidents) if one.span(now_ms).overlaps(span)]
    changed = _changed(trail, now_ms - (WEEK_DAYS if weekly else 1) * DAY)
    ahead = [
        ending_text(one, now_ms)
        for one in endings
        if one.ends_ms is not None and one.ends_ms - now_ms <= THRESHOLDS_DAYS[0 if weekly else 1] * DAY
    ]
    facts = DigestFacts(
        first=first.isoformat(),
        last=last.isoformat(),
        zone=report.zone,
        weekly=weekly,
        rows=tuple(_row(name, sums) for name, sums in rows.items()),
        incidents=tuple(_told(one, report, zone) for one in happened[:LISTED]),
        more_incidents=max(0, len(happened) - LISTED),
        changed=tuple(changed[:LISTED]),
        more_changed=max(0, len(changed) - LISTED),
        ahead=tuple(ahead),
        calm=not (happened or changed or ahead or any(_is_news(sums) for sums in rows.values())),
    )
    return Notice(
        key=f"digest@{today.isoformat()}:{'weekly' if weekly else 'daily'}",
        kind=Kind.DIGEST,
        phase=NoticePhase.NOTE,
        target=", ".join(rows),
        severity=Severity.STANDARD,
        title=_title(facts, rows),
        facts=facts,
        created_at_ms=now_ms,
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


def _told(one: Incident, report: Report, zone: ZoneInfo) -> DigestIncident:
    probes = {target.name: target.probe for target in report.targets}
    whose = "Our endpoint" if one.kind is Kind.ENDPOINT else WHOSE[one.verdict]
    began = from_ms(one.opened_ms).astimezone(zone)
    lasted = duration_text(one.span(report.at_ms).length_ms)
    return DigestIncident(
        began=f"{began:%Y-%m-%d %H:%M}",
        lasted=lasted if one.closed_ms is not None else f"{lasted}, still open",
        what=_what(one, probes.get(one.target, ProbeKind.API)),
        whose=whose,
        target=one.target,
    )


def _what(one: Incident, probe: ProbeKind) -> str:
    return "nothing could be said" if one.kind is Kind.UNOBSERVED else what(one, probe)


def _changed(trail: Trail, since_ms: int) -> list[str]:
    """Days that say something else since an instant: what they said first, what stands, and why."""
    return [
        f"{name} {day}: {change_text(first.figures, latest.figures)}, {_why(latest.reason)}"
        for (name, day), (first, latest) in sorted(trail.items(), key=lambda item: (item[0][1], item[0][0]))
        if latest.revision > 1 and latest.published_at_ms >= since_ms
    ]


def _why(reason: str) -> str:
    """``weekly pass: same token valid (api)`` with its rules in plain words; anything else as it is."""
    found = [sentence for rule, sentence in REASONS.items() if rule.replace("_", " ") in reason]
    return f"because {'; '.join(found)}" if found else reason


def _title(facts: DigestFacts, rows: Mapping[str, Figures]) -> str:
    when = f"week {facts.first} to {facts.last}" if facts.weekly else facts.last
    if facts.calm:
        return f"Digest · {when} · all quiet"
    down_ms = max(sums.down_ms for sums in rows.values())
    parts = [
        _counted(len(facts.incidents) + facts.more_incidents, "incident"),
        f"at most {duration_text(down_ms)} down" if down_ms else "",
        _counted(len(facts.changed) + facts.more_changed, "day", " restated"),
        _counted(len(facts.ahead), "thing", " ahead"),
    ]
    return f"Digest · {when} · {' · '.join(part for part in parts if part) or 'no incident'}"


def _counted(number: int, word: str, rest: str = "") -> str:
    """``2 days restated``; nothing for none."""
    return f"{number} {word if number == 1 else word + 's'}{rest}" if number else ""
