"""Rules of hindsight that ask others: another app, the account's health, peers, our endpoint, second opinions."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from tests.core.hindsight import (
    QUARTER,
    START,
    Case,
    Said,
    Target,
    around,
    heard,
    minute_ms,
    said,
    statuses,
    token,
    turned,
    webhook,
)
from wamon.core.posted import Outage
from wamon.core.reclassification import with_hindsight
from wamon.core.rules_hindsight.case import Case as RuleCase
from wamon.core.rules_hindsight.number import about_number
from wamon.core.timeline import HOUR, MINUTE, Span

DENIED = [said(minute, 10) for minute in (4, 5, 6)]
REFUSED = [said(minute, 190) for minute in (4, 5, 6)]
OURS, THEIRS = "1000001", "2000002"
MANAGEMENT, CLOUD = "whatsapp-business-api/WhatsApp Business account management", "whatsapp-business-api/Cloud API"


def posted(service: str, first: float, resolved: float | None) -> tuple[Outage, ...]:
    return (Outage(service, minute_ms(first), None if resolved is None else minute_ms(resolved)),)


# ---------------------------------------------------------------------------- permission


def denied(
    own: Sequence[Said] = tuple(DENIED),
    theirs: Sequence[Said] = (),
    *,
    app: str = THEIRS,
    tokens: Sequence[Said] = (token(5, app_id=OURS),),
    their_tokens: Sequence[Said] | None = None,
    **rest: Any,
) -> list[str]:
    """A permission denied to us, while another account's target saw what is given."""
    inspected = [token(5, "U", app_id=app)] if their_tokens is None else their_tokens
    looks = [one | {"token_fingerprint": "U"} for one in theirs]
    targets = [
        Target("cloud-api", "api", around(*own)),
        Target("token", "token", tokens, QUARTER),
        Target("their-api", "api", looks, account="theirs"),
        Target("their-token", "token", inspected, QUARTER, account="theirs"),
    ]
    return Case(targets, **rest).turned()


PERMISSION = [f"{minute} system_error permission down permission" for minute in (4, 5, 6)]


@pytest.mark.parametrize(
    ("own", "theirs", "outages"),
    [
        (DENIED, [said(4.5, 10)], ()),
        (DENIED, [said(5, 190)], ()),
        (DENIED, [said(6.9, 131005), said(7.5)], ()),
        (DENIED, [], posted(MANAGEMENT, 30, 90)),
        (DENIED, [], posted(MANAGEMENT, -20, None)),
        ([said(minute, 3, http_status=500) for minute in (4, 5, 6)], [said(5, 3)], ()),
        ([said(minute, 131005) for minute in (4, 5, 6)], [said(5, 10)], ()),
        ([said(minute, 200) for minute in (4, 5, 6)], [said(5, 10)], ()),
        ([said(minute, 299) for minute in (4, 5, 6)], [said(5, 10)], ()),
        ([said(minute, 100, 33) for minute in (4, 5, 6)], [said(5, 10)], ()),
    ],
)
def test_a_permission_denied_to_several_apps_at_once_is_metas_fault(
    own: list[Said], theirs: list[Said], outages: tuple[Outage, ...]
) -> None:
    assert denied(own, theirs, outages=outages) == PERMISSION


@pytest.mark.parametrize(
    "story",
    [
        {},
        {"theirs": [said(4), said(5), said(6)]},
        {"theirs": [said(4.5, 10)], "app": OURS},
        {"theirs": [said(4.5, 10)], "their_tokens": []},
        {"theirs": [said(4.5, 10)], "tokens": [token(5)]},
        {"theirs": [said(4.5, 10)], "tokens": []},
        {"theirs": [said(4.5, 10)], "tokens": [token(5, app_id=OURS, is_valid=False), token(5.5, app_id=OURS)]},
        {"theirs": [said(2.9, 10)]},
        {"theirs": [said(7.1, 10)]},
        {"theirs": [said(5, 190, 463)]},
        {"theirs": [said(5, 100)]},
        {"theirs": [said(5, 131026)]},
        {"theirs": [said(5, 190)], "their_tokens": [token(5, "U", app_id=THEIRS, is_valid=False)]},
        {"own": [said(minute, 200, 1349174) for minute in (4, 5, 6)], "theirs": [said(5, 10)]},
        {"outages": posted(CLOUD, 30, 90)},
        {"outages": posted("graph-api", 30, 90)},
        {"outages": posted(MANAGEMENT, 67, 90)},
        {"outages": posted(MANAGEMENT, -60, 4)},
    ],
)
def test_a_permission_denied_to_us_alone_stays_ours(story: dict[str, Any]) -> None:
    assert [one for one in denied(**story) if "system_error" in one] == []


def beside_them(
    fingerprint: str, inspected: Sequence[Said], *, app: str = "", ours: Sequence[Said] = ()
) -> list[str]:
    """A permission denied to us and to another account, whose token and app are told in various ways."""
    own = [token(5, app_id=OURS), *ours]
    theirs = [said(5, 10) | {"token_fingerprint": fingerprint}]
    targets = [
        Target("cloud-api", "api", around(*DENIED)),
        Target("token", "token", own, QUARTER),
        Target("their-api", "api", theirs, account="theirs", identity={"app": app}),
        Target("their-token", "token", inspected, QUARTER, account="theirs"),
    ]
    return Case(targets).turned()


OTHERS = "333333333333333"


def test_an_app_is_known_by_its_account_where_its_token_was_never_inspected() -> None:
    assert beside_them("V", [token(5, "U", app_id=THEIRS)]) == PERMISSION
    assert beside_them("V", [token(5, "U", app_id=OURS)]) == []


def test_an_account_whose_tokens_belong_to_several_apps_tells_of_none() -> None:
    several = [token(5, "U", app_id=THEIRS), token(6, "W", app_id=OTHERS)]
    assert beside_them("V", several) == []
    assert beside_them("U", several) == PERMISSION, "its own token still does"


def test_the_configured_app_counts_where_no_token_tells_one() -> None:
    assert beside_them("V", [], app=THEIRS) == PERMISSION
    assert beside_them("V", [], app=OURS) == []
    assert beside_them("V", [token(5, "U", app_id=OURS)], app=THEIRS) == [], "what debug_token says outranks it"


def test_a_token_says_whose_app_it_is_whichever_account_asked() -> None:
    assert beside_them("V", [token(5, "U", app_id=THEIRS)], ours=[token(6, "V", app_id=OURS)]) == []


# ---------------------------------------------------------------------------- the health of the number


def health(minute: float, state: str = "CONNECTED", **blocked: str) -> Said:
    """A good look at the number's node that tells its state and health; such as ``WABA="BLOCKED"``."""
    entities = [
        {"entity_type": kind, "can_send_message": blocked.get(kind, "AVAILABLE")}
        | ({"errors": [{"error_code": 141006}]} if blocked.get(kind) == "BLOCKED" else {})
        for kind in ("PHONE_NUMBER", "WABA", "BUSINESS", "APP")
    ]
    overall = "BLOCKED" if "BLOCKED" in blocked.values() else "AVAILABLE"
    node = {"id": "1", "display_phone_number": "1", "status": state, "quality_rating": "GREEN"}
    told = {"health_status": {"can_send_message": overall, "entities": entities}}
    return said(minute, body=node | told)


def test_a_healthy_connected_number_does_not_stand_in_the_way() -> None:
    looks = around(health(3), *REFUSED, health(7), health(8, PHONE_NUMBER="LIMITED"))
    assert {one.split()[-1] for one in turned(looks, [token(5)])} == {"same_token_valid"}


@pytest.mark.parametrize(
    "looks",
    [
        around(health(3, PHONE_NUMBER="BLOCKED"), *REFUSED),
        around(*REFUSED, health(7, PHONE_NUMBER="BLOCKED")),
        around(*REFUSED, health(9, WABA="BLOCKED")),
        around(health(1, APP="BLOCKED"), *REFUSED),
        around(health(3, "DISCONNECTED"), *REFUSED),
        around(*REFUSED, health(7, "BANNED")),
    ],
)
def test_a_blocked_or_disconnected_number_may_be_why_the_token_was_refused(looks: list[Said]) -> None:
    assert turned(looks, [token(5)]) == []


@pytest.mark.parametrize(
    ("sight", "identity", "turns"),
    [
        (health(5, BUSINESS="BLOCKED"), {}, 0),
        (health(5, PHONE_NUMBER="BLOCKED"), {}, 3),
        (health(5, PHONE_NUMBER="BLOCKED"), {"number": "N"}, 0),
        (health(5, "DISCONNECTED"), {"number": "N"}, 0),
        (health(5, "DISCONNECTED"), {"number": "M"}, 3),
        (health(5), {"number": "N"}, 3),
        (health(5 + 25 * 60, WABA="BLOCKED"), {}, 3),
    ],
)
def test_another_targets_word_on_health_counts_for_the_account_or_the_same_number(
    sight: Said, identity: dict[str, str], turns: int
) -> None:
    other = Target("other-api", "api", [sight], identity=identity)
    assert len(turned(around(*REFUSED), [token(5)], more=[other], identity={"number": "N"})) == turns


def test_calling_that_is_blocked_is_no_blocked_number() -> None:
    """Meta's sample: the overall word is BLOCKED though every entity may send."""
    look = health(7)
    look["body"]["health_status"]["can_send_message"] = "BLOCKED"
    assert len(turned(around(*REFUSED, look), [token(5)])) == 3


# ---------------------------------------------------------------------------- a token that was replaced

NEW = {"token_fingerprint": "U"}


@pytest.mark.parametrize(
    ("looks", "firm"),
    [
        ([said(3), *REFUSED, said(7, **NEW), said(8, 190), said(9, **NEW)], ["4", "5", "6"]),
        ([said(3), *REFUSED, said(7, **NEW), said(9, **NEW)], []),
        ([said(3), *REFUSED, said(7, **NEW), said(8), said(9, 190)], []),
        ([said(3), *REFUSED, said(7, 190, **NEW), said(8, 190)], []),
        ([said(3), *REFUSED, said(7), said(8, 190)], []),
    ],
)
def test_a_rotation_proves_something_only_if_the_old_token_still_fails(looks: list[Said], firm: list[str]) -> None:
    found = [one.split() for one in turned(looks) if one.endswith("token_was_invalid")]
    assert [one[0] for one in found] == firm
    assert {(one[1], one[3]) for one in found} <= {("user_error", "user")}


def test_a_rotation_proves_nothing_against_a_token_called_valid() -> None:
    looks = [said(3), *REFUSED, said(7, **NEW), said(8, 190), said(9, **NEW)]
    assert [one for one in turned(looks, [token(5)]) if "token_was_invalid" in one] == []


# ---------------------------------------------------------------------------- templates


def node(minute: float, text: str = "Hello", status: str = "APPROVED", name: str = "canary") -> Said:
    """A good look at a template's node."""
    components = [{"type": "BODY", "text": text}]
    body = {"id": "9", "name": name, "language": "en_US", "status": status, "components": components}
    return Said(minute=minute, reached="answered", http_status=200, body=body)


def template_event(minute: float, field: str, name: str = "canary", **value: Any) -> Said:
    about = {"message_template_name": name, "message_template_language": "en_US"}
    return webhook(minute, field, **about, **value)


COMPONENTS, STATUS = "message_template_components_update", "message_template_status_update"


def mismatched(
    nodes: Sequence[Said], events: Sequence[Said] = (), code: int = 132000, mine: str = "canary/en_US"
) -> Any:
    sent = {"body": {"messages": [{"id": "wamid.A"}]}}
    looks = [said(4, **sent), said(5, code), said(6, **sent)]
    more = [Target("templates", "api", nodes), Target("hook", "status", events)]
    return turned(looks, probe="message", more=more, identity={"template": mine})


@pytest.mark.parametrize("code", [132000, 132012])
def test_a_template_that_stayed_the_same_clears_the_request(code: int) -> None:
    found = mismatched([node(3), node(5.5), node(7)], [template_event(2, COMPONENTS)], code)
    assert found == ["5 system_error template down same_request_accepted"]
    assert mismatched([node(4), node(6)], [template_event(5, COMPONENTS, name="other")], code) == found


@pytest.mark.parametrize(
    ("nodes", "events", "mine"),
    [
        ([], [], "canary/en_US"),
        ([node(3)], [], "canary/en_US"),
        ([node(7)], [], "canary/en_US"),
        ([node(4.5), node(7)], [], "canary/en_US"),
        ([node(3), node(5.9)], [], "canary/en_US"),
        ([node(3), node(7, "Hello!")], [], "canary/en_US"),
        ([node(3), node(5, "Hello!"), node(7)], [], "canary/en_US"),
        ([node(3), node(7)], [template_event(5, COMPONENTS)], "canary/en_US"),
        ([node(3), node(7)], [], "canary/de"),
        ([node(3), node(7)], [], ""),
        ([node(3, name="other"), node(7, name="other")], [], "canary/en_US"),
    ],
)
def test_a_template_that_changed_or_may_have_turns_nothing(
    nodes: list[Said], events: list[Said], mine: str
) -> None:
    assert mismatched(nodes, events, mine=mine) == []


# ---------------------------------------------------------------------------- cured by a change

GOOD, BAD, OTHER = ({"request_fingerprint": one} for one in "RBO")


@pytest.mark.parametrize(
    "looks",
    [
        [said(3, **GOOD), said(4, 100, **BAD), said(5, 100, **BAD), said(6, **GOOD)],
        [said(4, 100, **BAD), said(5, 131009, **BAD), said(6, **OTHER)],
        [said(4, 100, **BAD), said(6, **OTHER), said(7, 100, **BAD), said(8, **OTHER)],
        [said(4, 132000, **BAD), said(6, **OTHER)],
        [said(4, 999999, **BAD), said(6, **OTHER)],
    ],
)
def test_a_request_that_was_never_accepted_was_at_fault_once_another_one_is(looks: list[Said]) -> None:
    found = turned(looks)
    failed = [one for one in looks if one["request_fingerprint"] == "B"]
    assert len(found) == len(failed)
    assert {(one.split()[1], one.split()[3], one.split()[4]) for one in found} == {
        ("user_error", "user", "cured_by_a_change")
    }


@pytest.mark.parametrize(
    "looks",
    [
        [said(2, **BAD), said(4, 100, **BAD), said(6, **OTHER)],
        [said(4, 100, **BAD), said(5, 100, **BAD)],
        [said(3, **OTHER), said(4, 100, **BAD)],
        [said(4, 100, **BAD), said(6, 100, **OTHER)],
        [said(4, 100, **BAD), said(6, **OTHER), said(8, **BAD)],
        [said(4, 190, **BAD), said(6, **OTHER)],
        [said(4, 10, **BAD), said(6, **OTHER)],
        [said(4, 100, request_fingerprint=None), said(6, **OTHER)],
        [said(4, 131026, **BAD), said(6, **OTHER)],
    ],
)
def test_a_workaround_is_no_cure(looks: list[Said]) -> None:
    assert turned(looks) == []


def test_a_refusal_amid_system_faults_is_not_cured_by_the_next_request() -> None:
    looks = [said(3, 131016, **OTHER), said(4, 100, **BAD), said(5, 131016, **OTHER), said(6, **OTHER)]
    assert turned(looks) == ["4 system_error validation down mixed_burst"]


def test_another_targets_acceptance_is_no_cure() -> None:
    assert turned([said(4, 100, **BAD)], others=[said(6, **OTHER)]) == []


# ---------------------------------------------------------------------------- only us


def generic(minute: float, details: str = "", code: int = 131000) -> Said:
    error = {"message": "m", "code": code, "error_data": {"details": details}}
    return said(minute, code, body={"error": error}, http_status=500)


SENT = {"body": {"messages": [{"id": "wamid.A"}]}, "http_status": 200}


def sent(*minutes: float) -> list[Said]:
    return [said(minute, **SENT) for minute in minutes]


def alone(
    bad: Said, peers: Sequence[Sequence[Said]], *, more: Sequence[Target] = (), **identity: str
) -> list[str]:
    looks = [*sent(3), bad, *sent(7)]
    others = [Target(f"peer-{n}", "message", row) for n, row in enumerate(peers)]
    return turned(looks, probe="message", more=[*others, *more], identity=identity)


UNPAID = "There is a problem with the payment method of this account"


@pytest.mark.parametrize(
    ("details", "cause"),
    [
        (UNPAID, "payment"),
        ("Template is paused due to low quality", "template"),
        ("Phone number is not registered", "registration"),
        ("This account has been restricted", "integrity"),
        ("The app has no permission for this asset", "permission"),
        ("Parameter value is malformed", "validation"),
        ("Media file is too large", "media"),
    ],
)
def test_a_generic_error_that_names_our_cause_on_one_number_is_that_numbers(details: str, cause: str) -> None:
    assert alone(generic(5, details), [sent(4, 5, 6)]) == [f"5 user_error {cause} user only_us"]


@pytest.mark.parametrize("peers", [[sent(5)], [sent(4.5, 5.5)], [sent(4, 6)], [sent(4, 6), [said(5, 131026)]]])
def test_peers_speak_from_both_sides_of_the_moment(peers: list[list[Said]]) -> None:
    assert alone(generic(5, UNPAID), peers) == ["5 user_error payment user only_us"]


@pytest.mark.parametrize(
    ("bad", "peers"),
    [
        (generic(5, UNPAID), []),
        (generic(5, UNPAID), [sent(4)]),
        (generic(5, UNPAID), [sent(6)]),
        (generic(5, UNPAID), [sent(3.9, 6.1)]),
        (generic(5, UNPAID), [[said(4, 190), said(6, 190)]]),
        (generic(5, UNPAID), [sent(4, 6), [generic(4), generic(6)]]),
        (generic(5, UNPAID), [sent(4, 6), [*sent(4), said(5.5, 131016)]]),
        (generic(5), [sent(4, 6)]),
        (generic(5, "Something went wrong"), [sent(4, 6)]),
        (generic(5, "The payment service is temporarily unavailable"), [sent(4, 6)]),
        (generic(5, "Internal error while checking the template"), [sent(4, 6)]),
        (generic(5, UNPAID, 131016), [sent(4, 6)]),
        (generic(5, UNPAID, 2), [sent(4, 6)]),
    ],
)
def test_without_a_name_or_without_peers_it_stays_metas(bad: Said, peers: list[list[Said]]) -> None:
    assert alone(bad, peers) == []


def test_the_same_number_asked_twice_is_no_peer() -> None:
    twin = Target("twin", "message", sent(4, 5, 6), identity={"number": "N"})
    assert alone(generic(5, UNPAID), [], more=[twin], number="N") == []
    assert alone(generic(5, UNPAID), [], more=[twin], number="M") == ["5 user_error payment user only_us"]


@pytest.mark.parametrize(
    ("sights", "number", "turns"),
    [
        ([health(4, PHONE_NUMBER="BLOCKED"), health(6, PHONE_NUMBER="BLOCKED")], "N", True),
        ([health(5, PHONE_NUMBER="BLOCKED")], "N", True),
        ([health(4, PHONE_NUMBER="BLOCKED"), health(6)], "N", False),
        ([health(4, PHONE_NUMBER="BLOCKED")], "N", False),
        ([health(4, PHONE_NUMBER="BLOCKED"), health(66, PHONE_NUMBER="BLOCKED")], "N", False),
        ([health(4, PHONE_NUMBER="BLOCKED"), health(6, PHONE_NUMBER="BLOCKED")], "M", False),
        ([health(4), health(6)], "N", False),
    ],
)
def test_the_numbers_health_may_name_the_cause(sights: list[Said], number: str, turns: bool) -> None:
    api = Target("api", "api", sights, identity={"number": "N"})
    found = alone(generic(5), [sent(4, 6)], more=[api], number=number)
    assert found == (["5 user_error payment user only_us"] if turns else [])


@pytest.mark.parametrize(
    ("events", "turns"),
    [
        ([template_event(1, STATUS, event="PAUSED")], True),
        ([template_event(1, STATUS, event="PAUSED"), template_event(2, STATUS, event="APPROVED")], False),
        ([template_event(6, STATUS, event="PAUSED")], False),
        ([template_event(1, STATUS, name="other", event="PAUSED")], False),
        ([template_event(1, STATUS, event="FLAGGED")], False),
    ],
)
def test_a_template_that_was_stopped_may_name_the_cause(events: list[Said], turns: bool) -> None:
    hook = Target("hook", "status", events)
    found = alone(generic(5), [sent(4, 6)], more=[hook], template="canary/en_US")
    assert found == (["5 user_error template user only_us"] if turns else [])


@pytest.mark.parametrize("code", [2, 131016])
def test_the_two_codes_that_are_always_metas_stay_so_even_if_a_catalogue_doubts_them(code: int) -> None:
    targets = [
        Target("send", "message", [*sent(3), generic(5, UNPAID), *sent(7)]),
        Target("peer", "message", sent(5)),
    ]
    doubted = msgspec.structs.replace(case_at(targets, 5).finding, code=code)
    assert about_number(case_at(targets, 5))
    assert not about_number(case_at(targets, 5)._replace(finding=doubted))


def case_at(targets: Sequence[Target], minute: float) -> RuleCase:
    own = targets[0].account_of()
    past = Case(targets).gathered([own]).history(own.target)
    return next(case for case, _ in with_hindsight(own, past) if own.marks[case.place].at_ms == minute_ms(minute))


def test_only_us_is_no_wider_than_the_number() -> None:
    targets = [
        Target("send", "message", [*sent(3), generic(5, UNPAID), *sent(7)]),
        Target("peer", "message", sent(4, 5, 6)),
    ]
    (one,) = Case(targets).judged().rulings
    assert (one.finding.scope, one.finding.code, one.evidence) == (
        "number",
        131000,
        ("peer@2026-11-03T10:05:00Z",),
    )


# ---------------------------------------------------------------------------- the way to Meta

LOST = {"reached": "none", "failure": "dns_error", "http_status": None, "body": None}
NOWHERE = {"name": "9.9.9.9", "found": False, "controls_found": True}
FINE = heard((5, False))
SHUT = ["5 system_error edge down everywhere_but_there"]


def lost(minute: float = 5, **rest: Any) -> Said:
    return said(minute, **(LOST | rest))


def test_a_name_that_two_resolvers_cannot_find_is_metas_fault() -> None:
    assert turned(around(lost(second_resolver=NOWHERE)), known=FINE) == SHUT


@pytest.mark.parametrize(
    ("second", "known"),
    [
        (None, FINE),
        (NOWHERE | {"controls_found": False}, FINE),
        (NOWHERE, heard()),
        (NOWHERE, heard((5, True))),
        ({"name": "9.9.9.9", "found": False}, FINE),
        ({"found": False, "controls_found": True}, FINE),
        ("9.9.9.9", FINE),
    ],
)
def test_half_of_a_second_opinion_turns_nothing(second: Any, known: Any) -> None:
    found = turned(around(lost(second_resolver=second)), known=known)
    assert [one for one in found if "system_error" in one] == []


def test_a_second_resolver_says_nothing_of_a_connection() -> None:
    look = lost(failure="connect_timeout", second_resolver=NOWHERE)
    assert turned(around(look), known=FINE) == ["5 network_error path network never_through"]


def test_a_resolver_of_ours_that_fails_alone_is_our_own_line() -> None:
    found_there = NOWHERE | {"found": True}
    assert turned(around(lost(second_resolver=found_there)), known=FINE) == []
    own = Target("cloud-api", "api", [lost(second_resolver=found_there)]).account_of()
    assert own.marks[0].finding.cause == "local_network"


CUT = {"failure": "connect_timeout", "site": "fra"}


@pytest.mark.parametrize(
    ("theirs", "site", "turns"),
    [
        ([lost(5, failure="connect_timeout", site="ams")], "fra", True),
        ([lost(4.5, site="ams"), lost(5.5, site="ams")], "fra", True),
        ([lost(5, site="fra")], "fra", False),
        ([lost(5, site="ams")], "", False),
        ([lost(5)], "fra", False),
        ([said(5, site="ams")], "fra", False),
        ([lost(4.5, site="ams"), said(5.5, site="ams")], "fra", False),
        ([lost(3.9, site="ams")], "fra", False),
        ([said(5, 131016, site="ams")], "fra", False),
    ],
)
def test_two_sites_that_fail_together_have_found_metas_door_shut(
    theirs: list[Said], site: str, turns: bool
) -> None:
    known = heard(*((one["minute"], False) for one in theirs), (5, False))
    looks = around(lost(5, failure="connect_timeout", site=site))
    found = turned(looks, known=known, more=[Target("elsewhere", "api", theirs)])
    assert [one for one in found if "system_error" in one] == (SHUT if turns else [])


def test_a_third_site_that_got_through_speaks_against_it() -> None:
    more = [Target("ams", "api", [lost(5, site="ams")]), Target("par", "api", [said(5, site="par")])]
    found = turned(around(lost(5, site="fra")), known=FINE, more=more)
    assert found == ["5 network_error path network never_through"]


@pytest.mark.parametrize(
    ("outages", "turns"),
    [
        (posted(MANAGEMENT, 30, 90), True),
        (posted("graph-api", 64, None), True),
        (posted("facebook-login", 5, 90), True),
        (posted(CLOUD, 30, 90), False),
        (posted("graph-api", 66, 90), False),
        (posted("graph-api", -60, 5), False),
        (posted("messenger", 30, 90), False),
    ],
)
def test_an_outage_that_meta_posted_explains_a_path_to_nowhere(outages: tuple[Outage, ...], turns: bool) -> None:
    found = turned(around(lost()), known=FINE, outages=outages)
    assert [one for one in found if "system_error" in one] == (SHUT if turns else [])


def test_our_own_line_is_never_metas_whatever_was_posted() -> None:
    found = turned(around(lost()), known=heard((5, True)), outages=posted("graph-api", 30, 90))
    assert found == ["5 network_error local_network unobserved controls_failed"]


# ---------------------------------------------------------------------------- messages

SILENT = {"reached": "sent", "failure": "read_timeout", "http_status": None, "body": None}
HANDSHAKE = {"reached": "answered", "http_status": 200, "body": "1"}
BROKEN = {"reached": "answered", "http_status": 503, "body": None}
BACK = {"status": "delivered", "id": "wamid.OK"}


def silent(minute: float = 5, waited_s: int | None = 120) -> Said:
    return said(minute, **SILENT) | ({"durations_ms": {"total": waited_s * 1000}} if waited_s else {})


def endpoint(*looks: tuple[float, bool], step: int = MINUTE, **rest: Any) -> Target:
    seen = [said(minute, **(HANDSHAKE if fine else BROKEN)) for minute, fine in looks]
    return Target("webhook", "webhook", seen, step, **rest)


def silence(*more: Target, look: Said | None = None, **rest: Any) -> list[str]:
    looks = [statuses(3, BACK), look or silent(), statuses(9, BACK)]
    return turned(looks, probe="roundtrip", more=more, **rest)


HEARD_NOT = ["5 user_error endpoint user endpoint_was_down"]


@pytest.mark.parametrize(
    "hook",
    [
        endpoint((4.5, True), (5.5, False), (6.5, False), (7.5, True)),
        endpoint((5, False)),
        endpoint((7, False)),
        endpoint((2, False), (8, False), step=5 * MINUTE),
    ],
)
def test_silence_while_our_endpoint_was_down_proves_nothing_against_meta(hook: Target) -> None:
    assert silence(hook) == HEARD_NOT


@pytest.mark.parametrize(
    "hook",
    [
        endpoint((5.5, True)),
        endpoint((5.5, False), (6.5, True)),
        endpoint((4, False), (8, False)),
        endpoint((4.9, False), (7.1, False), step=2 * MINUTE),
        endpoint((2, False), (8, True), step=5 * MINUTE),
        endpoint((5.5, False), account="theirs"),
        endpoint(),
    ],
)
def test_silence_while_our_endpoint_answered_or_was_not_asked_stays_missed(hook: Target) -> None:
    assert silence(hook) == []


def test_of_two_endpoints_one_that_answered_is_enough_to_hear() -> None:
    other = Target("webhook-2", "webhook", [said(6, **HANDSHAKE)])
    assert silence(endpoint((5.5, False)), other) == []


def test_an_endpoint_behind_our_own_dead_line_was_not_provably_down() -> None:
    dead = said(5.5, reached="none", failure="connect_timeout", http_status=None, body=None)
    hook = Target("webhook", "webhook", [dead])
    assert silence(hook, known=heard((5.5, True), (6.5, False))) == []


def test_silence_while_our_receiver_did_not_run_is_ours() -> None:
    gap = (Span(minute_ms(6), minute_ms(6.2)),)
    assert silence(unattended=gap) == HEARD_NOT
    assert silence(unattended=(Span(minute_ms(7.5), minute_ms(8)),)) == []
    assert silence(look=silent(waited_s=None), unattended=gap) == HEARD_NOT


def test_a_send_that_got_no_answer_is_not_about_our_endpoint() -> None:
    looks = [*sent(3), said(5, **SILENT), *sent(9)]
    assert turned(looks, probe="message", more=[endpoint((5, False))]) == []


def failed(minute: float = 5, wamid: str = "wamid.A", along: str = "", code: int = 131000) -> Said:
    report = {"status": "failed", "id": wamid, "errors": [{"code": code}]}
    return statuses(minute, report | ({"biz_opaque_callback_data": along} if along else {}))


@pytest.mark.parametrize(
    ("look", "word"),
    [
        (failed(), {"status": "delivered", "id": "wamid.A"}),
        (failed(), {"status": "read", "id": "wamid.A"}),
        (failed(), {"status": "played", "id": "wamid.A"}),
        (failed(code=131026), {"status": "delivered", "id": "wamid.A"}),
        (
            failed(along="wamon:canary:7"),
            {"status": "read", "id": "w", "biz_opaque_callback_data": "wamon:canary:7"},
        ),
    ],
)
def test_a_message_that_was_delivered_after_all_did_not_fail(look: Said, word: dict[str, str]) -> None:
    hook = Target("hook", "status", [statuses(7, word)])
    assert silence(hook, look=look) == ["5 ok none up delivered_wins"]


@pytest.mark.parametrize(
    ("look", "word"),
    [
        (failed(), {"status": "delivered", "id": "wamid.B"}),
        (failed(), {"status": "sent", "id": "wamid.A"}),
        (failed(), {"status": "failed", "id": "wamid.A"}),
        (failed(along="one"), {"status": "read", "id": "w", "biz_opaque_callback_data": "another"}),
        (silent(), {"status": "delivered", "id": "wamid.A"}),
        (failed(), {"status": "delivered", "id": ""}),
    ],
)
def test_another_messages_delivery_changes_nothing(look: Said, word: dict[str, str]) -> None:
    hook = Target("hook", "status", [statuses(7, word)])
    assert silence(hook, look=look) == []


def test_all_messages_that_a_look_reports_as_failed_must_have_arrived() -> None:
    first, second = failed()["body"]["entry"][0], failed(wamid="wamid.B")["body"]["entry"][0]
    look = failed() | {"body": {"entry": [first, second]}}
    one = statuses(7, {"status": "delivered", "id": "wamid.A"})
    both = [one, statuses(8, {"status": "read", "id": "wamid.B"})]
    assert silence(Target("hook", "status", [one]), look=look) == []
    assert silence(Target("hook", "status", both), look=look) == ["5 ok none up delivered_wins"]


# ---------------------------------------------------------------------------- Meta posted it


@pytest.mark.parametrize(
    ("look", "probe", "service", "word"),
    [
        (said(5, 100), "api", MANAGEMENT, "5 system_error validation down meta_posted_it"),
        (said(5, 190), "api", MANAGEMENT, "5 system_error authentication down meta_posted_it"),
        (said(5, 190), "api", "facebook-login", "5 system_error authentication down meta_posted_it"),
        (said(5, 190), "message", "graph-api", "5 system_error authentication down meta_posted_it"),
        (said(5, 131000), "message", CLOUD, "5 system_error service down meta_posted_it"),
        (said(5, 4), "message", CLOUD, "5 system_error throttling down meta_posted_it"),
        (said(5, 139100), "message", CLOUD, "5 system_error unmapped down meta_posted_it"),
        (silent(), "roundtrip", CLOUD, "5 missed_success timeout down meta_posted_it"),
        (said(5, 999, http_status=400), "edge", "graph-api", "5 system_error unmapped down meta_posted_it"),
    ],
)
def test_what_was_doubtful_within_a_posted_outage_is_metas(
    look: Said, probe: str, service: str, word: str
) -> None:
    assert turned([look], probe=probe, outages=posted(service, 30, 90)) == [word]


@pytest.mark.parametrize(
    ("look", "probe", "outages"),
    [
        (said(5, 131026), "message", posted(CLOUD, 30, 90)),
        (said(5, 190, 463), "message", posted("graph-api", 30, 90)),
        (said(5, 131042), "message", posted(CLOUD, 30, 90)),
        (said(5, 131000), "message", posted(MANAGEMENT, 30, 90)),
        (said(5, 131000), "message", posted("graph-api", 30, 90)),
        (said(5, 100), "api", posted(CLOUD, 30, 90)),
        (said(5, 131000), "message", posted(CLOUD, 66, 90)),
        (said(5, 131000), "message", posted(CLOUD, -60, 5)),
        (said(5, 131000), "message", posted("whatsapp-business-api/Embedded Signup", 30, 90)),
        (said(5, 131000), "message", ()),
        (said(5, 131057, http_status=500), "message", posted(CLOUD, 30, 90)),
        (said(5, **BROKEN), "webhook", posted(CLOUD, 30, 90)),
    ],
)
def test_a_firm_verdict_another_service_or_another_hour_is_not_metas(
    look: Said, probe: str, outages: tuple[Outage, ...]
) -> None:
    assert turned([look], probe=probe, outages=outages) == []


def test_an_outage_reaches_back_exactly_an_hour_and_ends_when_resolved() -> None:
    looks = [said(minute, 131000) for minute in (4, 5, 6, 7)]
    found = turned(looks, probe="message", outages=posted(CLOUD, 65, 7), now_ms=START + 2 * HOUR)
    assert [one.split()[0] for one in found] == ["5", "6"]
    found = turned(looks, probe="message", outages=posted(CLOUD, 65, 70), now_ms=START + 2 * HOUR)
    assert [one.split()[0] for one in found] == ["5", "6", "7"]
