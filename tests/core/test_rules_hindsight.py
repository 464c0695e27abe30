"""The rules of hindsight: where each must fire, and where missing or contrary evidence must stop it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.hindsight import (
    BOTH,
    KNOWN,
    START,
    Case,
    Said,
    Target,
    around,
    heard,
    said,
    token,
    turned,
)
from wamon.core.finding import Cause, Column, Finding
from wamon.core.judgement import judge
from wamon.core.knowledge import Knowledge
from wamon.core.testimony import token_looks
from wamon.core.timeline import DAY, MINUTE, Span

REFUSED = [said(minute, 190) for minute in (4, 5, 6)]
SYSTEM = [f"{minute} system_error authentication down same_token_valid" for minute in (4, 5, 6)]
FIRM = [f"{minute} user_error authentication user token_was_invalid" for minute in (4, 5, 6)]


@pytest.mark.parametrize(
    ("looks", "tokens"),
    [
        (REFUSED, [token(5)]),
        (REFUSED, [token(4)]),
        (REFUSED, [token(6)]),
        (REFUSED, [token(4.5), token(5.5)]),
        (REFUSED, [token(-11), token(21)]),
        (REFUSED, [token(3), token(7)]),
        (REFUSED, [token(5), token(8, is_valid=False)]),
        (REFUSED, [token(2, is_valid=False), token(5)]),
        (REFUSED, [token(5, expires_at=(START + DAY) // 1000)]),
        ([said(minute, 0) for minute in (4, 5, 6)], [token(5)]),
        ([said(minute, 102) for minute in (4, 5, 6)], [token(5)]),
        ([said(minute, 190, 467) for minute in (4, 5, 6)], [token(5)]),
        ([said(minute, 190, headers={"facebook-api-version": "v25.0"}) for minute in (4, 5, 6)], [token(5)]),
    ],
)
def test_a_token_called_valid_all_along_makes_it_metas_fault(looks: list[Said], tokens: list[Said]) -> None:
    assert turned(around(*looks), tokens) == SYSTEM


OTHER = {"token_fingerprint": "U"}


@pytest.mark.parametrize(
    ("looks", "tokens"),
    [
        (around(*REFUSED), []),
        (around(*REFUSED), [token(5) | OTHER]),
        (around(*REFUSED), [token(5) | {"token_fingerprint": None}]),
        (around(*REFUSED), [token(3)]),
        (around(*REFUSED), [token(7)]),
        (around(*REFUSED), [token(-11.01), token(21)]),
        (around(*REFUSED), [token(-11), token(21 + 1 / 60_000)]),
        (around(*REFUSED), [token(3), token(7, scopes=...)]),
        (around(*REFUSED), [token(5, scopes=...)]),
        (around(*REFUSED), [Said(minute=5, http_status=500, body={"error": {"code": 2}}, token_fingerprint="T")]),
        (around(*REFUSED), [Said(minute=5, reached="sent", failure="read_timeout", token_fingerprint="T")]),
        (around(*REFUSED), [token(5), token(5.5, is_valid=False)]),
        (
            around(*(one | {"token_fingerprint": "U"} if one["minute"] == 6 else one for one in REFUSED)),
            [token(5)],
        ),
        (around(*REFUSED, said(7, **OTHER)), [token(5)]),
        (around(said(3, **OTHER), *REFUSED), [token(5)]),
        (
            around(
                said(3, headers={"facebook-api-version": "v24.0"}),
                *(one | {"headers": {"facebook-api-version": "v25.0"}} for one in REFUSED),
            ),
            [token(5)],
        ),
        (around(*(said(minute, 190, 460) for minute in (4, 5, 6))), [token(5)]),
        (around(*(said(minute, 190, 463) for minute in (4, 5, 6))), [token(5)]),
        (around(*(said(minute, 190, 458) for minute in (4, 5, 6))), [token(5)]),
        (around(*(said(minute, 190, 464) for minute in (4, 5, 6))), [token(5)]),
        (around(*(said(minute, 10) for minute in (4, 5, 6))), [token(5)]),
        (around(*(said(minute, 131005) for minute in (4, 5, 6))), [token(5)]),
    ],
)
def test_without_full_and_uncontradicted_proof_the_token_stays_ours(looks: list[Said], tokens: list[Said]) -> None:
    assert [one for one in turned(looks, tokens) if "system_error" in one] == []


def test_absent_everywhere_a_fingerprint_means_one_token_never_rotated() -> None:
    nothing = {"token_fingerprint": None}
    looks = [one | nothing for one in around(*REFUSED)]
    assert turned(looks, [token(5) | nothing]) == SYSTEM


@pytest.mark.parametrize(
    "tokens",
    [
        [token(5, is_valid=False)],
        [token(5, is_valid=False, error={"code": 190, "subcode": 460})],
        [token(5, expires_at=START // 1000)],
        [token(5, scopes=BOTH[:1])],
        [token(3, is_valid=False), token(7, is_valid=False)],
        [token(7, is_valid=False)],
    ],
)
def test_a_token_proved_invalid_makes_our_fault_firm(tokens: list[Said]) -> None:
    assert turned(around(*REFUSED), tokens) == FIRM


@pytest.mark.parametrize(
    ("looks", "tokens"),
    [
        (around(*REFUSED), [token(5, is_valid=False) | OTHER]),
        (around(*REFUSED), [token(5, is_valid=False), token(5.5)]),
        (around(*REFUSED), [token(22, is_valid=False)]),
        (around(*REFUSED), [token(-12, is_valid=False)]),
        (around(*REFUSED), [token(5, scopes=...)]),
        (
            around(*REFUSED),
            [Said(minute=5, http_status=400, body={"error": {"code": 190}}, token_fingerprint="T")],
        ),
        (around(said(5, 131026)), [token(5, is_valid=False)]),
        (around(*(said(minute, 131016) for minute in (4, 5, 6))), [token(5, is_valid=False)]),
    ],
)
def test_nothing_becomes_firm_by_doubtful_or_foreign_evidence(looks: list[Said], tokens: list[Said]) -> None:
    assert turned(looks, tokens) == []


def test_a_missing_permission_is_proved_by_the_scopes() -> None:
    looks = around(*(said(minute, 10) for minute in (4, 5, 6)))
    assert turned(looks, [token(5, scopes=BOTH[1:])]) == [
        f"{minute} user_error permission user token_was_invalid" for minute in (4, 5, 6)
    ]


DAY_MINUTES = 24 * 60


@pytest.mark.parametrize("code", [100, 131008, 131009, 135000])
def test_the_same_request_accepted_before_and_after_was_well_formed(code: int) -> None:
    found = turned(around(said(5, code)))
    assert [one.split(maxsplit=1)[0] for one in found] == ["5"]
    assert "system_error" in found[0]
    assert found[0].endswith("down same_request_accepted")


V25, V24 = ({"headers": {"facebook-api-version": version}} for version in ("v25.0", "v24.0"))


@pytest.mark.parametrize(
    "looks",
    [
        [said(4), said(5, 100), said(6)],
        [said(5 - DAY_MINUTES), said(5, 100), said(5 + DAY_MINUTES)],
        [said(4, **V25), said(5, 100, **V25), said(6, **V25)],
        [said(3), said(4, 131016), said(5, 100), said(6, 190), said(7)],
    ],
)
def test_within_a_day_on_both_sides_it_turns(looks: list[Said]) -> None:
    assert "5 system_error validation down same_request_accepted" in turned(looks)


@pytest.mark.parametrize(
    "looks",
    [
        [said(4), said(5, 100)],
        [said(5, 100), said(6)],
        [said(5 - DAY_MINUTES - 1), said(5, 100), said(6)],
        [said(4), said(5, 100), said(5 + DAY_MINUTES + 1)],
        [said(4), said(5, 100, request_fingerprint="R2"), said(6)],
        [said(4, request_fingerprint="r"), said(5, 100), said(6)],
        [said(4), said(5, 100, request_fingerprint=None), said(6)],
        [
            said(4, request_fingerprint=None),
            said(5, 100, request_fingerprint=None),
            said(6, request_fingerprint=None),
        ],
        [said(4, **V25), said(5, 100, **V24), said(6, **V25)],
        [said(4, **V24), said(5, 100, **V25), said(6, **V25)],
        [said(4), said(5, 100, 33), said(6)],
        [said(4), said(5, 100, 2207051), said(6)],
        [said(4), said(5, 132000), said(6)],
        [said(4), said(5, 132012), said(6)],
        [said(4), said(5, 131026), said(6)],
        [said(4), said(5, 190), said(6)],
        [said(4), said(5, 4), said(6)],
    ],
)
def test_another_request_or_only_one_side_proves_nothing_against_meta(looks: list[Said]) -> None:
    assert [one for one in turned(looks) if "system_error" in one] == []


def test_another_targets_acceptance_of_the_same_request_counts() -> None:
    assert turned([said(5, 100)], others=[said(4), said(6)]) == [
        "5 system_error validation down same_request_accepted"
    ]


@pytest.mark.parametrize(
    "looks",
    [
        [said(4, 131016), said(5, 190), said(6, 131016)],
        [said(2, 2), said(5, 190), said(8, 131016)],
        [said(4, 2), said(5, 4), said(6, 2)],
        [said(4, 2), said(5, 100, request_fingerprint=None), said(6, 131000)],
        [said(4, 2), said(5, 190), said(5.5, 131026), said(6, 2)],
        [said(4, reached="sent", failure="read_timeout", http_status=None, body=None), said(5, 190), said(6, 2)],
    ],
)
def test_a_doubtful_refusal_between_system_faults_belongs_to_them(looks: list[Said]) -> None:
    (found,) = [one for one in turned(looks) if one.startswith("5 ")]
    assert found.startswith("5 system_error")
    assert found.endswith("down mixed_burst")


@pytest.mark.parametrize(
    "looks",
    [
        [said(4, 131016), said(5, 190)],
        [said(5, 190), said(6, 131016)],
        [said(4, 131016), said(5, 190), said(6)],
        [said(4, 131016), said(5, 190), said(5.5), said(6, 131016)],
        [said(1.99, 2), said(5, 190), said(8, 2)],
        [said(2, 2), said(5, 190), said(8.01, 2)],
        [said(4, 131016), said(5, 190, 460), said(6, 131016)],
        [said(4, 131016), said(5, 131026), said(6, 131016)],
        [said(4, 131016), said(5, 130429), said(6, 131016)],
        [said(4, 131016), said(5, 131000), said(6, 131016)],
        [said(4, reached="none", failure="dns_error", http_status=None, body=None), said(5, 190), said(6, 2)],
    ],
)
def test_a_refusal_beside_a_fault_or_a_firm_one_stays_as_it_is(looks: list[Said]) -> None:
    assert turned(looks) == []


def test_a_burst_does_not_feed_on_itself() -> None:
    """Only looks that blame the platform by their own evidence carry their neighbours."""
    looks = [said(0, 2), said(3, 190), said(6, 190), said(9, 2)]
    assert turned(looks) == []


def test_a_proof_about_the_token_comes_before_the_burst() -> None:
    looks = [said(4, 131016), said(5, 190), said(6, 131016)]
    assert turned(looks, [token(5, is_valid=False)]) == ["5 user_error authentication user token_was_invalid"]


GONE = {"reached": "none", "failure": "connect_timeout", "http_status": None, "body": None}


def test_controls_that_were_down_around_it_make_it_our_own_line() -> None:
    known = heard((5, True))
    assert turned(around(said(5, **GONE)), known=known) == [
        "5 network_error local_network unobserved controls_failed"
    ]
    hung = {"reached": "sent", "failure": "read_timeout", "http_status": None, "body": None}
    assert turned(around(said(5, **hung)), known=known) == [
        "5 network_error local_network unobserved controls_failed"
    ]


@pytest.mark.parametrize("known", [KNOWN, heard((2, True)), heard((4.5, True), (5.5, False))])
def test_controls_that_do_not_speak_turn_nothing(known: Knowledge) -> None:
    assert turned(around(said(5, **GONE)), known=known) == []


def test_controls_that_answered_make_the_path_firm() -> None:
    assert turned(around(said(5, **GONE)), known=heard((5, False))) == [
        "5 network_error path network never_through"
    ]


@pytest.mark.parametrize(("now_ms", "firm"), [(START + 5 * MINUTE + 7 * DAY, True), (START + 7 * DAY, False)])
def test_after_a_week_without_new_evidence_a_verdict_is_firm_as_judged(now_ms: int, firm: bool) -> None:
    expected = ["5 user_error authentication user no_new_evidence"] if firm else []
    assert turned(around(said(5, 190)), now_ms=now_ms) == expected


def test_a_firm_verdict_stays_without_a_word() -> None:
    assert turned(around(said(5, 131026)), now_ms=START + 30 * DAY) == []


def test_what_a_person_ruled_stays() -> None:
    by_people = frozenset({START + 5 * MINUTE})
    assert turned(around(*REFUSED), [token(5)], by_people=by_people) == [SYSTEM[0], SYSTEM[2]]


def test_only_looks_inside_the_window_are_ruled_on() -> None:
    looks = [said(-DAY_MINUTES - 2), said(-DAY_MINUTES - 1, 100), said(-DAY_MINUTES), said(0)]
    assert turned(looks) == []


def test_the_ruling_names_its_evidence_the_edition_and_when() -> None:
    targets = [Target("cloud-api", "api", around(*REFUSED)), Target("token", "token", [token(5)], 15 * MINUTE)]
    first = Case(targets, now_ms=START + DAY).judged().rulings[0]
    assert first.evidence == ("token@2026-11-03T10:05:00Z",)
    assert (first.edition, first.ruled_at_ms) == (KNOWN.catalogue.edition, START + DAY)


def test_a_burst_of_months_is_judged_in_a_moment() -> None:
    """The words about a token are read once for an episode, not once for each of its looks."""
    looks = [said(minute, 190) for minute in range(10_000)]
    tokens = [token(minute) for minute in range(0, 10_000, 15)]
    found = turned(looks, tokens, within=Span(START - DAY, START + 30 * DAY), now_ms=START + DAY)
    assert len(found) == 10_000
    assert {one.split()[-1] for one in found} == {"same_token_valid"}


CODES = st.sampled_from([None, None, 2, 4, 100, 131000, 131026, 131016, 190, 0, 10])
LOOKS = st.lists(
    st.tuples(st.integers(0, 40), CODES, st.sampled_from("TTTU"), st.sampled_from("RRS")), max_size=30
)
WORDS = st.lists(st.tuples(st.integers(-5, 45), st.booleans(), st.sampled_from("TTU")), max_size=4)


@given(LOOKS, WORDS, st.sampled_from([DAY, 8 * DAY]))
def test_judging_again_twice_changes_nothing(
    drawn: list[tuple[int, int | None, str, str]], words: list[tuple[int, bool, str]], later_ms: int
) -> None:
    looks = {
        minute: said(minute, code, token_fingerprint=owner, request_fingerprint=asked)
        for minute, code, owner, asked in drawn
    }
    tokens = {
        minute: token(minute, is_valid=valid) | {"token_fingerprint": owner} for minute, valid, owner in words
    }
    ordered = [looks[minute] for minute in sorted(looks)]
    turned(ordered, [tokens[minute] for minute in sorted(tokens)], now_ms=START + later_ms)


@given(LOOKS, WORDS)
def test_hindsight_never_touches_a_good_look_nor_a_firm_one(
    drawn: list[tuple[int, int | None, str, str]], words: list[tuple[int, bool, str]]
) -> None:
    looks = {minute: said(minute, code, token_fingerprint=owner) for minute, code, owner, _ in drawn}
    tokens = {minute: token(minute, is_valid=valid) for minute, valid, _ in words}
    ordered = [looks[minute] for minute in sorted(looks)]
    found = {int(one.split()[0]) for one in turned(ordered, [tokens[minute] for minute in sorted(tokens)])}
    doubtful = {minute for minute, look in looks.items() if judged(look).provisional}
    assert found <= doubtful


def judged(look: Said) -> Finding:
    (one,) = Target("cloud-api", "api", [look]).exchanges()
    found = judge(one, KNOWN)
    assert (found.column is Column.UP) == (found.cause is Cause.NONE)
    return found


def test_token_looks_leave_out_calls_that_failed() -> None:
    looks = [token(1), Said(minute=2, http_status=500, body={"error": {"code": 2}}), token(3, is_valid=False)]
    found = list(token_looks(Target("token", "token", looks).account_of()))
    assert [(one.at_ms - START) // MINUTE for one in found] == [1, 3]
    assert [one.good for one in found] == [True, False]
