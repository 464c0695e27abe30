"""Who is shown where: a line for each client on the page of all, and what finds room where many are watched."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from wamon.core.account_lines import Light, Line
from wamon.core.clients import accounts_of
from wamon.core.observation import ProbeKind
from wamon.core.report import Report, State, TargetReport
from wamon.core.watched import EVIDENCE
from wamon.web import words

ROOM = 30
"""So many targets are drawn whole, with ninety days each. Where there are more, those in trouble are; the others
have pages of their own: two hundred clients on one page were five megabytes that nobody read."""

WORST_FIRST = (
    State.OUTAGE,
    State.DISRUPTION,
    State.DEGRADED,
    State.UNOBSERVED,
    State.MAINTENANCE,
    State.OPERATIONAL,
)
"""In which order clients and targets are told."""


FEW = 12
"""So many clients have a line each, well or not; of more, those that are well are named in a row."""


class ClientLine(msgspec.Struct, frozen=True):
    """A client now: the gravest state of its targets, how many are in it, and where its own page is."""

    name: str
    href: str
    state: State
    sign: str
    said: str
    evidence: str


def client_href(account: str) -> str:
    """The page of a client; everything of that client lies below it."""
    return f"/client/{quote(account, safe='', errors='replace')}"


def client_lines(report: Report) -> list[ClientLine]:
    """A line for each account with days, whoever is in trouble first; nothing where there is one only."""
    accounts = accounts_of(report)
    rows = {name: [one for one in report.targets if one.account == name] for name in accounts}
    rows = {name: own for name, own in rows.items() if any(one.probe not in EVIDENCE for one in own)}
    if len(rows) < 2:
        return []
    lines = [_line(name, own) for name, own in rows.items()]
    return sorted(lines, key=lambda one: (WORST_FIRST.index(one.state), one.name))


def told_clients(report: Report) -> tuple[list[ClientLine], list[ClientLine]]:
    """The clients that have a line, and those that are well and only named."""
    lines = client_lines(report)
    calm = [one for one in lines if one.state is State.OPERATIONAL and not one.evidence]
    return (lines, []) if len(calm) <= FEW else ([one for one in lines if one not in calm], calm)


def _line(name: str, own: Sequence[TargetReport]) -> ClientLine:
    state, said = words.summary([one for one in own if one.probe not in EVIDENCE])
    failing = [one.name for one in own if one.probe in EVIDENCE and one.state is State.OUTAGE]
    evidence = f"Evidence that fails: {words.named(failing)}." if failing else ""
    return ClientLine(name, client_href(name), state, words.SIGNS[state], said, evidence)


def worst_first(targets: Sequence[TargetReport]) -> list[TargetReport]:
    """Those that are not operational, the gravest first; else in their order."""
    return sorted(
        (one for one in targets if one.state is not State.OPERATIONAL),
        key=lambda one: WORST_FIRST.index(one.state),
    )


class Rows(NamedTuple):
    """The targets with days, those drawn whole, the evidence that is told, how much of it goes without saying."""

    counted: list[TargetReport]
    whole: list[TargetReport]
    evidence: list[TargetReport]
    fine_evidence: int

    @property
    def many(self) -> bool:
        """Whether there are more than find room: then what is well is counted and not told."""
        return len(self.counted) > ROOM

    @property
    def several_accounts(self) -> bool:
        """Whether it must be said whose a target is; controls are nobody's."""
        every = (*self.counted, *self.evidence)
        return len({one.account for one in every if one.probe is not ProbeKind.CONTROL}) > 1

    def told(self, by_client: bool) -> list[TargetReport]:
        """Who has a line of its own: where clients have theirs and there are many, only whoever is in trouble."""
        return self.whole if self.many and by_client else self.counted

    def lines(self, ourselves: Sequence[Line]) -> list[Line]:
        """The lines about ourselves that are told."""
        if not self.many:
            return list(ourselves)
        return [one for one in ourselves if one.light is not Light.GREEN][:ROOM]


def rows_of(report: Report) -> Rows:
    """Who finds room on a page of everything: all, or of many those that are not as they should be."""
    counted = [one for one in report.targets if one.probe not in EVIDENCE]
    evidence = [one for one in report.targets if one.probe in EVIDENCE]
    many = len(counted) > ROOM
    told = worst_first(evidence)[:ROOM] if many else evidence
    return Rows(counted, worst_first(counted)[:ROOM] if many else counted, told, len(evidence) - len(told))
