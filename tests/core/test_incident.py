"""Incidents read off a timeline: what they cover, where they begin and end, and what they are called."""

import pytest

from wamon.core.coded import coded, codes_of
from wamon.core.finding import Cause, Column, Context, Finding, Mark, Verdict
from wamon.core.incident import Incident, Kind, Lasting, due_after, incidents
from wamon.core.roll import Roll
from wamon.core.segments import account
from wamon.core.timeline import HOUR, MINUTE, Span

LETTERS = {
    ".": Finding(Verdict.OK, Cause.NONE, Column.UP),
    "D": Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN, code=131016),
    "M": Finding(Verdict.MISSED_SUCCESS, Cause.TIMEOUT, Column.DOWN),
    "E": Finding(Verdict.USER_ERROR, Cause.ENDPOINT, Column.DOWN),
    "N": Finding(Verdict.NETWORK_ERROR, Cause.PATH, Column.NETWORK),
    "n": Finding(Verdict.NETWORK_ERROR, Cause.PATH, Column.NETWORK, provisional=True),
    "A": Finding(Verdict.USER_ERROR, Cause.AUTHENTICATION, Column.USER, code=190),
    "a": Finding(Verdict.USER_ERROR, Cause.AUTHENTICATION, Column.USER, provisional=True, code=190),
    "P": Finding(Verdict.USER_ERROR, Cause.PAYMENT, Column.USER, code=131042),
    "T": Finding(Verdict.USER_ERROR, Cause.THROTTLING, Column.USER, code=4),
    "L": Finding(Verdict.NETWORK_ERROR, Cause.LOCAL_NETWORK, Column.UNOBSERVED),
    "X": Finding(Verdict.INCONCLUSIVE, Cause.PROXY, Column.UNOBSERVED),
}


def found(letters: str, confirm: int = 2) -> list[Incident]:
    """One look a minute from minute 0; blank is no look. Now is the last minute."""
    marks = [Mark(i * MINUTE, Context("api", MINUTE), LETTERS[one]) for i, one in enumerate(letters) if one != " "]
    now_ms = (len(letters) - 1) * MINUTE
    return incidents(
        "api",
        account(marks, now_ms, confirm=confirm),
        now_ms,
        lasting=Lasting(confirm),
        codes=codes_of(coded(marks)),
    )


def short(one: Incident) -> str:
    closed = "open" if one.closed_ms is None else f"{one.closed_ms / MINUTE:g}"
    return f"{one.kind} {one.opened_ms / MINUTE:g} {closed} {one.verdict} {one.cause}"


QUIET = "." * 12


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("..DD..", ["outage 1.5 3.5 system_error service"]),
        ("..D...", []),
        ("..DDMMM..", ["outage 1.5 6.5 missed_success timeout"]),
        ("..DDNNN..", ["disruption 1.5 6.5 network_error path"]),
        ("..EE..", ["endpoint 1.5 3.5 user_error endpoint"]),
        ("..NN..", ["disruption 1.5 3.5 network_error path"]),
        ("..AA..", ["user_error 1.5 3.5 user_error authentication"]),
        ("..Aa..", ["user_error 1.5 3.5 user_error authentication"]),
        ("..A...", []),
        ("..A.A.", []),
        ("..AP..", []),
        ("..AAPP..", ["user_error 1.5 3.5 user_error authentication", "user_error 3.5 5.5 user_error payment"]),
        (".." + "T" * 9 + "..", []),
        (".." + "T" * 10 + "..", ["user_error 1.5 11.5 user_error throttling"]),
        ("..LLL..", ["unobserved 1.5 4.5 network_error local_network"]),
        ("..L...", []),
        ("..LXXX..", ["unobserved 1.5 5.5 inconclusive proxy"]),
        ("..    ..", ["unobserved 1.75 5.25 inconclusive none"]),
        ("..DD....DD..", ["outage 1.5 9.5 system_error service"]),
        ("..DD" + "." * 10 + "DD..", ["outage 1.5 15.5 system_error service"]),
        (
            "..DD" + QUIET + "DD..",
            ["outage 1.5 3.5 system_error service", "outage 15.5 17.5 system_error service"],
        ),
        ("..AA....AA..", ["user_error 1.5 9.5 user_error authentication"]),
        ("..DDDD", ["outage 1.5 open system_error service"]),
        ("..DDLL", ["outage 1.5 open system_error service"]),
        ("..DD.LXLXL", ["outage 1.5 3.5 system_error service", "unobserved 4.5 open network_error local_network"]),
        ("..DDAA..", ["outage 1.5 3.5 system_error service", "user_error 3.5 5.5 user_error authentication"]),
        ("", []),
        ("....", []),
    ],
)
def test_trouble_becomes_incidents(letters: str, expected: list[str]) -> None:
    assert [short(one) for one in found(letters)] == expected


def test_how_many_confirm_is_the_operators_word() -> None:
    assert [short(one) for one in found("..D...", confirm=1)] == ["outage 1.5 2.5 system_error service"]
    assert found("..DD..", confirm=3) == []


def test_an_incident_knows_its_codes_the_most_frequent_first() -> None:
    (one,) = found("..DDMD..")
    assert one.codes == (131016,)
    (mixed,) = found("..aAaA..")
    assert mixed.codes == (190,)


def test_it_is_doubtful_only_while_all_of_it_is() -> None:
    assert [one.provisional for one in found("..nn..")] == [True]
    assert [one.provisional for one in found("..nN..")] == [False]


def test_its_name_is_where_and_when_it_began() -> None:
    (one,) = found("..DD..")
    assert one.name == "api@1970-01-01T00:01:30Z"
    assert one.span(0).seconds == 120
    assert one.kind is Kind.OUTAGE


@pytest.mark.parametrize(
    ("interval_ms", "silent_ms", "last", "blind"),
    [
        (HOUR, 50 * MINUTE, ".", False),
        (HOUR, 75 * MINUTE - 1, ".", False),
        (HOUR, 75 * MINUTE, ".", True),
        (MINUTE, 3 * MINUTE - 1, ".", False),
        (MINUTE, 3 * MINUTE, ".", True),
        (HOUR, 50 * MINUTE, "L", True),
    ],
)
def test_a_target_is_blind_once_its_next_look_is_overdue(
    interval_ms: int, silent_ms: int, last: str, blind: bool
) -> None:
    """What is looked at hourly owns three quarters of an hour: the rest until the next look is no trouble yet."""
    marks = [Mark(n * interval_ms, Context("api", interval_ms), LETTERS["."]) for n in range(4)]
    marks.append(Mark(4 * interval_ms, marks[0].context, LETTERS[last]))
    now_ms, lasting = marks[-1].at_ms + silent_ms, Lasting()
    due_ms = due_after(marks[-1], lasting)
    told = incidents("api", account(marks, now_ms), now_ms, lasting=lasting, due_ms=due_ms)
    assert [one.kind for one in told] == ([Kind.UNOBSERVED] if blind else [])


def test_an_incident_keeps_its_codes_when_its_looks_are_settled() -> None:
    """The most frequent first, as long as the timeline itself is kept."""
    roll = Roll(settle_every=8)
    for number, letter in enumerate("....AA....DDD" + "." * 60):
        roll.add(Mark(number * MINUTE, Context("api", MINUTE), LETTERS[letter]))
    now_ms = 72 * MINUTE

    def told() -> list[tuple[int, ...]]:
        timeline = roll.timeline(now_ms)
        return [one.codes for one in incidents("api", timeline, now_ms, lasting=Lasting(), codes=roll.codes)]

    assert len(roll.marks) < 30
    assert told() == [(190,), (131016,)]
    roll.forget_before(8 * MINUTE)
    assert told() == [(131016,)]
    assert roll.codes(Span(0, now_ms)) == (131016,)
