"""Are we the problem? Every line that answers it: token, endpoint, endings, and Graph's word on the accounts."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from wamon.core.account_facts import Stated
from wamon.core.account_lines import Expected, Light, Line, lines
from wamon.core.expiry import Ending, action_text, ending_text
from wamon.core.finding import Verdict
from wamon.core.observation import ProbeKind
from wamon.core.report import Report
from wamon.core.timeline import DAY
from wamon.core.webhook_flow import Flow, flow_lines

_RED_DAYS, _AMBER_DAYS = 7, 30
OURS = {ProbeKind.TOKEN: "token", ProbeKind.WEBHOOK: "endpoint and its handshake"}
"""What of our own is looked at, and how it is called."""

_GRAVEST = (Light.RED, Light.AMBER, Light.GREEN)


class OwnLook(NamedTuple):
    """The last look at something of our own, and what it means."""

    name: str
    account: str
    probe: ProbeKind
    verdict: Verdict
    explanation: str
    remedy: str


def own_lines(
    looks: Iterable[OwnLook],
    stated: Iterable[Stated],
    expected: Mapping[str, Expected],
    endings: Iterable[Ending],
    flows: Iterable[Flow],
    now_ms: int,
) -> tuple[Line, ...]:
    """Every line there is, what is wrong first: the page prints them, and ``wamon doctor``."""
    found = [
        *(_own_look(one) for one in looks if one.probe in OURS),
        *lines(stated, expected),
        *(_ending(one, now_ms) for one in endings),
        *flow_lines(flows, now_ms),
    ]
    return tuple(sorted(found, key=lambda one: (_GRAVEST.index(one.light), one.account, one.subject)))


def with_ourselves(
    report: Report,
    stated: Iterable[Stated],
    expected: Mapping[str, Expected],
    endings: Iterable[Ending],
    flows: Iterable[Flow] = (),
) -> Report:
    """The report with its lines in it."""
    looks = [
        OwnLook(one.name, one.account, one.probe, one.last.verdict, one.explanation, one.remedy)
        for one in report.targets
        if one.last is not None
    ]
    found = own_lines(looks, stated, expected, endings, flows, report.at_ms)
    return msgspec.structs.replace(report, ourselves=found)


def _own_look(one: OwnLook) -> Line:
    """Of a token whether it is valid and may do enough; of an endpoint how it answers."""
    fine = one.verdict is Verdict.OK
    light = Light.GREEN if fine else Light.AMBER if one.verdict is Verdict.INCONCLUSIVE else Light.RED
    return Line(one.account, OURS[one.probe], light, f"{one.name}: {one.explanation}", "" if fine else one.remedy)


def _ending(one: Ending, now_ms: int) -> Line:
    left_ms = None if one.ends_ms is None else one.ends_ms - now_ms
    light = (
        Light.GREEN
        if left_ms is None or left_ms > _AMBER_DAYS * DAY
        else Light.AMBER
        if left_ms > _RED_DAYS * DAY
        else Light.RED
    )
    remedy = "" if light is Light.GREEN else action_text(one)
    return Line(one.name, one.thing.value.replace("_", " "), light, ending_text(one, now_ms), remedy)
