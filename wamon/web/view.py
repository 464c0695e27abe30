"""The status page as plain values: everything the template prints, put into words beforehand."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from wamon.core import notice_words
from wamon.core.account_lines import Light
from wamon.core.account_lines import Line as AccountLine
from wamon.core.days import PLATFORM
from wamon.core.finding import Verdict
from wamon.core.incident import Incident
from wamon.core.observation import ProbeKind
from wamon.core.report import Report, State, TargetReport
from wamon.core.timeline import day_of
from wamon.core.watched import EVIDENCE
from wamon.web import words
from wamon.web.charts import PLATFORM_READINGS, Chart, chart, readings_of
from wamon.web.clients import ClientLine, rows_of, told_clients
from wamon.web.latency import Drawn, drawn, duration_text
from wamon.web.people import Hushed, hushed
from wamon.web.reference import Theirs, theirs
from wamon.web.troubles import (
    Restated,
    Tale,
    Trouble,
    newest_first,
    probes_of,
    restated,
    target_href,
    told,
    trouble,
)
from wamon.web.words import Headline, When

INCIDENTS = 40
NOTICES = 30
RESTATED = 90
"""More of these would bury the newest; all are in the JSON and on the command line."""


class Story(msgspec.Struct, frozen=True):
    """What really happened, where somebody knows: the demo tells its scenario beside what was made of it."""

    at_ms: int
    title: str
    text: str


class Target(msgspec.Struct, frozen=True):
    """One target. ``said`` is whose fault its trouble is, with explanation and remedy where something is wrong."""

    name: str
    href: str
    component: str
    account: str
    state: State
    sign: str
    since: str
    last: When | None
    whose: str
    said: str
    explanation: str
    remedy: str
    chart: Chart | None
    latency: Drawn | None


class OwnLine(msgspec.Struct, frozen=True):
    """One line of "are we the problem?": a light with its shape, what is, and what to do."""

    account: str
    subject: str
    light: str
    state: State
    text: str
    remedy: str

    @property
    def sign(self) -> str:
        """The shape of its light, which stays the same without colour."""
        return words.SIGNS[self.state]


_LIGHTS = {Light.GREEN: State.OPERATIONAL, Light.AMBER: State.DEGRADED, Light.RED: State.OUTAGE}


class Frame(msgspec.Struct, frozen=True):
    """What every page has: when it was put together, the zone of its days, the version."""

    at: When
    zone: str
    version: str


class Page(msgspec.Struct, frozen=True):
    """The whole page, of all or of one ``client``. ``platform_now`` is None without targets that send and receive.

    ``now`` has a line for each target, ``targets`` those that find room with their days; the others are counted.
    """

    frame: Frame
    client: str
    clients: list[ClientLine]
    calm_clients: list[ClientLine]
    objective: str
    headline: Headline
    sign: str
    several_accounts: bool
    now: list[Target]
    targets: list[Target]
    others: int
    evidence: list[Target]
    fine_evidence: int
    platform: Chart | None
    platform_now: Headline | None
    platform_sign: str
    hushed: list[Hushed]
    incidents: list[Trouble]
    older_incidents: int
    restated: list[Restated]
    older_restated: int
    notices: list[Tale]
    stories: list[Tale]
    theirs: Theirs | None
    ourselves: list[OwnLine]
    fine_lines: int


def frame(report: Report) -> Frame:
    """What every page has."""
    return Frame(words.when(report.at_ms, ZoneInfo(report.zone)), report.zone, report.version)


def page(report: Report, stories: Sequence[Story], client: str = "") -> Page:
    """Everything the page prints, in the order of the page; ``client`` where the report is one client's."""
    zone = ZoneInfo(report.zone)
    today = day_of(report.at_ms, zone)
    top, platform_now = words.headline(report), words.platform_now(report)
    probes, newest, turned = probes_of(report), newest_first(report), restated(report)
    (clients, calm), rows = told_clients(report), rows_of(report)
    ourselves = rows.lines(report.ourselves)
    return Page(
        frame=frame(report),
        client=client,
        clients=clients,
        calm_clients=calm,
        objective=f"{report.objective_percent:g} %",
        headline=top,
        sign=words.SIGNS[top.state],
        several_accounts=rows.several_accounts,
        now=[target(one, report, today, zone, whole=False) for one in rows.told(bool(clients or calm))],
        targets=[target(one, report, today, zone) for one in rows.whole],
        others=len(rows.counted) - len(rows.whole),
        evidence=[target(one, report, today, zone) for one in rows.evidence],
        fine_evidence=rows.fine_evidence,
        platform=platform_chart(report, today),
        platform_now=platform_now,
        platform_sign=words.SIGNS[platform_now.state] if platform_now else "",
        hushed=hushed(report, zone),
        incidents=[
            trouble(one, probes, report.at_ms, zone, report.standings.get(one.name)) for one in newest[:INCIDENTS]
        ],
        older_incidents=max(0, len(newest) - INCIDENTS),
        restated=turned[:RESTATED],
        older_restated=max(0, len(turned) - RESTATED),
        notices=[told(one, zone) for one in sorted(report.notices, key=lambda one: -one.at_ms)[:NOTICES]],
        stories=[Tale(words.when(one.at_ms, zone), one.title, one.text) for one in stories],
        theirs=theirs(report, zone),
        ourselves=[_own(one) for one in ourselves],
        fine_lines=len(report.ourselves) - len(ourselves),
    )


def platform_chart(report: Report, today: date) -> Chart | None:
    """The platform's row; None where nothing sends and receives."""
    if not words.sends_and_receives(report) or not report.platform_periods:
        return None
    return chart(PLATFORM, report.platform, report.platform_periods, report, today, PLATFORM_READINGS)


def target(one: TargetReport, report: Report, today: date, zone: ZoneInfo, *, whole: bool = True) -> Target:
    """One target in words; with its days and its latency where it is told whole."""
    open_now = next((i for i in report.incidents if i.target == one.name and i.closed_ms is None), None)
    wrong = one.last is None or one.last.verdict is not Verdict.OK
    bare = not whole or one.probe in EVIDENCE
    return Target(
        name=one.name,
        href=target_href(one.name),
        component=one.component.removeprefix("evidence: "),
        account=one.account,
        state=one.state,
        sign=words.SIGNS[one.state],
        since=_since(one, report.at_ms, zone),
        last=words.when(one.last_at_ms, zone) if one.last_at_ms is not None else None,
        whose=_whose(one, open_now),
        said=f"{words.blame(open_now, one.probe)}. {words.counted_as(open_now)}" if open_now else "",
        explanation=one.explanation if wrong else "",
        remedy=one.remedy if wrong else "",
        chart=None if bare else chart(one.name, one.days, one.periods, report, today, readings_of(one.probe)),
        latency=None if bare else drawn(one.latency, today, report.at_ms, one.probe),
    )


def _whose(one: TargetReport, open_now: Incident | None) -> str:
    """Whose fault, in a few words; of a target that is well how fast it answers."""
    if open_now is not None:
        return words.blame(open_now, one.probe)
    if one.state in words.TROUBLE:
        return one.explanation
    recent = one.latency.spans.get("24h") if one.latency else None
    verb = "delivered" if one.probe is ProbeKind.TRAFFIC else "answers"
    return f"{verb} in {duration_text(recent.p50_ms)}" if recent and one.state is State.OPERATIONAL else ""


def _own(one: AccountLine) -> OwnLine:
    light = _LIGHTS[one.light]
    return OwnLine(one.account, one.subject, one.light.value, light, one.text, one.remedy)


def _since(one: TargetReport, now_ms: int, zone: ZoneInfo) -> str:
    if one.since_ms is None:
        return ""
    return f"since {words.when(one.since_ms, zone).text} ({notice_words.duration_text(now_ms - one.since_ms)})"
