"""Quiet hours and the hourly cap: what is critical goes at once, all else goes once, and nothing is lost."""

from collections import Counter
from datetime import time
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_dispatching import pending
from wamon.core.dispatching import Mailing, Pending, Reason, Summing, Tone, Waiting
from wamon.core.incident import Kind, Severity
from wamon.core.notice import NoticePhase
from wamon.core.notice_facts import SummaryFacts
from wamon.core.pacing import LISTED, paced
from wamon.core.subscription import Hours, Quiet, Subscription
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, parse_iso
from wamon.work.outbox import summed_up

NIGHT = Quiet(Hours(time(22), time(7)), ZoneInfo("UTC"))
SLEEPER = Subscription(quiet=NIGHT)
MIDNIGHT, MORNING = parse_iso("2026-03-02T00:00:00Z"), parse_iso("2026-03-02T07:00:00Z")
NOON = parse_iso("2026-03-02T12:00:00Z")
OPENED, CHANGED, RESOLVED, NOTE = (
    NoticePhase.OPENED,
    NoticePhase.CHANGED,
    NoticePhase.RESOLVED,
    NoticePhase.NOTE,
)


def said(
    name: str, phase: NoticePhase, at_ms: int, severity: Severity = Severity.URGENT, attempt: int = 0
) -> Pending:
    """A notice that was written at an instant and has not been told."""
    title = f"[{severity.value.upper()}] {name} {phase.value}"
    one = pending(phase, name=name, title=title, severity=severity, attempt=attempt)
    return msgspec.structs.replace(one, notice=one.notice._replace(created_at_ms=at_ms))  # type: ignore[attr-defined]


def test_in_quiet_hours_critical_trouble_goes_at_once_and_the_rest_waits_for_their_end() -> None:
    urgent, critical = said("a", OPENED, MIDNIGHT), said("b", OPENED, MIDNIGHT, Severity.CRITICAL)
    sent, waits = paced([urgent, critical], MIDNIGHT, SLEEPER)
    assert isinstance(sent, Mailing)
    assert sent.covers == (critical,)
    assert waits == Waiting((urgent,), MORNING, Reason.QUIET_HOURS)


def test_trouble_that_becomes_critical_at_night_wakes_with_all_that_was_said_of_it() -> None:
    graver = said("a", CHANGED, MIDNIGHT + HOUR, Severity.CRITICAL)
    (sent,) = paced([said("a", OPENED, MIDNIGHT), graver], MIDNIGHT + HOUR, SLEEPER)
    assert isinstance(sent, Mailing)
    assert sent.letter.title == "[CRITICAL] (first told now) a changed"


def test_what_a_night_held_back_is_one_letter_that_says_what_is_over() -> None:
    night = [
        said("a", OPENED, MIDNIGHT),
        said("b", OPENED, MIDNIGHT + HOUR, Severity.STANDARD),
        said("b", RESOLVED, MIDNIGHT + 2 * HOUR, Severity.STANDARD),
        said("week", NOTE, MIDNIGHT + 3 * HOUR, Severity.STANDARD),
    ]
    (step,) = paced(night, MORNING, SLEEPER)
    assert isinstance(step, Summing)
    assert step.covers == tuple(night)
    letter = summed_up(step).letter
    assert letter.title == "[URGENT] Held for quiet hours: 1 still going on, 1 over by now, 1 to know"
    assert letter.tone is Tone.WARNING
    assert letter.body.splitlines() == [
        "Still going on:",
        "- 2026-03-02 00:00 UTC  [URGENT] a opened",
        "",
        "Over by now:",
        "- 2026-03-02 02:00 UTC  [STANDARD] b resolved",
        "",
        "To know:",
        "- 2026-03-02 03:00 UTC  [STANDARD] week note",
        "",
        "This channel is quiet from 22:00 to 07:00, UTC: what is not critical waits until then. "
        "Each line is as it was said at its time.",
        "",
        "notice: week:note, b:resolved, b:opened, a:opened",
    ]


def test_one_thing_that_a_night_held_back_reads_as_it_always_does() -> None:
    (step,) = paced([said("a", OPENED, MIDNIGHT)], MORNING, SLEEPER)
    assert isinstance(step, Mailing)
    assert step.letter.title == "[URGENT] (held for quiet hours: 7 h) a opened"


def test_what_is_written_after_the_night_is_no_part_of_its_letter() -> None:
    night = [said("a", OPENED, MIDNIGHT), said("b", OPENED, MIDNIGHT)]
    summed, sent = paced([*night, said("c", OPENED, MORNING)], MORNING, SLEEPER)
    assert isinstance(summed, Summing)
    assert isinstance(sent, Mailing)
    assert (len(summed.covers), sent.covers[0].notice.key) == (2, "c:opened")


def test_a_letter_of_the_night_that_failed_is_tried_again_as_one() -> None:
    again = [
        msgspec.structs.replace(said(name, OPENED, MIDNIGHT, attempt=1), next_attempt_ms=MORNING + MINUTE)
        for name in "ab"
    ]
    (waits,) = paced(again, MORNING, SLEEPER)
    assert (type(waits), len(waits.covers)) == (Waiting, 2)
    (step,) = paced(again, MORNING + MINUTE, SLEEPER)
    assert (type(step), len(step.covers)) == (Summing, 2)


def storm(number: int, severity: Severity = Severity.URGENT, at_ms: int = NOON) -> list[Pending]:
    return [said(f"t{place}", OPENED, at_ms, severity) for place in range(number)]


THREE = Subscription(hourly_cap=3)


def test_what_fits_into_the_hour_goes_one_by_one_and_the_letter_that_fills_it_says_so() -> None:
    assert all(isinstance(one, Mailing) for one in paced(storm(2), NOON, THREE))
    first, second, third = paced(storm(3), NOON, THREE, [])
    assert isinstance(first, Mailing)
    assert isinstance(third, Mailing)
    assert "letters of the hour" not in first.letter.body
    assert third.letter.body.splitlines()[-3:] == [
        "With this the channel has had its 3 letters of the hour. What follows comes as one letter after "
        "13:00 UTC; what is critical comes at once.",
        "",
        "notice: t2:opened",
    ]
    assert second.reason is Reason.NEW


def test_what_does_not_fit_is_one_letter() -> None:
    (step,) = paced(storm(4), NOON, THREE)
    assert isinstance(step, Summing)
    assert step.notice.kind is Kind.DIGEST
    assert step.notice.title == "[URGENT] More than 3 letters an hour, so in one: 4 still going on"
    assert (
        "This channel gets 3 letters an hour; what is more comes in one like this" in summed_up(step).letter.body
    )


def test_a_full_hour_holds_the_rest_until_there_is_room() -> None:
    sent = [NOON - 50 * MINUTE, NOON - 40 * MINUTE, NOON - 30 * MINUTE]
    (waits,) = paced(storm(1), NOON, THREE, sent)
    assert waits == Waiting(waits.covers, NOON + 10 * MINUTE, Reason.HOURLY_CAP)
    (goes,) = paced(storm(1), NOON + 10 * MINUTE, THREE, sent)
    assert isinstance(goes, Mailing)


def test_a_full_hour_holds_nothing_critical_back_and_counts_it() -> None:
    sent = [NOON - 50 * MINUTE, NOON - 40 * MINUTE]
    critical, waits = paced([*storm(1), said("c", RESOLVED, NOON, Severity.CRITICAL)], NOON, THREE, sent)
    assert isinstance(critical, Mailing)
    assert critical.covers[0].notice.key == "c:resolved"
    assert isinstance(waits, Waiting)


def test_letters_of_a_clock_that_was_ahead_take_no_room() -> None:
    assert isinstance(paced(storm(1), NOON, THREE, [NOON + DAY] * 3)[0], Mailing)


def test_a_night_of_more_than_fits_is_still_called_a_night() -> None:
    night = [said("a", OPENED, MIDNIGHT), said("b", OPENED, MIDNIGHT)]
    one = Subscription(quiet=NIGHT, hourly_cap=1)
    (step,) = paced([*night, said("c", OPENED, MORNING)], MORNING, one)
    assert isinstance(step, Summing)
    assert step.notice.title == "[URGENT] Held for quiet hours: 3 still going on"


def test_a_letter_of_very_much_counts_what_it_does_not_list() -> None:
    (step,) = paced(storm(LISTED + 5), NOON, THREE)
    assert isinstance(step, Summing)
    facts = step.notice.facts
    assert isinstance(facts, SummaryFacts)
    assert (len(facts.going_on), facts.more) == (LISTED, 5)
    assert facts.going_on[-1].said.endswith(f"t{LISTED + 4} opened"), "the latest are listed"
    assert "And 5 from before these: `wamon incidents` lists them." in summed_up(step).letter.body
    assert step.notice.title.endswith(f"{LISTED + 5} still going on")


def test_when_all_is_over_the_letter_is_calm() -> None:
    over = [said(f"t{place}", RESOLVED, NOON) for place in range(4)]
    (step,) = paced(over, NOON, THREE)
    assert isinstance(step, Summing)
    assert step.notice.title == "More than 3 letters an hour, so in one: 4 over by now"
    assert summed_up(step).letter.tone is Tone.INFO


class Sent(NamedTuple):
    """A letter that went out, and the notices it told."""

    at_ms: int
    covers: tuple[Pending, ...]


def played(notices: list[Pending], to: Subscription, end_ms: int) -> list[Sent]:
    """A channel that takes every letter, asked every minute and whenever something is written."""
    moments = sorted({one.notice.created_at_ms for one in notices} | set(range(MIDNIGHT, end_ms, MINUTE)))
    owed, sent = list(notices), list[Sent]()
    for now_ms in moments:
        written = [one for one in owed if one.notice.created_at_ms <= now_ms]
        for step in paced(written, now_ms, to, [one.at_ms for one in sent]) if written else ():
            if not isinstance(step, Waiting):
                sent.append(Sent(now_ms, step.covers))
                owed = [one for one in owed if one not in step.covers]
    assert not owed, "never told"
    return sent


STORMS = st.lists(
    st.tuples(
        st.integers(0, 6 * HOUR // SECOND), st.integers(0, 9), st.sampled_from(Severity), st.integers(10, 3_000)
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda one: one[:2],
)


def storm_of(drawn: list[tuple[int, int, Severity, int]]) -> list[Pending]:
    """Incidents of six hours that open and end, each with a name of its own."""
    found = []
    for number, (at_s, target, severity, lasted_s) in enumerate(drawn):
        at_ms, name = MIDNIGHT + at_s * SECOND, f"t{target}-{number}"
        found.append(said(name, OPENED, at_ms, severity))
        found.append(said(name, RESOLVED, at_ms + lasted_s * SECOND, severity))
    return found


@given(STORMS, st.integers(1, 6), st.booleans())
def test_in_any_storm_everything_is_told_once_the_critical_at_once_and_the_rest_within_the_cap(
    drawn: list[tuple[int, int, Severity, int]], cap: int, sleeps: bool
) -> None:
    notices = storm_of(drawn)
    sent = played(notices, Subscription(quiet=NIGHT if sleeps else None, hourly_cap=cap), MIDNIGHT + 12 * HOUR)
    assert Counter(one.notice.key for letter in sent for one in letter.covers) == Counter(
        one.notice.key for one in notices
    )
    for letter in sent:
        for one in letter.covers:
            if one.notice.severity == Severity.CRITICAL:
                assert letter.at_ms == one.notice.created_at_ms
    usual = [one for one in sent if not any(each.notice.severity == Severity.CRITICAL for each in one.covers)]
    for letter in usual:
        hour = [one for one in usual if letter.at_ms - HOUR < one.at_ms <= letter.at_ms]
        assert len(hour) <= cap


def test_a_storm_of_two_hundred_in_six_hours_is_a_handful_of_letters_an_hour() -> None:
    drawn = [(place * 107, place % 40, Severity.URGENT, 900) for place in range(200)]
    sent = played(storm_of(drawn), Subscription(hourly_cap=10), MIDNIGHT + 12 * HOUR)
    assert 30 < len(sent) <= 80
    delays = sorted(letter.at_ms - one.notice.created_at_ms for letter in sent for one in letter.covers)
    assert delays[-1] <= HOUR, "nothing waits longer than the hour"


@pytest.mark.parametrize("cap", [None, 1_000])
def test_without_a_cap_or_far_below_it_every_incident_has_its_letter(cap: int | None) -> None:
    assert len(paced(storm(50), NOON, Subscription(hourly_cap=cap))) == 50
