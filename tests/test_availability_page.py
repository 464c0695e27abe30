"""The worked day in docs/availability.md says what the code computes."""

import re
from pathlib import Path

from wamon.core.finding import Cause, Column, Context, Finding, Mark, Verdict
from wamon.core.segments import account
from wamon.core.timeline import DAY, MINUTE, Span, parse_iso
from wamon.core.uptime import figures, percent

PAGE = (Path(__file__).parent.parent / "docs" / "availability.md").read_text()
MIDNIGHT = parse_iso("2026-11-03T00:00:00Z")
CONTEXT = Context("api", MINUTE)
FINDINGS = {
    "up": Finding(Verdict.OK, column=Column.UP),
    "down": Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN),
    "user": Finding(Verdict.USER_ERROR, Cause.VALIDATION, Column.USER),
}


def block(name: str) -> list[list[str]]:
    [text] = re.findall(rf"```{name}\n(.*?)```", PAGE, re.DOTALL)
    return [line.split(maxsplit=1) for line in text.splitlines()]


def looks() -> list[Mark]:
    told = {parse_iso(f"2026-11-03T{clock}Z"): FINDINGS[word] for clock, word in block("looks")}
    # While a target is looked at again, its regular slot is replaced: no look at 10:01:00.
    regular = {MIDNIGHT + n * MINUTE: FINDINGS["up"] for n in range(-60, 1500)}
    del regular[parse_iso("2026-11-03T10:01:00Z")]
    return [Mark(at_ms, CONTEXT, finding) for at_ms, finding in sorted((regular | told).items())]


def test_the_worked_day_computes() -> None:
    marks = looks()
    sums = figures(account(marks, marks[-1].at_ms), Span(MIDNIGHT, MIDNIGHT + DAY))
    stopped = sums.down_ms + sums.network_ms + sums.user_error_ms
    computed = {
        "down_s": f"{sums.down_ms // 1000}",
        "meta_down_s": f"{sums.meta_down_ms // 1000}",
        "user_error_s": f"{sums.user_error_ms // 1000}",
        "unobserved_s": f"{sums.unobserved_ms // 1000}",
        "proven_down_s": f"{sums.proven_down_ms // 1000}",
        "worst_down_s": f"{sums.worst_down_ms // 1000}",
        "blips": f"{sums.blips}",
        "availability": percent(sums.down_ms, sums.platform_ms),
        "experienced": percent(stopped, sums.observed_ms),
    }
    assert dict(block("figures")) == computed
