"""Limits that were not ours, bursts, the order of the table, people before rules, and what is said of the rest."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.core.hindsight import START, Case, Said, Target, around, heard, minute_ms, said, statuses, token, turned
from wamon.core.finding import Origin, Verdict
from wamon.core.posted import Outage
from wamon.core.reclassification import Account, rejudge
from wamon.core.rules_hindsight import HINDSIGHT
from wamon.core.timeline import DAY, MINUTE, SECOND, Span

MANAGEMENT = "whatsapp-business-api/WhatsApp Business account management"


def usage(percent: int, header: str = "x-app-usage") -> dict[str, dict[str, str]]:
    """The header of an answer that tells how full the quota is."""
    counts = {"call_count": percent, "total_cputime": 1, "total_time": 1}
    business = {"2": [{"type": "whatsapp", **counts, "estimated_time_to_regain_access": 0}]}
    return {"headers": {header: json.dumps(counts if header == "x-app-usage" else business)}}


def throttled(minute: float, code: int = 4, **rest: Any) -> Said:
    return said(minute, code, **rest)


FIVE = ["5 system_error throttling down limit_not_ours"]


@pytest.mark.parametrize(
    "looks",
    [
        [said(4, **usage(12)), throttled(5), said(6)],
        [said(4, **usage(79)), throttled(5), said(6, **usage(95))],
        [said(-5, **usage(12)), throttled(5), said(6)],
        [said(4, **usage(12, "x-business-use-case-usage")), throttled(5, 80007), said(6)],
        [said(4), throttled(5, 80008, **usage(3)), said(6)],
        [said(-5.5, **usage(99)), said(4, **usage(12)), throttled(5), said(6)],
    ],
)
def test_a_limit_hit_with_a_nearly_untouched_quota_was_not_ours(looks: list[Said]) -> None:
    assert turned(looks) == FIVE


@pytest.mark.parametrize(
    "looks",
    [
        [said(4), throttled(5), said(6)],
        [said(4, **usage(80)), throttled(5), said(6)],
        [said(4, **usage(12)), throttled(5, **usage(100)), said(6)],
        [said(-4, **usage(90)), said(4, **usage(12)), throttled(5), said(6)],
        [said(-5.1, **usage(12)), throttled(5), said(6)],
        [throttled(5), said(6, **usage(12))],
        [said(4, **usage(12)), throttled(5, 130429), said(6)],
        [said(4, **usage(12)), throttled(5, 131056), said(6)],
        [said(4, headers={"x-app-usage": "not json"}), throttled(5), said(6)],
    ],
)
def test_without_usage_headers_that_stayed_low_a_limit_was_ours(looks: list[Said]) -> None:
    assert turned(looks) == []


def test_a_long_block_is_judged_by_the_headers_before_it_and_by_none_that_was_high_since() -> None:
    looks = [said(0, **usage(20)), *(throttled(minute) for minute in range(1, 40)), said(40)]
    assert len(turned(looks)) == 39
    looks[20] = throttled(20, **usage(85))
    assert [int(one.split()[0]) for one in turned(looks)] == list(range(1, 20))


@pytest.mark.parametrize(
    ("first_s", "others", "turns"),
    [
        (3_600, 0, True),
        (2, 0, True),
        (2, 728, True),
        (2, 729, False),
        (2, 5_000, False),
    ],
)
def test_the_calls_we_know_of_are_under_half_of_what_meta_documents(
    first_s: int, others: int, turns: bool
) -> None:
    """2,500 calls an hour are half of the limit of an account with a registered number."""
    own = [said(4 - one * first_s / 60, **usage(12)) for one in range(1_800)]
    looks = [*reversed(own), throttled(5), said(6)]
    more = [Target("more", "api", [said(4 - one / 60) for one in reversed(range(others))], SECOND)]
    assert turned(looks, more=more, within=Span(minute_ms(5), minute_ms(6))) == (FIVE if turns else [])


def test_looks_that_are_no_calls_of_the_app_use_up_no_quota() -> None:
    answered = {"reached": "answered", "http_status": 200, "body": "1"}
    hook = Target("hook", "webhook", [said(4 - one / 60, **answered) for one in reversed(range(3_000))], SECOND)
    assert turned([said(4, **usage(12)), throttled(5), said(6)], more=[hook]) == FIVE


def test_a_number_that_never_answered_has_the_small_quota() -> None:
    refused = [said(half / 2, 190) for half in range(-190, 8)]
    looks = [*refused, said(4, 190, **usage(12)), throttled(5)]
    assert [one for one in turned(looks[-100:]) if "limit_not_ours" in one] == []
    assert [one for one in turned(looks[-99:]) if "limit_not_ours" in one] == FIVE
    assert [one for one in turned([said(-96), *looks]) if "limit_not_ours" in one] == FIVE


def test_a_send_is_held_to_the_limit_of_sends_and_a_call_without_one_to_none() -> None:
    sent = {"body": {"messages": [{"id": "wamid.A"}]}}
    looks = [said(4, **usage(12), **sent), throttled(5), said(6, **sent)]
    assert turned(looks, probe="message") == FIVE
    assert [one for one in turned(looks, probe="edge") if "limit_not_ours" in one] == []


def test_another_accounts_headers_and_calls_are_not_ours() -> None:
    theirs = Target("theirs", "api", [said(4, **usage(12))], account="theirs")
    assert turned([said(4), throttled(5), said(6)], more=[theirs]) == []
    ours = Target("ours", "message", [said(4, **usage(12))])
    assert turned([said(4), throttled(5), said(6)], more=[ours]) == FIVE


def test_graph_documents_no_limit_for_calls_without_a_token() -> None:
    assert turned([said(4, **usage(12)), throttled(5), said(6)], probe="edge") == []


# ---------------------------------------------------------------------------- bursts


def test_a_neighbour_that_another_rule_turned_carries_the_burst() -> None:
    """Real outages mix 190, 100 and 4: what a token's proof turned is system by its own evidence."""
    looks = [said(3), said(4, 190), throttled(5), said(6, 190), said(7)]
    assert turned(looks) == []
    found = turned(looks, [token(4), token(6)])
    assert [one.split()[-1] for one in found] == ["same_token_valid", "mixed_burst", "same_token_valid"]


def test_a_neighbour_that_another_rule_acquitted_carries_nothing() -> None:
    delivered = {"status": "delivered", "id": "wamid.A"}
    failed = [
        statuses(minute, {"status": "failed", "id": "wamid.A", "errors": [{"code": 131016}]}) for minute in (4, 6)
    ]
    looks = [failed[0], throttled(5), failed[1]]
    hook = Target("hook", "status", [statuses(8, delivered)])
    assert [one.split()[-1] for one in turned(looks, probe="roundtrip")] == ["mixed_burst"]
    found = turned(looks, probe="roundtrip", more=[hook])
    assert [one.split()[-1] for one in found] == ["delivered_wins", "delivered_wins"]


# ---------------------------------------------------------------------------- the order


def test_the_table_is_in_the_order_it_was_written_in() -> None:
    assert [rule.__name__ for rule in HINDSIGHT] == [
        "same_token_valid",
        "permission",
        "token_was_invalid",
        "same_request_accepted",
        "cured_by_a_change",
        "only_us",
        "mixed_burst",
        "limit_not_ours",
        "controls_failed",
        "everywhere_but_there",
        "endpoint_was_down",
        "delivered_wins",
        "meta_posted_it",
        "no_new_evidence",
    ]


def test_every_rule_spells_its_conditions_out() -> None:
    brief = {"controls_failed", "no_new_evidence"}
    for rule in HINDSIGHT:
        text = rule.__doc__ or ""
        assert text.splitlines()[0].endswith("."), rule.__name__
        assert "Preconditions:" in text or rule.__name__ in brief, rule.__name__


OUTAGE = (Outage(MANAGEMENT, minute_ms(30), minute_ms(90)),)


@pytest.mark.parametrize(
    ("story", "rule"),
    [
        ({"looks": around(said(5, 190)), "tokens": [token(5)], "outages": OUTAGE}, "same_token_valid"),
        (
            {"looks": around(said(5, 190)), "tokens": [token(5, is_valid=False)], "outages": OUTAGE},
            "token_was_invalid",
        ),
        ({"looks": around(said(4, 2), said(5, 190), said(6, 2)), "outages": OUTAGE}, "mixed_burst"),
        ({"looks": around(said(4, 2), said(5, 100), said(6, 2))}, "same_request_accepted"),
        ({"looks": [said(4, 2, **usage(9)), throttled(5), said(6, 2)]}, "mixed_burst"),
        ({"looks": around(said(5, 190)), "outages": OUTAGE, "now_ms": START + 9 * DAY}, "meta_posted_it"),
        ({"looks": around(said(5, 190)), "now_ms": START + 9 * DAY}, "no_new_evidence"),
    ],
)
def test_the_first_rule_that_fires_decides(story: dict[str, Any], rule: str) -> None:
    (found,) = [one for one in turned(**story) if one.startswith("5 ")]
    assert found.split()[-1] == rule


def test_people_come_before_every_rule_and_others_hear_what_they_said() -> None:
    """What a person ruled stays, and a neighbour that they called Meta's fault carries a burst."""
    looks = [said(3), said(4, 131026), throttled(5), said(6, 131016), said(7)]
    targets = [Target("cloud-api", "api", looks)]
    assert Case(targets).turned() == []
    own = targets[0].account_of()
    place = 1
    ruled = own.marks[2].__class__(own.marks[place].at_ms, own.marks[place].context, own.marks[3].finding)
    marks = [*own.marks[:place], ruled, *own.marks[place + 1 :]]
    people = Account("cloud-api", "graph", marks, own.exchanges, frozenset({minute_ms(4)}))
    found = judged_with(people, targets)
    assert found == [("5", "mixed_burst")]


def judged_with(own: Account, targets: Sequence[Target]) -> list[tuple[str, str]]:
    case = Case(targets)
    past = case.gathered([own]).history(own.target)
    rulings = rejudge(own, past, case.within, "edition").rulings
    return [(str((one.at_ms - START) // MINUTE), one.finding.rule) for one in rulings]


# ---------------------------------------------------------------------------- later weeks


def test_evidence_of_a_later_week_turns_again_and_its_loss_turns_back() -> None:
    """First firm for want of evidence, then Meta's by a word that came late, then ours again by a better one."""
    looks = around(said(5, 190))
    week = {"now_ms": START + 8 * DAY}
    assert turned(looks, **week) == ["5 user_error authentication user no_new_evidence"]
    assert turned(looks, [token(5)], **week) == ["5 system_error authentication down same_token_valid"]
    assert turned(around(said(5, 190), said(6, 190)), [token(5), token(6, is_valid=False)], **week) == [
        f"{minute} user_error authentication user no_new_evidence" for minute in (5, 6)
    ]


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ([token(5)], [token(5, is_valid=False)]),
        ([token(5, is_valid=False)], [token(5)]),
        ([], [token(5)]),
        ([token(5)], []),
    ],
)
def test_each_pass_judges_from_the_facts_and_not_from_the_pass_before(
    first: list[Said], later: list[Said]
) -> None:
    looks = Target("cloud-api", "api", around(said(5, 190)))
    before = Case([looks, Target("token", "token", first, 15 * MINUTE)], now_ms=START + 8 * DAY)
    after = Case([looks, Target("token", "token", later, 15 * MINUTE)], now_ms=START + 15 * DAY)
    stands = {one.at_ms: one.finding for one in after.judged().rulings}
    (turned_first,) = before.judged().rulings
    own = looks.account_of()
    marks = [
        mark.__class__(mark.at_ms, mark.context, turned_first.finding)
        if mark.at_ms == turned_first.at_ms
        else mark
        for mark in own.marks
    ]
    second = Account(own.target, own.account, marks, own.exchanges)
    others = [one.account_of() for one in after.targets[1:]]
    past = after.gathered([second, *others]).history("cloud-api")
    rulings = rejudge(second, past, after.within, "edition").rulings
    again = {turned_first.at_ms: turned_first.finding, **{one.at_ms: one.finding for one in rulings}}
    assert {key: (one.verdict, one.column) for key, one in again.items()} == {
        key: (one.verdict, one.column) for key, one in stands.items()
    }
    assert all(one.origin is Origin.RECLASSIFICATION for one in rulings)


# ---------------------------------------------------------------------------- what is missing


def missing(
    looks: Sequence[Said], tokens: Sequence[Said] = (), probe: str = "api", **rest: Any
) -> set[tuple[str, str]]:
    own, inspected = Target("cloud-api", probe, looks), Target("token", "token", tokens, 15 * MINUTE)
    return Case([own, inspected, *rest.pop("more", ())], **rest).missing()


LOST = {"reached": "none", "failure": "connect_timeout", "http_status": None, "body": None}
SILENT = {"reached": "sent", "failure": "read_timeout", "http_status": None, "body": None}


@pytest.mark.parametrize(
    ("story", "rule", "sentence"),
    [
        ({"looks": around(said(5, 190))}, "same_token_valid", "debug_token said nothing of this very token"),
        (
            {"looks": around(said(5, 190)), "tokens": [token(3)]},
            "same_token_valid",
            "debug_token did not call the token valid, with both permissions, all that time.",
        ),
        (
            {"looks": around(said(5, 190), said(6, token_fingerprint="U")), "tokens": [token(5)]},
            "same_token_valid",
            "The token was changed",
        ),
        ({"looks": around(said(5, 10)), "tokens": [token(5)]}, "permission", "No unrelated app was refused"),
        ({"looks": [said(5, 100), said(6)]}, "same_request_accepted", "not accepted within 24 hours before"),
        ({"looks": [said(4), said(5, 100)]}, "same_request_accepted", "not accepted within 24 hours after"),
        ({"looks": around(said(5, 132000))}, "same_request_accepted", "Nothing shows that the template's"),
        ({"looks": around(said(5, 100, request_fingerprint=None))}, "same_request_accepted", "has no fingerprint"),
        ({"looks": around(said(5, 131000))}, "only_us", "Neither the error's details nor health nor template"),
        ({"looks": around(throttled(5))}, "limit_not_ours", "No usage header told"),
        ({"looks": [said(4, **usage(90)), throttled(5)]}, "limit_not_ours", "80 % of the quota or more"),
        ({"looks": around(said(5, **LOST))}, "everywhere_but_there", "No second resolver and no other site"),
        ({"looks": [said(5, **SILENT)], "probe": "roundtrip"}, "endpoint_was_down", "No target watches our own"),
        (
            {"looks": around(said(5, 131045))},
            "meta_posted_it",
            "Meta posted no outage of its service at that time.",
        ),
    ],
)
def test_a_doubtful_verdict_that_stayed_says_what_it_lacked(
    story: dict[str, Any], rule: str, sentence: str
) -> None:
    ((found, lacked),) = missing(**story)
    assert found == rule
    assert sentence in lacked
    assert lacked.endswith(".")


def test_what_turned_and_what_is_firm_lacks_nothing() -> None:
    assert missing(around(said(5, 190)), [token(5)]) == set()
    assert missing(around(said(5, 190)), [token(5, is_valid=False)]) == set()
    assert missing(around(said(5, 131026))) == set()
    assert missing(around(said(5, **LOST)), known=heard((5, True))) == set()


def test_what_became_firm_for_want_of_evidence_still_says_what_it_lacked() -> None:
    assert {rule for rule, _ in missing(around(said(5, 190)), now_ms=START + 9 * DAY)} == {"same_token_valid"}
    assert missing(around(said(5, 131026)), now_ms=START + 9 * DAY) == set(), "what was firm lacked nothing"


def test_good_looks_are_never_judged_again() -> None:
    found = Case([Target("cloud-api", "api", around())]).judged()
    assert (found.rulings, found.kept) == ([], [])
    assert {mark.finding.verdict for mark in Target("a", "api", around()).account_of().marks} == {Verdict.OK}
