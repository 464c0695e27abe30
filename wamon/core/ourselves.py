"""Are we the problem? Every line that answers it: token, endpoint, endings, and Graph's word on the accounts."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from wamon.core.account_facts import Stated
from wamon.core.account_lines import Expected, Light, Line, lines
from wamon.core.expiry import Ending, action_text, ending_text
from wamon.core.finding import Verdict
from wamon.core.observation import ProbeKind
from wamon.core.report import Report, TargetReport
from wamon.core.timeline import DAY
from wamon.core.webhook_flow import Flow, flow_lines

_RED_DAYS, _AMBER_DAYS = 7, 30
_OURS = {ProbeKind.TOKEN: "token", ProbeKind.WEBHOOK: "endpoint and its handshake"}
_GRAVEST = (Light.RED, Light.AMBER, Light.GREEN)


def with_ourselves(
    report: Report,
    stated: Iterable[Stated],
    expected: Mapping[str, Expected],
    endings: Iterable[Ending],
    flows: Iterable[Flow] = (),
) -> Report:
    """The report with its lines in it, what is wrong first."""
    found = [
        *_own_looks(report.targets),
        *lines(stated, expected),
        *(_ending(one, report.at_ms) for one in endings),
        *flow_lines(flows, report.at_ms),
    ]
    ordered = sorted(found, key=lambda one: (_GRAVEST.index(one.light), one.account, one.subject))
    return msgspec.structs.replace(report, ourselves=tuple(ordered))


def _own_looks(targets: Iterable[TargetReport]) -> Iterator[Line]:
    """The last look at a token says whether it is valid and may do enough; at an endpoint, how it answers."""
    for one in targets:
        if one.probe not in _OURS or one.last is None:
            continue
        fine = one.last.verdict is Verdict.OK
        light = Light.GREEN if fine else Light.AMBER if one.last.verdict is Verdict.INCONCLUSIVE else Light.RED
        text = f"{one.name}: {one.explanation}"
        yield Line(one.account, _OURS[one.probe], light, text, "" if fine else one.remedy)


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
