"""What people are told: the exact first lines, once for each change, under names that stay."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.announcing import Desk, announce
from wamon.core.coded import coded, codes_of
from wamon.core.finding import Cause, Column, Context, Finding, Mark, Verdict
from wamon.core.incident import Incident, Kind, Lasting, Severity, incidents
from wamon.core.meta_page import Light
from wamon.core.notice import NoticePhase, Told, severity
from wamon.core.notice_words import clock, duration_text
from wamon.core.observation import ProbeKind
from wamon.core.segments import account
from wamon.core.silence import Remark, Silence
from wamon.core.timeline import DAY, HOUR, MINUTE, parse_iso
from wamon.letters import written

START = parse_iso("2026-11-03T10:14:00Z")
LASTING = Lasting()
SYSTEM, MISSED, USER, NETWORK = (
    Verdict.SYSTEM_ERROR,
    Verdict.MISSED_SUCCESS,
    Verdict.USER_ERROR,
    Verdict.NETWORK_ERROR,
)


def trouble(
    kind: Kind,
    verdict: Verdict,
    cause: Cause,
    *codes: int,
    closed: float | None = None,
    opened: float = 0,
    target: str = "send",
    provisional: bool = False,
) -> Incident:
    """An incident from a minute after START to another, or open."""
    closed_ms = None if closed is None else START + round(closed * MINUTE)
    return Incident(target, kind, START + round(opened * MINUTE), closed_ms, verdict, cause, provisional, codes)


def told(
    *steps: tuple[float, list[Incident]], probe: ProbeKind = ProbeKind.MESSAGE, before: tuple[Told, ...] = ()
) -> list[tuple[float, str]]:
    """Minute and key's last part of everything said, as the steps (minute, what is so) go by."""
    said, standing = [], before
    for minute, found in steps:
        now_ms = START + round(minute * MINUTE)
        desk: Desk = announce([(one, probe) for one in found], standing, now_ms, lasting=LASTING)
        said += [(minute, one.key.split("@")[1].split(":", 3)[-1]) for one in desk.notices]
        standing = desk.told
    return said


FIRST_LINES = [
    (
        trouble(Kind.OUTAGE, SYSTEM, Cause.SERVICE, 2),
        ProbeKind.MESSAGE,
        "[CRITICAL] Meta · sending fails · send · since 10:14 UTC (6 min) · code 2"
        " · Meta's page: unknown · do: hold queues, no re-sends",
    ),
    (
        trouble(Kind.OUTAGE, SYSTEM, Cause.SERVICE, 131016, 2),
        ProbeKind.API,
        "[URGENT] Meta · account management fails · send · since 10:14 UTC (6 min) · code 131016/2"
        " · Meta's page: unknown · do: hold queues, no re-sends",
    ),
    (
        trouble(Kind.OUTAGE, SYSTEM, Cause.EDGE),
        ProbeKind.EDGE,
        "[URGENT] Meta · Graph fails · send · since 10:14 UTC (6 min)"
        " · Meta's page: unknown · do: hold queues, no re-sends",
    ),
    (
        trouble(Kind.OUTAGE, MISSED, Cause.TIMEOUT),
        ProbeKind.ROUNDTRIP,
        "[URGENT] Meta · messages do not come back · send · since 10:14 UTC (6 min)"
        " · Meta's page: unknown · do: hold queues, never re-send what timed out",
    ),
    (
        trouble(Kind.USER_ERROR, USER, Cause.AUTHENTICATION, 190),
        ProbeKind.API,
        "[CRITICAL] Our side · the access token is refused · send · since 10:14 UTC (6 min) · code 190"
        " · Meta's page: unknown · do: check the token in Meta's Access Token Debugger",
    ),
    (
        trouble(Kind.USER_ERROR, USER, Cause.THROTTLING, 4),
        ProbeKind.API,
        "[STANDARD] Our side · our probing is limited · send · since 10:14 UTC (6 min) · code 4"
        " · Meta's page: unknown · do: slow down, wait for the limit to lift",
    ),
    (
        trouble(Kind.USER_ERROR, USER, Cause.FLOW),
        ProbeKind.API,
        "[STANDARD] Our side · the request is refused · send · since 10:14 UTC (6 min) · Meta's page: unknown",
    ),
    (
        trouble(Kind.DISRUPTION, NETWORK, Cause.PATH),
        ProbeKind.API,
        "[STANDARD] The network · Meta cannot be reached from here · send · since 10:14 UTC (6 min)"
        " · Meta's page: unknown · do: check our route to Meta from a second network",
    ),
    (
        trouble(Kind.ENDPOINT, USER, Cause.ENDPOINT),
        ProbeKind.WEBHOOK,
        "[URGENT] Our endpoint · the webhook endpoint fails · send · since 10:14 UTC (6 min)"
        " · do: look at the endpoint's own log and certificate",
    ),
]


@pytest.mark.parametrize(("incident", "probe", "title"), FIRST_LINES)
def test_the_first_line_says_whose_what_since_when_and_what_to_do(
    incident: Incident, probe: ProbeKind, title: str
) -> None:
    # Throttling and code 2 are told later; six minutes on, all but throttling are.
    lasting = Lasting(open_after_ms=0)
    now_ms = START + 6 * MINUTE
    desk = announce([(incident, probe)], [], now_ms, lasting=lasting)
    if incident.cause is Cause.THROTTLING:
        assert desk.notices == ()
        desk = announce([(incident, probe)], [], START + 10 * MINUTE, lasting=lasting)
        title = title.replace("(6 min)", "(10 min)")
    assert [one.title for one in desk.notices] == [title]


@pytest.mark.parametrize("light", Light)
def test_the_first_line_says_what_meta_s_page_shows_for_what_the_probe_looks_at(light: Light) -> None:
    asked: list[ProbeKind] = []

    def lit(probe: ProbeKind) -> Light:
        asked.append(probe)
        return light

    incident = trouble(Kind.OUTAGE, SYSTEM, Cause.SERVICE, 131016)
    desk = announce(
        [(incident, ProbeKind.MESSAGE)], [], START + 6 * MINUTE, lasting=Lasting(open_after_ms=0), light=lit
    )
    assert f" · code 131016 · Meta's page: {light.value} · do: hold queues" in desk.notices[0].title
    assert asked == [ProbeKind.MESSAGE]


def test_the_last_line_says_when_it_was_over_and_how_long_it_lasted() -> None:
    incident = trouble(Kind.OUTAGE, SYSTEM, Cause.SERVICE, 2, closed=130)
    known = Told("send", Kind.OUTAGE, START, None, incident.name)
    desk = announce([(incident, ProbeKind.MESSAGE)], [known], START + 132 * MINUTE, lasting=LASTING)
    assert [one.title for one in desk.notices] == [
        "[RESOLVED] Meta · sending fails · send · over since 12:24 UTC, lasted 2 h 10 min"
    ]


def out(*codes: int, **rest: object) -> Incident:
    return trouble(Kind.OUTAGE, SYSTEM, Cause.SERVICE, *(codes or (131016,)), **rest)  # type: ignore[arg-type]


def test_an_outage_is_told_once_it_has_lasted_and_once_it_is_over() -> None:
    steps = [(0.5, [out()]), (1.99, [out()]), (2, [out()]), (3, [out()]), (59, [out()])]
    end = [out(closed=61)]
    assert told(*steps, (61, end), (62.99, end), (63, end), (64, end), (99, end)) == [
        (2, "opened"),
        (63, "resolved"),
    ]


def test_trouble_that_was_over_before_it_had_to_be_told_is_never_told() -> None:
    assert told((1, [out()]), (2, [out(closed=1.5)]), (9, [out(closed=1.5)])) == []


def test_an_outage_found_after_its_end_is_not_told_as_if_it_were_now() -> None:
    assert told((60, [out(closed=30)])) == []


def test_what_is_told_while_it_is_quiet_is_not_resolved_too_soon() -> None:
    assert told((2, [out()]), (5, [out(closed=4)]), (5.5, [out()]), (9, [out()])) == [(2, "opened")]


def test_what_comes_back_after_it_was_resolved_is_told_as_changed_under_its_own_name() -> None:
    steps = [(2, [out()]), (6, [out(closed=4)]), (9, [out()]), (20, [out(closed=18)]), (28, [out(closed=18)])]
    assert told(*steps) == [(2, "opened"), (6, "resolved"), (9, "changed:3"), (28, "resolved:4")]


def test_p6_a_fault_that_comes_and_goes_for_an_hour_is_told_four_times() -> None:
    assert [phase for _, _, phase in lived("..D" + "....D" * 12 + "." * 30)] == [
        "opened",
        "resolved",
        "changed",
        "resolved",
    ]


def test_a_change_of_kind_is_told() -> None:
    lost = trouble(Kind.DISRUPTION, NETWORK, Cause.PATH)
    assert told((2, [lost]), (3, [out()])) == [(2, "opened"), (3, "changed:2")]


def test_only_code_two_is_held_until_an_update_would_be_over() -> None:
    (first,) = told(*((float(minute), [out(2)]) for minute in range(8)))
    assert first in [(5, "opened"), (6, "opened")]
    assert told(*((float(minute), [out(2, 131016)]) for minute in range(8))) == [(2, "opened")]


def test_code_two_is_told_at_once_where_something_else_fails_too() -> None:
    other = out(131016, target="other")
    assert told(*((float(minute), [out(2), other]) for minute in range(4))) == [(2, "opened"), (2, "opened")]
    assert told((2, [out(2), out(131016, target="other", closed=1)]), (3, [out(2)])) == []


def test_an_outage_and_a_user_error_on_one_target_are_two_things() -> None:
    refused = trouble(Kind.USER_ERROR, USER, Cause.PAYMENT, 131042, opened=1)
    both = [out(), refused]
    assert told(*((float(minute), both) for minute in range(20))) == [(2, "opened"), (3, "opened")]


def test_two_told_incidents_that_became_one_end_as_one() -> None:
    early, late = out(closed=3), out(opened=14)
    steps = [(2, [out()]), (5, [early]), (16, [early, late]), (17, [out()]), (18, [out()])]
    assert told(*steps)[:3] == [(2, "opened"), (5, "resolved"), (16, "opened")]
    assert "withdrawn" not in [key for _, key in told(*steps)]


@pytest.mark.parametrize(
    ("letters", "most"),
    [(".DDDDUUUU...........", 4), ("..UUUUDDDD..........", 4), ("..UU..DD..UU........", 6)],
)
def test_faults_of_two_kinds_in_turn_are_no_storm(letters: str, most: int) -> None:
    assert len(lived(letters)) <= most


def test_throttling_is_held_for_ten_minutes() -> None:
    limited = trouble(Kind.USER_ERROR, USER, Cause.THROTTLING, 4)
    assert told(*((float(minute), [limited]) for minute in range(14))) == [(10, "opened")]


def test_a_path_no_control_has_spoken_of_is_never_paged() -> None:
    doubtful = trouble(Kind.DISRUPTION, NETWORK, Cause.PATH, provisional=True)
    assert told(*((float(minute), [doubtful]) for minute in range(60))) == []
    firm = trouble(Kind.DISRUPTION, NETWORK, Cause.PATH)
    assert told((2, [doubtful]), (3, [firm])) == [(3, "opened")]


def test_an_open_incident_that_later_evidence_undoes_is_withdrawn_once() -> None:
    assert told((2, [out()]), (3, []), (4, []), (200, [])) == [(2, "opened"), (3, "withdrawn")]


def test_two_targets_are_told_apart() -> None:
    both = [out(target="a"), out(target="b")]
    assert told((2, both), (3, both)) == [(2, "opened"), (2, "opened")]


def blank(target: str, opened: float, closed: float | None, cause: Cause = Cause.LOCAL_NETWORK) -> Incident:
    return trouble(Kind.UNOBSERVED, NETWORK, cause, opened=opened, closed=closed, target=target)


def test_time_offline_is_one_note_afterwards_for_all_targets() -> None:
    open_ = [blank("a", 0, None), blank("b", 0.5, None)]
    half = [blank("a", 0, 5), blank("b", 0.5, None)]
    over = [blank("a", 0, 5), blank("b", 0.5, 5.5)]
    assert told(
        (2, open_), (5, open_), (5.2, half), (6, over), (7.49, over), (7.5, over), (8, over), (500, over)
    ) == [(7.5, "note")]


def test_the_note_says_what_it_was_counted_as() -> None:
    desk = announce(
        [(blank("a", 0, 2 + 1 / 6), ProbeKind.API), (blank("b", 0, 2), ProbeKind.API)],
        [],
        START + 5 * MINUTE,
        lasting=LASTING,
    )
    (note,) = desk.notices
    assert note.title == "We were offline 2 min 10 s since 10:14 UTC: counted as unobserved, not as downtime"
    assert (note.kind, note.phase, note.severity, note.target) == (
        Kind.UNOBSERVED,
        NoticePhase.NOTE,
        Severity.STANDARD,
        "a, b",
    )
    said = "- a: 2026-11-03 10:14 UTC to 2026-11-03 10:16 UTC (2 min 10 s), our own line was away"
    assert said in written(note).body


def test_nothing_is_repeated_by_who_knows_what_was_told() -> None:
    incident = out()
    known = Told("send", Kind.OUTAGE, START - 30_000, None, "send@earlier", said_ms=START)
    assert told((59, [incident]), before=(known,)) == []


@pytest.mark.parametrize(
    ("cause", "kind", "probe", "expected"),
    [
        (Cause.SERVICE, Kind.OUTAGE, ProbeKind.MESSAGE, Severity.CRITICAL),
        (Cause.SERVICE, Kind.OUTAGE, ProbeKind.TRAFFIC, Severity.CRITICAL),
        (Cause.PATH, Kind.DISRUPTION, ProbeKind.MESSAGE, Severity.CRITICAL),
        (Cause.REGISTRATION, Kind.USER_ERROR, ProbeKind.MESSAGE, Severity.CRITICAL),
        (Cause.AUTHENTICATION, Kind.USER_ERROR, ProbeKind.API, Severity.CRITICAL),
        (Cause.INTEGRITY, Kind.USER_ERROR, ProbeKind.API, Severity.CRITICAL),
        (Cause.PAYMENT, Kind.USER_ERROR, ProbeKind.MESSAGE, Severity.URGENT),
        (Cause.ENDPOINT, Kind.ENDPOINT, ProbeKind.WEBHOOK, Severity.URGENT),
        (Cause.EDGE, Kind.OUTAGE, ProbeKind.EDGE, Severity.URGENT),
        (Cause.PATH, Kind.DISRUPTION, ProbeKind.API, Severity.STANDARD),
        (Cause.VALIDATION, Kind.USER_ERROR, ProbeKind.MESSAGE, Severity.STANDARD),
    ],
)
def test_severity_is_business_impact(cause: Cause, kind: Kind, probe: ProbeKind, expected: Severity) -> None:
    assert severity(trouble(kind, SYSTEM, cause), probe) is expected


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (130_000, "2 min 10 s"),
        (630_000, "10 min"),
        (HOUR, "1 h"),
        (HOUR + 10 * MINUTE, "1 h 10 min"),
        (2 * DAY, "48 h"),
    ],
)
def test_durations_read_as_people_say_them(duration_ms: int, text: str) -> None:
    assert duration_text(duration_ms) == text


def test_the_clock_says_its_zone() -> None:
    assert clock(START) == "10:14 UTC"


LETTERS = {
    ".": Finding(Verdict.OK, Cause.NONE, Column.UP),
    "D": Finding(SYSTEM, Cause.SERVICE, Column.DOWN, code=131016),
    "2": Finding(SYSTEM, Cause.SERVICE, Column.DOWN, code=2),
    "U": Finding(USER, Cause.PAYMENT, Column.USER),
    "?": Finding(NETWORK, Cause.LOCAL_NETWORK, Column.UNOBSERVED),
}


def lived(letters: str) -> list[tuple[int, str, str]]:
    """A watch that looks once a minute and announces every half minute: (minute, key, phase) of all it says."""
    marks = [
        Mark(START + i * MINUTE, Context("api", MINUTE), LETTERS[one])
        for i, one in enumerate(letters)
        if one != " "
    ]
    standing: tuple[Told, ...] = ()
    said = []
    for half in range(2 * len(letters) + 8):
        now_ms = START + half * MINUTE // 2
        seen = [one for one in marks if one.at_ms <= now_ms]
        found = incidents("api", account(seen, now_ms), now_ms, lasting=LASTING, codes=codes_of(coded(seen)))
        desk = announce([(one, ProbeKind.API) for one in found], standing, now_ms, lasting=LASTING)
        standing = desk.told
        said += [(half // 2, one.key, one.phase.value) for one in desk.notices]
    return said


@given(st.text(alphabet="...DDD2U? ", max_size=60))
def test_no_key_is_ever_used_twice_and_every_end_has_a_beginning(letters: str) -> None:
    said = lived(letters)
    keys = [key for _, key, _ in said]
    assert len(keys) == len(set(keys))
    opened = {key.rsplit(":", 1)[0] for _, key, phase in said if phase == "opened"}
    for _, key, phase in said:
        if phase == "resolved":
            assert any(key.startswith(name) for name in opened)


@pytest.mark.parametrize("letters", ["." * 9 + "D" + "." * 20, "..U.....U....", ".22.......", "." * 30])
def test_a_blip_and_calm_are_silence(letters: str) -> None:
    assert lived(letters) == []


def test_what_stays_open_is_remembered_with_growing_gaps_and_not_where_somebody_sees_to_it() -> None:
    minutes = [2 + 60 * hour for hour in (0.5, 0.99, 1, 1.1, 3.9, 4, 12, 23.9, 24, 25, 48, 72)]
    assert told((2, [out()]), *((minute, [out()]) for minute in minutes)) == [
        (2, "opened"),
        *((2 + 60 * hour, f"reminder:{n}") for n, hour in enumerate((1, 4, 12, 24, 48, 72), 1)),
    ]
    standing = announce([(out(), ProbeKind.MESSAGE)], (), START + 2 * MINUTE, lasting=LASTING).told
    for by, target, minute, heard in (("anna", "send", 30, 0), ("anna", "other", 30, 1), ("", "send", 30, 1)):
        remark = Remark(target, START + minute * MINUTE, START, by, "on it", ack=bool(by))
        desk = announce(
            [(out(), ProbeKind.MESSAGE)], standing, START + 2 * HOUR, lasting=LASTING, acknowledged=[remark]
        )
        assert len(desk.notices) == heard


def test_a_first_line_says_what_is_new_of_what_was_told_before() -> None:
    def desk(minute: int, found: Incident, before: Desk | None = None) -> Desk:
        told = before.told if before else ()
        return announce([(found, ProbeKind.MESSAGE)], told, START + minute * MINUTE, lasting=LASTING)

    opened = desk(2, out())
    graver = desk(5, trouble(Kind.USER_ERROR, USER, Cause.AUTHENTICATION), opened)
    over = desk(30, trouble(Kind.OUTAGE, SYSTEM, Cause.SERVICE, closed=20), opened)
    again = desk(32, out(), over)
    lines = [
        one.notices[0].title.partition(" · ")[0] for one in (opened, graver, desk(90, out(), opened), over, again)
    ]
    assert lines == [
        "[CRITICAL] Meta", "[CRITICAL] Now: Our side", "[CRITICAL] Still: Meta", "[RESOLVED] Meta",
        "[CRITICAL] Again: Meta",
    ]  # fmt: skip


def test_a_restart_reminds_nobody_again() -> None:
    known = Told("send", Kind.OUTAGE, START, None, out().name, severity=Severity.CRITICAL, reminded=2)
    known = msgspec.structs.replace(known, said_ms=START + 4 * HOUR)
    assert told((5 * 60, [out()]), (11 * 60, [out()]), before=(known,)) == []
    assert told((12 * 60, [out()]), before=(known,)) == [(12 * 60, "reminder:3")]


def test_what_ended_while_nobody_announced_is_told_as_over_however_late() -> None:
    opened = announce([(out(), ProbeKind.MESSAGE)], (), START + 2 * MINUTE, lasting=LASTING).told
    over = trouble(Kind.OUTAGE, SYSTEM, Cause.SERVICE, closed=60)
    assert told((8 * 60, [over]), before=opened) == [(8 * 60, "resolved")]


def test_nobody_is_reminded_within_the_hour_of_the_last_word_however_long_it_lasts() -> None:
    late = announce([(out(), ProbeKind.MESSAGE)], (), START + 59 * MINUTE, lasting=LASTING).told
    assert told((60, [out()]), (118, [out()]), before=late) == []
    assert told((119, [out()]), before=late) == [(119, "reminder:1")]


@pytest.mark.parametrize(
    ("silence", "heard"),
    [
        (Silence(START, START + HOUR), []),
        (Silence(START, START + HOUR, targets=("send",)), []),
        (Silence(START, START + HOUR, targets=("other",)), [(2, "opened")]),
        (Silence(START, START + HOUR, kinds=(Kind.OUTAGE,)), []),
        (Silence(START, START + HOUR, kinds=(Kind.USER_ERROR,)), [(2, "opened")]),
        (Silence(START, START + HOUR, severities=(Severity.CRITICAL,)), []),
        (Silence(START, START + HOUR, severities=(Severity.STANDARD,)), [(2, "opened")]),
        (Silence(START, START + MINUTE), [(2, "opened")]),
        (Silence(START + 5 * MINUTE, START + HOUR), [(2, "opened")]),
    ],
)
def test_a_silence_holds_back_what_it_is_about_while_it_lasts(
    silence: Silence, heard: list[tuple[int, str]]
) -> None:
    desk = announce([(out(), ProbeKind.MESSAGE)], (), START + 2 * MINUTE, lasting=LASTING, silences=[silence])
    assert [(2, one.phase.value) for one in desk.notices] == heard
    later_ms = START + HOUR + 2 * MINUTE
    after = announce([(out(), ProbeKind.MESSAGE)], desk.told, later_ms, lasting=LASTING, silences=[silence])
    assert len(after.notices) == 1, "what is still open is told when the silence is over, or reminded of"


def test_what_people_were_told_of_ends_aloud_in_a_silence_too() -> None:
    standing = announce([(out(), ProbeKind.MESSAGE)], (), START + 2 * MINUTE, lasting=LASTING).told
    hush = Silence(START + 3 * MINUTE, START + HOUR)
    over = [(out(closed=5), ProbeKind.MESSAGE)]
    desk = announce(over, standing, START + 9 * MINUTE, lasting=LASTING, silences=[hush])
    assert [one.phase.value for one in desk.notices] == ["resolved"]
