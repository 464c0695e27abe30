"""Whose looks a weekly pass reads: enough to hear what speaks against a turn, and no more."""

from wamon.core.observation import ProbeKind
from wamon.core.timeline import MINUTE
from wamon.core.watched import Watched
from wamon.work.reclassify import needed

TARGETS = [
    Watched("api", ProbeKind.API, MINUTE, "ours"),
    Watched("neighbour", ProbeKind.API, MINUTE, "ours"),
    Watched("theirs", ProbeKind.API, MINUTE, "client"),
    Watched("send", ProbeKind.MESSAGE, MINUTE, "client"),
    Watched("send.roundtrip", ProbeKind.ROUNDTRIP, MINUTE, "other"),
    Watched("token", ProbeKind.TOKEN, MINUTE, "other"),
]


def read(*troubled: str) -> list[str]:
    return [one.name for one in needed(TARGETS, set(troubled))]


def test_a_quiet_fortnight_reads_the_evidence_alone() -> None:
    assert read() == ["token"]


def test_good_neighbours_of_one_in_trouble_are_heard() -> None:
    assert read("api") == ["api", "neighbour", "token"]


def test_all_that_the_platform_is_made_of_is_read_with_any_of_it() -> None:
    assert read("send") == ["theirs", "send", "send.roundtrip", "token"]
