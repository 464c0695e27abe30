"""The text of a Direct Support ticket: what failed, how wide, since when, with the severity in Meta's words."""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from wamon.core.finding import Column, Verdict
from wamon.core.minutes import failed_of
from wamon.core.notice_words import duration_text
from wamon.core.observation import ProbeKind
from wamon.core.timeline import MINUTE, iso
from wamon.evidence.case import Case

CRITICAL_AFTER_MS = 10 * MINUTE
_OURS = frozenset({Verdict.USER_ERROR, Verdict.NETWORK_ERROR, Verdict.INCONCLUSIVE})


class Level(IntEnum):
    """Meta's levels of severity ("Support", read 2025-11-19)."""

    CRITICAL = 1
    URGENT = 2
    STANDARD = 3


_WORDS = {
    Level.CRITICAL: "Level 1, Critical: the API is completely unusable, no message can be sent; no workaround.",
    Level.URGENT: "Level 2, Urgent: functions of the API are blocked, most messages fail; no workaround.",
    Level.STANDARD: "Level 3, Standard: a minor or intermittent disruption, some messages fail.",
}


def severity(case: Case) -> Level:
    """Critical: every send of every number failed for ten minutes while controls answered; urgent: most did.

    A minute of real messages of which some went through is no complete failure.
    """
    sends = [mark.finding.column is Column.DOWN for marks in case.sends.values() for mark in marks]
    controls = [mark.finding.verdict is Verdict.OK for marks in case.controls.values() for mark in marks]
    failed, of = _messages(case)
    if sends and all(sends) and failed == of and all(controls) and case.span.length_ms >= CRITICAL_AFTER_MS:
        return Level.CRITICAL
    return Level.URGENT if 2 * sum(sends) > len(sends) else Level.STANDARD


def ticket_text(case: Case, traced: Sequence[Mapping[str, str]], ids: Mapping[str, str]) -> str:
    """The whole text, ready to be pasted."""
    one, inside = case.incident, [mark for mark in case.marks if case.span.holds(mark.at_ms)]
    bad = [mark for mark in inside if mark.finding.verdict is not Verdict.OK]
    codes = ", ".join(map(str, one.codes)) or "none: no answer, or none of Graph's"
    until = "still going on" if one.closed_ms is None else f"until {iso(one.closed_ms)}"
    lines = [
        f"Subject: {one.target}: {one.verdict.replace('_', ' ')}, {one.cause}, since {iso(one.opened_ms)}",
        "",
        _WORDS[severity(case)],
        "",
        f"What: {_what(case.context.probe)} the WhatsApp Business Cloud API failed.",
        f"Whose: {', '.join(f'{of} {found}' for of, found in ids.items()) or 'ids are not configured'}.",
        f"When (UTC): from {iso(one.opened_ms)} {until} ({duration_text(case.span.length_ms)}).",
        f"How many: {_how_many(case, len(bad), len(inside))}",
        f"Error codes: {codes}.",
        f"Graph version served: {', '.join(sorted(_versions(case))) or 'not told'}.",
        f"Our own network: {_controls(case)}",
        f"Meta's status page: {_page(case)}",
        "",
        "Traces (short lived at Meta, please look soon):",
        *(
            [f"  {', '.join(f'{key} {value}' for key, value in row.items())}" for row in traced]
            or ["  none were told"]
        ),
    ]
    if one.verdict in _OURS:
        lines[2:2] = [
            "NOTE TO OURSELVES, delete before sending: the evidence does not blame Meta for this one.",
            "",
        ]
    if case.is_pruned:
        lines += ["", "Part of the single looks is no longer kept; the counts above are of the rest."]
    return "\n".join(lines) + "\n"


def _what(probe: str) -> str:
    return "messages sent through" if probe == ProbeKind.TRAFFIC else f"{probe} calls to"


def _messages(case: Case) -> tuple[int, int]:
    """Of real messages, how many failed and how many there were in the minutes that were kept whole."""
    own = [one.exchange for one in case.kept if one.exchange.target == case.incident.target]
    counts = [failed_of(one) for one in own if case.span.holds(one.at_ms or 0)]
    return sum(failed for failed, _ in counts), sum(of for _, of in counts)


def _how_many(case: Case, bad: int, looks: int) -> str:
    failed, of = _messages(case)
    if of:
        return f"{failed} of {of} real messages and calls failed, in {bad} of {looks} minutes."
    return f"{bad} of {looks} calls of this check failed."


def _versions(case: Case) -> set[str]:
    return {version for mark in case.marks if (version := mark.context.served_version) is not None}


def _controls(case: Case) -> str:
    looks = [mark.finding.verdict is Verdict.OK for marks in case.controls.values() for mark in marks]
    if not looks:
        return "no control was looked at meanwhile."
    return f"{sum(looks)} of {len(looks)} calls to sites that are not Meta's were answered at the same time."


def _page(case: Case) -> str:
    if case.page_seen_ms is None:
        return "not read."
    told = "; ".join(
        f"{one.service or one.org}: {one.said} since {iso(one.first_posted_ms)}" for one in case.outages
    )
    return f"{told}." if told else "no outage of that time was told."
