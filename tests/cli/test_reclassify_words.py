"""What `wamon reclassify` prints: what turns and why, the days, and what stayed doubtful for want of evidence."""

from typing import Any

import pytest

from wamon.cli.reclassify import lines
from wamon.core.finding import Cause, Column, Verdict
from wamon.core.gathering import NOTHING_BESIDE
from wamon.core.hindsight_words import REASONS, counted_as, reason_of, time_text
from wamon.core.review import Review, Unturned
from wamon.core.rules_hindsight import HINDSIGHT
from wamon.core.timeline import MINUTE, parse_iso
from wamon.work.reclassify import KEPT_SHOWN, Outcome, outcome_document

TEN = parse_iso("2026-11-03T10:00:00Z")


def stayed(target: str = "cloud-api", observations: int = 2, code: int | None = 190) -> Unturned:
    missing = "debug_token said nothing of this very token in that time."
    span = (TEN, TEN + (observations - 1) * MINUTE)
    return Unturned(
        target, Verdict.USER_ERROR, Cause.AUTHENTICATION, code, "same_token_valid", missing, observations, *span
    )


def document(*kept: Unturned) -> dict[str, Any]:
    return outcome_document(Outcome(Review(kept=kept), {}, None))


def test_a_dry_run_names_what_stayed_doubtful_and_what_is_missing() -> None:
    assert lines(document(stayed(), stayed("send", 5, None)), dry_run=True) == [
        "Nothing turns: no evidence speaks against what was judged.",
        "Doubtful, and not turned for want of evidence:",
        "  send, 2026-11-03, 10:00 to 10:04 UTC: 5 looks, user_error, cause authentication."
        " debug_token said nothing of this very token in that time.",
        "  cloud-api, 2026-11-03, 10:00 to 10:01 UTC: 2 looks, user_error, cause authentication, code 190."
        " debug_token said nothing of this very token in that time.",
        "Nothing was written: this was a dry run.",
    ]


def test_a_real_run_only_says_what_it_did() -> None:
    assert lines(document(stayed()), dry_run=False) == [
        "Nothing turns: no evidence speaks against what was judged."
    ]


def test_the_list_is_bounded_and_counts_the_rest() -> None:
    found = document(*(stayed(f"t{n}", n + 1) for n in range(KEPT_SHOWN + 3)))
    assert (len(found["kept"]), found["kept_more"]) == (KEPT_SHOWN, 3)
    assert found["kept"][0]["observations"] == KEPT_SHOWN + 3
    assert lines(found, dry_run=True)[-2] == "  and 3 more like these"


def test_the_document_names_rule_condition_and_time() -> None:
    (row,) = document(stayed())["kept"]
    assert row == {
        "target": "cloud-api",
        "verdict": "user_error",
        "cause": "authentication",
        "code": 190,
        "nearest_rule": "same_token_valid",
        "missing": "debug_token said nothing of this very token in that time.",
        "observations": 2,
        "first_at": "2026-11-03T10:00:00Z",
        "last_at": "2026-11-03T10:01:00Z",
    }


def test_every_rule_that_can_turn_something_has_its_reason_in_plain_words() -> None:
    assert {*REASONS, "no_new_evidence"} == {"declared", *(rule.__name__ for rule in HINDSIGHT)}
    for rule, reason in REASONS.items():
        assert "_" not in reason.replace("debug_token", ""), rule
        assert not reason.endswith("."), rule
    assert reason_of("known_code") == "it was judged again with what is known by now"


@pytest.mark.parametrize(
    ("verdict", "column", "words"),
    [
        (Verdict.SYSTEM_ERROR, Column.DOWN, "as Meta's downtime"),
        (Verdict.USER_ERROR, Column.DOWN, "as downtime of our endpoint"),
        (Verdict.USER_ERROR, Column.USER, "as an error of our own"),
        (Verdict.NETWORK_ERROR, Column.NETWORK, "as trouble on the way to Meta"),
        (Verdict.NETWORK_ERROR, Column.UNOBSERVED, "as not observed"),
        (Verdict.OK, Column.UP, "as up"),
    ],
)
def test_a_column_is_said_as_people_say_it(verdict: Verdict, column: Column, words: str) -> None:
    assert counted_as(verdict, column) == words


@pytest.mark.parametrize(
    ("last", "text"),
    [
        ("2026-11-03T10:00:00Z", "2026-11-03, 10:00 UTC"),
        ("2026-11-03T10:39:59Z", "2026-11-03, 10:00 to 10:39 UTC"),
        ("2026-11-04T01:00:00Z", "2026-11-03, 10:00 to 2026-11-04, 01:00 UTC"),
    ],
)
def test_a_stretch_names_both_dates_only_where_they_differ(last: str, text: str) -> None:
    assert time_text(TEN, parse_iso(last)) == text


def test_beside_the_looks_nothing_is_known_by_default() -> None:
    assert (NOTHING_BESIDE.events_ms, NOTHING_BESIDE.templates, NOTHING_BESIDE.delivered) == ({}, {}, {})
