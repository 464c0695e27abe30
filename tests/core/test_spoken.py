"""A person's ruling: which looks are meant, and the cause and the column that follow from the verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.finding import Cause, Column, Context, Finding, Mark, Origin, Scope, Verdict
from wamon.core.observation import ProbeKind
from wamon.core.spoken import CAUSES, Said, Spoken, column_of, overruled, ruled
from wamon.core.timeline import MINUTE

OK = Finding(Verdict.OK, Cause.NONE, Column.UP, rule="success")
EXPIRED = Finding(Verdict.USER_ERROR, Cause.AUTHENTICATION, Column.USER, Scope.APP, True, 190, 463, "known_code")
PATH = Finding(Verdict.NETWORK_ERROR, Cause.PATH, Column.NETWORK, rule="never_through")
LOCAL = Finding(Verdict.NETWORK_ERROR, Cause.LOCAL_NETWORK, Column.UNOBSERVED, rule="never_through")
PLANNED = Finding(Verdict.SYSTEM_ERROR, Cause.MAINTENANCE, Column.UNOBSERVED, rule="known_code")
ENDPOINT = Finding(Verdict.USER_ERROR, Cause.ENDPOINT, Column.DOWN, rule="endpoint")

GIVEN = [
    # before, verdict, named cause, probe -> cause, column
    (EXPIRED, "system_error", None, "api", "authentication", "down"),
    (EXPIRED, "missed_success", None, "api", "authentication", "down"),
    (EXPIRED, "user_error", None, "api", "authentication", "user"),
    (EXPIRED, "network_error", None, "api", "path", "network"),
    (EXPIRED, "network_error", "local_network", "api", "local_network", "unobserved"),
    (EXPIRED, "inconclusive", None, "api", "authentication", "unobserved"),
    (EXPIRED, "ok", None, "api", "none", "up"),
    (EXPIRED, "system_error", "service", "api", "service", "down"),
    (OK, "system_error", None, "api", "service", "down"),
    (OK, "missed_success", None, "api", "timeout", "down"),
    (OK, "user_error", None, "api", "unmapped", "user"),
    (OK, "user_error", None, "webhook", "endpoint", "down"),
    (PATH, "system_error", None, "api", "edge", "down"),
    (PATH, "user_error", None, "api", "unmapped", "user"),
    (PATH, "inconclusive", None, "api", "none", "unobserved"),
    (LOCAL, "system_error", None, "api", "service", "down"),
    (LOCAL, "network_error", None, "api", "path", "network"),
    (PLANNED, "system_error", None, "api", "service", "down"),
    (PLANNED, "system_error", "maintenance", "api", "maintenance", "unobserved"),
    (PLANNED, "inconclusive", None, "api", "none", "unobserved"),
    (ENDPOINT, "user_error", None, "webhook", "endpoint", "down"),
    (ENDPOINT, "user_error", None, "roundtrip", "endpoint", "user"),
    (ENDPOINT, "user_error", "validation", "webhook", "validation", "user"),
    (ENDPOINT, "system_error", None, "webhook", "endpoint", "down"),
    (ENDPOINT, "ok", None, "webhook", "none", "up"),
]


@pytest.mark.parametrize(("before", "verdict", "named", "probe", "cause", "column"), GIVEN)
def test_cause_and_column_follow_from_the_verdict(
    before: Finding, verdict: str, named: str | None, probe: str, cause: str, column: str
) -> None:
    spoken = Spoken(Verdict(verdict), 0, MINUTE, cause=Cause(named) if named else None)
    found = ruled(spoken, before, probe)
    assert (found.verdict, found.cause, found.column) == (verdict, cause, column)
    assert (found.rule, found.provisional) == ("declared", False)
    assert (found.scope, found.code, found.subcode) == (before.scope, before.code, before.subcode)


findings = st.builds(Finding, st.sampled_from(Verdict), st.sampled_from(Cause), st.sampled_from(Column))


@given(findings, st.sampled_from(Verdict), st.sampled_from(ProbeKind))
def test_whatever_was_found_the_cause_goes_with_the_verdict(
    before: Finding, verdict: Verdict, probe: ProbeKind
) -> None:
    found = ruled(Spoken(verdict, 0, 1), before, probe)
    assert found.cause in CAUSES[verdict]
    assert found.column is column_of(verdict, found.cause, probe)


def look(minute: int, finding: Finding) -> Mark:
    return Mark(minute * MINUTE, Context("api", MINUTE), finding)


LOOKS = [look(0, OK), look(1, EXPIRED), look(2, PATH), look(3, OK), look(4, EXPIRED), look(5, OK)]


@pytest.mark.parametrize(
    ("spoken", "minutes"),
    [
        (Spoken(Verdict.OK, 0, 10 * MINUTE), [1, 2, 4]),
        (Spoken(Verdict.OK, MINUTE, 4 * MINUTE), [1, 2]),
        (Spoken(Verdict.OK, 0, 10 * MINUTE, "api"), [1, 2, 4]),
        (Spoken(Verdict.OK, 0, 10 * MINUTE, "other"), []),
        (Spoken(Verdict.OK, 0, 10 * MINUTE, "api", Cause.PATH), [2]),
        (Spoken(Verdict.SYSTEM_ERROR, 0, 10 * MINUTE, None, Cause.NONE), [0, 3, 5]),
        (Spoken(Verdict.SYSTEM_ERROR, 3 * MINUTE, 3 * MINUTE + 1, "api", single=True), [3]),
        (Spoken(Verdict.SYSTEM_ERROR, 3 * MINUTE, 3 * MINUTE + 1, "api"), []),
    ],
)
def test_a_range_means_what_was_not_good_or_had_the_cause_it_names(spoken: Spoken, minutes: list[int]) -> None:
    rulings = Said(spoken, "anna", "we saw it", 9 * MINUTE).rulings("api", LOOKS, "2026")
    assert [one.at_ms // MINUTE for one in rulings] == minutes
    assert all(
        (one.target, one.origin, one.author, one.because, one.ruled_at_ms, one.edition)
        == ("api", Origin.PERSON, "anna", "we saw it", 9 * MINUTE, "2026")
        for one in rulings
    )


def test_of_what_was_said_beforehand_the_last_one_stands_and_all_are_told() -> None:
    first = Said(Spoken(Verdict.SYSTEM_ERROR, 0, 10 * MINUTE), "anna", "a", 0, 3)
    second = Said(Spoken(Verdict.OK, 0, 10 * MINUTE, "api", Cause.AUTHENTICATION), "ben", "b", 1, 5)
    found = overruled([first, second], "api", look(4, EXPIRED), "2026")
    assert [(number, one.finding.verdict) for number, one in found] == [(3, "system_error"), (5, "ok")]
    assert overruled([first, second], "api", look(5, OK), "2026") == []
