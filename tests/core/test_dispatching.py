"""The outbox decided: when a letter goes, how it reads, and what each attempt leaves behind."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.dispatching import (
    FEWEST_ATTEMPTS,
    FINAL,
    GIVE_UP_AFTER_MS,
    LONGEST_WAIT_MS,
    Delivery,
    Letter,
    Mailing,
    Outcome,
    Pending,
    Reason,
    Tone,
    Waiting,
    compose,
    next_attempt_ms,
    plan,
    settle,
)
from wamon.core.incident import Severity
from wamon.core.notice import NoticePhase
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, parse_iso

NOW = parse_iso("2026-03-02T12:00:00Z")
NAME = "sending@2026-03-02T11:50:00Z"
TITLE = "[CRITICAL] Meta · sending fails · send · since 11:50 UTC (2 min)"


class Written(NamedTuple):
    """What the outbox needs to know of a notice."""

    key: str
    phase: str
    severity: str
    title: str
    body: str
    created_at_ms: int


def pending(
    phase: NoticePhase = NoticePhase.OPENED,
    *,
    age_ms: int = 0,
    attempt: int = 0,
    next_ms: int = 0,
    name: str = NAME,
    suffix: str = "",
    title: str = TITLE,
    severity: Severity = Severity.CRITICAL,
    html: str | None = None,
    tried_ms: int = 0,
) -> Pending:
    key = f"{name}:{phase.value}{suffix}"
    notice = Written(key, phase.value, severity.value, title, "Target: send", NOW - age_ms)
    return Pending(notice, "ops", attempt, next_ms, html, tried_ms)


def mailing(*covers: Pending) -> Mailing:
    (step,) = plan(covers, NOW)
    assert isinstance(step, Mailing)
    return step


WAITS = {1: 5, 2: 10, 3: 20, 4: 40, 5: 80, 6: 160, 7: 320, 8: 640, 9: 1280, 10: 1800, 11: 1800, 60: 1800}


@pytest.mark.parametrize(("attempt", "seconds"), WAITS.items())
def test_a_wait_doubles_from_five_seconds_and_jitter_at_most_doubles_it_again(attempt: int, seconds: int) -> None:
    assert next_attempt_ms(attempt, NOW, NOW, 0.0) == NOW + seconds * SECOND
    assert next_attempt_ms(attempt, NOW, NOW, 0.5) == NOW + seconds * 1500
    assert next_attempt_ms(attempt, NOW, NOW, 0.999999) < NOW + 2 * seconds * SECOND


@given(st.integers(1, 500), st.integers(0, 3 * DAY), st.floats(0, 1, exclude_max=True))
def test_every_wait_is_between_five_seconds_and_an_hour_or_ends_at_the_last_attempt(
    attempt: int, age_ms: int, jitter: float
) -> None:
    queued_ms = NOW - age_ms
    wait_ms = next_attempt_ms(attempt, queued_ms, NOW, jitter) - NOW
    assert 0 < wait_ms <= LONGEST_WAIT_MS
    assert wait_ms >= 5 * SECOND or NOW + wait_ms == queued_ms + GIVE_UP_AFTER_MS


def test_the_last_attempt_is_made_when_the_day_is_over() -> None:
    queued_ms = NOW - DAY + MINUTE
    assert next_attempt_ms(20, queued_ms, NOW, 0.9) == queued_ms + DAY


@given(st.floats(0, 1, exclude_max=True))
def test_a_dead_channel_costs_a_bounded_number_of_attempts_and_ends_after_a_day(jitter: float) -> None:
    now_ms, one, attempts = NOW, pending(), 0
    while True:
        (row,) = settle(Mailing(compose([one], now_ms), (one,), Reason.NEW), Delivery(ok=False), now_ms, jitter)
        attempts += 1
        if row.outcome in FINAL:
            break
        assert row.next_attempt_ms is not None
        now_ms = row.next_attempt_ms
        one = Pending(one.notice, "ops", row.attempt, now_ms)
    assert (row.outcome, row.reason, row.next_attempt_ms) == (Outcome.GIVEN_UP, Reason.TOO_OLD, None)
    assert now_ms == NOW + DAY
    assert 30 <= attempts <= 60


def test_a_notice_found_two_days_late_is_tried_a_few_times_before_it_is_given_up() -> None:
    outcomes = [
        settle(mailing(pending(age_ms=2 * DAY, attempt=made)), Delivery(ok=False), NOW, 0.0)[0].outcome
        for made in range(FEWEST_ATTEMPTS)
    ]
    assert outcomes == [Outcome.FAILED] * (FEWEST_ATTEMPTS - 1) + [Outcome.GIVEN_UP]


def test_a_permanent_failure_is_given_up_at_once_with_its_detail() -> None:
    failed = Delivery(ok=False, permanent=True, detail="the address is not understood")
    (row,) = settle(mailing(pending()), failed, NOW, 0.0)
    assert (row.outcome, row.reason, row.attempt) == (Outcome.GIVEN_UP, Reason.IMPOSSIBLE, 1)
    assert row.detail == "the address is not understood"
    assert row.next_attempt_ms is None


def test_a_failure_is_tried_again_and_a_success_is_final() -> None:
    (failed,) = settle(mailing(pending(attempt=2, next_ms=NOW)), Delivery(ok=False, detail="busy"), NOW, 0.0)
    assert (failed.outcome, failed.reason, failed.attempt) == (Outcome.FAILED, Reason.TRY_AGAIN, 3)
    assert failed.next_attempt_ms == NOW + 20 * SECOND
    (sent,) = settle(mailing(pending(attempt=3, next_ms=NOW)), Delivery(ok=True), NOW, 0.0)
    assert (sent.outcome, sent.reason, sent.attempt) == (Outcome.SENT, Reason.DELIVERED, 4)
    assert sent.next_attempt_ms is None


DUE = {
    "never tried": (pending(), True),
    "tried, its wait is over": (pending(attempt=1, next_ms=NOW), True),
    "tried, its wait is not over": (pending(attempt=1, next_ms=NOW + 1), False),
    "held back for the night": (pending(next_ms=NOW + 7 * HOUR), False),
    "held back until now": (pending(age_ms=HOUR, next_ms=NOW), True),
    "tried before the clock was put back": (pending(attempt=1, next_ms=NOW + LONGEST_WAIT_MS + 1), True),
    "tried, and the clock was put back a little": (
        pending(attempt=3, next_ms=NOW + 20 * MINUTE, tried_ms=NOW + 1),
        True,
    ),
    "tried this very moment": (pending(attempt=3, next_ms=NOW + 20 * MINUTE, tried_ms=NOW), False),
    "written before the clock was put back": (pending(age_ms=-10 * DAY, next_ms=NOW + 10 * DAY), True),
}


@pytest.mark.parametrize(("one", "goes"), DUE.values(), ids=DUE)
def test_a_notice_goes_when_it_is_due(one: Pending, goes: bool) -> None:
    (step,) = plan([one], NOW)
    assert isinstance(step, Mailing) == goes
    if isinstance(step, Waiting):
        assert (step.until_ms, step.reason) == (one.next_attempt_ms, Reason.BACK_OFF)


def test_the_reason_says_whether_it_is_new_a_retry_or_several_at_once() -> None:
    assert mailing(pending()).reason is Reason.NEW
    assert mailing(pending(attempt=1)).reason is Reason.RETRY
    assert mailing(pending(age_ms=1), pending(NoticePhase.RESOLVED)).reason is Reason.TOGETHER


def test_the_oldest_goes_first_and_incidents_and_notes_stay_apart() -> None:
    steps = plan(
        [
            pending(NoticePhase.NOTE, name="b", age_ms=1),
            pending(name="second", age_ms=2),
            pending(name="first", age_ms=3),
            pending(NoticePhase.NOTE, name="a", age_ms=1),
        ],
        NOW,
    )
    keys = [step.covers[0].notice.key for step in steps]
    assert keys == ["first:opened", "second:opened", "b:note", "a:note"]


LATE = {
    0: TITLE,
    5 * MINUTE - 1: TITLE,
    -DAY: TITLE,
    12 * MINUTE: "[CRITICAL] (late: 12 min) Meta · sending fails · send · since 11:50 UTC (2 min)",
    130 * MINUTE: "[CRITICAL] (late: 2 h 10 min) Meta · sending fails · send · since 11:50 UTC (2 min)",
}


@pytest.mark.parametrize(("age_ms", "title"), LATE.items())
def test_a_late_letter_says_how_late_behind_its_severity(age_ms: int, title: str) -> None:
    assert compose([pending(age_ms=age_ms)], NOW).title == title


def test_a_late_letter_without_a_severity_says_so_first() -> None:
    late = pending(NoticePhase.NOTE, age_ms=HOUR, title="We were offline 2 min 10 s")
    assert compose([late], NOW).title == "(late: 1 h) We were offline 2 min 10 s"


def test_every_letter_carries_its_key() -> None:
    assert compose([pending()], NOW) == Letter(
        f"{NAME}:opened", TITLE, f"Target: send\n\nnotice: {NAME}:opened", Tone.FAILURE
    )


def test_an_undelivered_opening_and_its_end_are_told_as_one() -> None:
    opened = pending(age_ms=40 * MINUTE, attempt=6, next_ms=NOW + MINUTE)
    resolved = pending(NoticePhase.RESOLVED, age_ms=SECOND, title="[RESOLVED] Meta · sending fails · over")
    step = mailing(resolved, opened)
    assert step.letter.key == resolved.notice.key
    assert step.letter.title == "[RESOLVED] (first told now) Meta · sending fails · over"
    assert step.letter.body == (
        "Target: send\n\n"
        "Not delivered when it happened:\n"
        f"2026-03-02 11:20 UTC  {TITLE}\n\n"
        f"notice: {NAME}:resolved, {NAME}:opened"
    )
    rows = settle(step, Delivery(ok=True), NOW, 0.0)
    assert [(row.notice_key, row.outcome, row.reason) for row in rows] == [
        (opened.notice.key, Outcome.SUPPRESSED, Reason.TOGETHER),
        (resolved.notice.key, Outcome.SENT, Reason.DELIVERED),
    ]
    assert rows[0].detail == f"told together with {NAME}:resolved"
    failed = settle(step, Delivery(ok=False, detail="busy"), NOW, 0.0)
    assert [(row.outcome, row.attempt) for row in failed] == [(Outcome.FAILED, 7), (Outcome.FAILED, 1)]


def test_an_end_whose_opening_was_told_does_not_claim_to_be_the_first() -> None:
    changed = pending(NoticePhase.CHANGED, suffix=":2", age_ms=MINUTE)
    resolved = pending(NoticePhase.RESOLVED, suffix=":3", title="[RESOLVED] over")
    step = mailing(changed, resolved)
    assert step.letter.title == "[RESOLVED] over"
    assert f"notice: {NAME}:resolved:3, {NAME}:changed:2" in step.letter.body


def test_an_html_letter_tells_the_same_and_escapes_it() -> None:
    opened = pending(age_ms=MINUTE, title="[URGENT] <b>&")
    resolved = pending(NoticePhase.RESOLVED, html="<p>over</p>")
    letter = mailing(opened, resolved).letter
    assert letter.html == (
        "<p>over</p><p>Not delivered when it happened:</p>"
        "<ul><li>2026-03-02 11:59 UTC  [URGENT] &lt;b&gt;&amp;</li></ul>"
        f"<p>notice: {NAME}:resolved, {NAME}:opened</p>"
    )


TONES = {
    (NoticePhase.OPENED, Severity.CRITICAL): Tone.FAILURE,
    (NoticePhase.REMINDER, Severity.URGENT): Tone.WARNING,
    (NoticePhase.NOTE, Severity.STANDARD): Tone.INFO,
    (NoticePhase.RESOLVED, Severity.CRITICAL): Tone.SUCCESS,
}


@pytest.mark.parametrize(("words", "tone"), TONES.items())
def test_the_tone_follows_severity_and_an_end_is_good_news(
    words: tuple[NoticePhase, Severity], tone: Tone
) -> None:
    phase, severity = words
    assert compose([pending(phase, severity=severity)], NOW).tone is tone


phases = st.sampled_from([NoticePhase.OPENED, NoticePhase.RESOLVED, NoticePhase.NOTE])
several = st.lists(
    st.builds(
        pending,
        phases,
        age_ms=st.integers(0, 2 * DAY),
        attempt=st.integers(0, 40),
        next_ms=st.integers(NOW - DAY, NOW + DAY),
        name=st.sampled_from("abc"),
    ),
    unique_by=lambda one: one.notice.key,
)


@given(several, st.booleans(), st.booleans())
def test_no_notice_is_forgotten_and_none_is_decided_twice(
    waiting: list[Pending], ok: bool, permanent: bool
) -> None:
    steps = plan(waiting, NOW)
    assert sorted(one.notice.key for step in steps for one in step.covers) == sorted(
        one.notice.key for one in waiting
    )
    for step in steps:
        if isinstance(step, Waiting):
            assert step.until_ms > NOW
            continue
        rows = settle(step, Delivery(ok, permanent), NOW, 0.3)
        assert [row.notice_key for row in rows] == [one.notice.key for one in step.covers]
        assert all((row.outcome in FINAL) == (row.next_attempt_ms is None) for row in rows)
        assert all(one.notice.key in step.letter.body for one in step.covers)
