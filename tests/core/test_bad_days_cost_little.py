"""A target that comes and goes for days: what is told and what is remembered costs no more for all that was."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from wamon.core.announcing import announce
from wamon.core.cadence import recalled
from wamon.core.finding import Cause, Column, Context, Finding, Mark, Verdict
from wamon.core.grouping import Kin
from wamon.core.incident import Incident, Kind, Lasting
from wamon.core.notice import Told
from wamon.core.observation import ProbeKind
from wamon.core.timeline import HOUR, MINUTE, SECOND, parse_iso
from wamon.core.watched import Watched

NOW = parse_iso("2026-11-03T10:14:00Z")
BAD = Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN)
CONTEXT = Context("api", 60_000, "graph")
KIN = Kin([Watched("cloud-api", ProbeKind.API, MINUTE)])


def steps(act: Callable[[], object]) -> int:
    """How many calls something makes, its own and those of what it calls."""
    made = 0

    def count(_frame: FrameType, event: str, _of: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return made


def announced(number: int) -> object:
    """One more round, after so many incidents of which people were told, and one of now."""
    ends = [NOW - HOUR - 20 * MINUTE * (number - place) for place in range(number)]
    past = [
        Incident("cloud-api", Kind.OUTAGE, at_ms - 5 * MINUTE, at_ms, Verdict.SYSTEM_ERROR, Cause.SERVICE)
        for at_ms in ends
    ]
    told = tuple(
        Told(one.target, one.kind, one.opened_ms, one.closed_ms, one.name) for one in past if one.closed_ms
    )
    fresh = Incident("cloud-api", Kind.OUTAGE, NOW - 5 * MINUTE, None, Verdict.SYSTEM_ERROR, Cause.SERVICE)
    desk = announce([(one, ProbeKind.API) for one in (*past, fresh)], told, NOW, lasting=Lasting(), kin=KIN)
    assert [one.incident for one in desk.notices] == [fresh.name]
    return desk


def remembered(number: int) -> object:
    """What a restart must remember of so many looks, all of them extra ones within a day."""
    beat = recalled("a", MINUTE, [Mark(NOW + place * 37 * SECOND, CONTEXT, BAD) for place in range(number)])
    assert beat is not None
    assert len(beat.extras_ms) > number // 2
    return beat


@pytest.mark.parametrize("act", [announced, remembered])
def test_four_times_as_much_past_is_at_most_some_four_times_the_work(act: Callable[[int], object]) -> None:
    few, many = steps(lambda: act(50)), steps(lambda: act(200))
    assert many < 6 * few, (few, many)
