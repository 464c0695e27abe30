"""Judging one exchange: every live rule, every trap of HTTP, every broken body, and the order among them."""

from typing import Any

import pytest

from wamon.core.finding import Verdict
from wamon.core.graph_error import graph_error
from wamon.core.judgement import explained, judge, verdict_document
from wamon.core.knowledge import Controls, Knowledge, Look, knowledge
from wamon.core.reading import read_exchange
from wamon.core.timeline import parse_iso

AT = "2026-11-03T10:00:00Z"
AT_MS = parse_iso(AT)
CLASSIFY = knowledge()


def controls(*looks: tuple[int, bool], name: str = "control-1", took_ms: int = 100) -> Knowledge:
    """What one control said: (seconds after the exchange's start, whether it failed); its interval is 60 s."""
    said = Controls()
    for offset_s, failed in looks:
        start = AT_MS + offset_s * 1000
        said.add(name, Look(start, start + took_ms, 60_000, failed))
    return Knowledge(CLASSIFY.catalogue, said)


FINE, FAILED = controls((1, False)), controls((1, True))


def ruled(known: Knowledge = CLASSIFY, **document: Any) -> dict[str, Any]:
    exchange = read_exchange({"probe": "api", "at": AT, **document})
    return verdict_document(exchange, judge(exchange, known), known)


def short(found: dict[str, Any]) -> str:
    """``verdict cause column rule``, with a question mark where the verdict is provisional."""
    mark = "?" if found["provisional"] else ""
    return f"{found['verdict']}{mark} {found['cause']} {found['counts_as']} {found['rule']}"


def error(code: Any, subcode: Any = None, **rest: Any) -> dict[str, Any]:
    inside = {"message": f"(#{code}) Title", "type": "OAuthException", "code": code, "fbtrace_id": "T1", **rest}
    return {"error": inside | ({"error_subcode": subcode} if subcode is not None else {})}


APOLOGY = "<!DOCTYPE html><html><body><h1>Sorry, something went wrong.</h1>We're working on it.</body></html>"
NOT_THERE = "<html><body>This content isn't available right now</body></html>"
PORTAL = "<html><title>Hotel Wi-Fi</title></html>"
NODE = {"id": "106540352242922", "display_phone_number": "+1 555 000 0000"}
SENT = {"messaging_product": "whatsapp", "contacts": [{"wa_id": "1"}], "messages": [{"id": "wamid.A"}]}
TOKEN = {
    "data": {
        "is_valid": True,
        "expires_at": 0,
        "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
    }
}
CHALLENGE = "www-authenticate"


def token(**changed: Any) -> dict[str, Any]:
    return {"data": {**TOKEN["data"], **changed}}


def webhook(**value: Any) -> dict[str, Any]:
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": [change]}]}


def status(wamid: str, said: str, *codes: int) -> dict[str, Any]:
    errors = {"errors": [{"code": code, "title": "T"} for code in codes]} if codes else {}
    return {"id": wamid, "status": said, "timestamp": "1790000000", **errors}


def through(failure: str | None, reached: str = "sent", **rest: Any) -> dict[str, Any]:
    return {"reached": reached, "failure": failure, **rest}


def answered(http_status: int, body: Any = None, **rest: Any) -> dict[str, Any]:
    return {"reached": "answered", "http_status": http_status, "body": body, **rest}


OK = "ok none up success"
PATH = "network_error path network never_through"
PATH_UNHEARD = "network_error? path network never_through"
LOCAL = "network_error local_network unobserved never_through"
MISSED = "missed_success timeout down no_answer"
EDGE = "system_error edge down not_from_graph"
PROXY = "inconclusive proxy unobserved not_from_graph"
ENDPOINT = "user_error endpoint down endpoint"

TABLE: dict[str, list[tuple[dict[str, Any], str]]] = {
    "endpoint": [
        ({"probe": "webhook", **answered(200, "12345")}, "ok none up endpoint"),
        ({"probe": "webhook", **answered(200, "12345", expected_body="12345")}, "ok none up endpoint"),
        ({"probe": "webhook", **answered(200, "12346", expected_body="12345")}, ENDPOINT),
        ({"probe": "webhook", **answered(200, "<html>hello</html>")}, ENDPOINT),
        *(({"probe": "webhook", **answered(code)}, ENDPOINT) for code in (201, 204, 301, 403, 404, 429, 500, 503)),
        ({"probe": "webhook", **through("dns_error", "none")}, ENDPOINT),
        ({"probe": "webhook", **through("connect_refused", "none")}, ENDPOINT),
        ({"probe": "webhook", **through("tls_error", "connected")}, ENDPOINT),
        ({"probe": "webhook", **through("read_timeout")}, ENDPOINT),
        ({"probe": "webhook", **through("connection_reset", http_status=200)}, ENDPOINT),
        ({"probe": "webhook", "failure": "deadline_exceeded"}, ENDPOINT),
    ],
    "never_through": [
        (through("dns_error", "none"), PATH_UNHEARD),
        (through("connect_refused", "none"), PATH_UNHEARD),
        (through("connect_timeout", "none"), PATH_UNHEARD),
        (through("tls_error", "connected"), PATH_UNHEARD),
        (through("connection_reset", "secured"), PATH_UNHEARD),
        (through("deadline_exceeded", "connected"), PATH_UNHEARD),
        ({"probe": "message", **through("deadline_exceeded", "secured")}, PATH_UNHEARD),
        ({"probe": "edge", **through("tls_error", "connected")}, PATH_UNHEARD),
    ],
    "no_answer": [
        (through("read_timeout"), MISSED),
        ({"probe": "roundtrip", **through("deadline_exceeded")}, "missed_success? timeout down no_answer"),
        (through("connection_reset"), MISSED),
        (through("deadline_exceeded"), MISSED),
        (through(None), MISSED),
        (through("connection_reset", http_status=200, body='{"id"'), MISSED),
        (through("connection_reset", http_status=404), MISSED),
        (through("connection_reset", http_status=500), "system_error edge down no_answer"),
        (through("read_timeout", http_status=503), "system_error edge down no_answer"),
        (through("body_too_large", http_status=502), "system_error edge down no_answer"),
        (through("connection_reset", http_status=429), "user_error throttling user no_answer"),
        (through("protocol_error"), "inconclusive proxy unobserved no_answer"),
        (through("body_too_large", http_status=200), "inconclusive proxy unobserved no_answer"),
    ],
    "edge": [
        *(
            ({"probe": "edge", **answered(http_status, error(code))}, "ok none up edge")
            for code, http_status in ((100, 400), (104, 401), (190, 401), (200, 403), (803, 404), (2500, 400))
        ),
        ({"probe": "edge", **answered(400, error("190"))}, "ok none up edge"),
        ({"probe": "edge", **answered(500, error(2))}, "system_error service down known_code"),
        ({"probe": "edge", **answered(400, error(4))}, "user_error? throttling user known_code"),
        ({"probe": "edge", **answered(503)}, EDGE),
        ({"probe": "edge", **answered(200, PORTAL)}, PROXY),
        ({"probe": "edge", **answered(302)}, PROXY),
    ],
    "http traps": [
        (answered(500, error(3)), "user_error? permission user known_code"),
        (answered(500, error(131045)), "user_error? registration user known_code"),
        (answered(500, error(133000)), "user_error registration user known_code"),
        (answered(500, error(138007)), "user_error calling user known_code"),
        (answered(400, error(2)), "system_error service down known_code"),
        (answered(400, error(131057)), "system_error maintenance unobserved known_code"),
        (answered(401, error(138000)), "user_error calling user known_code"),
        (answered(401, error(138006)), "user_error recipient user known_code"),
        (answered(404, error(132001)), "user_error template user known_code"),
        *((answered(400, error(code)), "user_error? throttling user known_code") for code in (4, 80007)),
        *((answered(400, error(code)), "user_error throttling user known_code") for code in (130429, 131056)),
    ],
    "known_code": [
        (answered(503, error(2)), "system_error service down known_code"),
        (answered(500, error(131016)), "system_error service down known_code"),
        (answered(500, error(133004)), "system_error? registration down known_code"),
        (answered(401, error(190)), "user_error? authentication user known_code"),
        (answered(401, error(190, 460)), "user_error authentication user known_code"),
        (answered(401, error(190, 463)), "user_error authentication user known_code"),
        (answered(400, error(190, 467)), "user_error? authentication user known_code"),
        (answered(401, error(0)), "user_error? authentication user known_code"),
        (answered(403, error(10)), "user_error? permission user known_code"),
        (answered(403, error(299)), "user_error? permission user known_code"),
        (answered(400, error(100)), "user_error? validation user known_code"),
        (answered(400, error(100, 33)), "user_error? permission user known_code"),
        (answered(404, error(100, 33)), "user_error? permission user known_code"),
        (answered(400, error(131000)), "system_error? service down known_code"),
        (answered(500, error(1)), "system_error? service down known_code"),
        (
            answered(400, error(1, message="Please reduce the amount of data you're asking for")),
            "user_error? validation user known_code",
        ),
        (answered(400, error(131026)), "user_error recipient user known_code"),
        (answered(400, error(2494100)), "system_error maintenance unobserved known_code"),
        (answered(400, error(100, 2494100)), "system_error maintenance unobserved known_code"),
        (answered(500, error(134102)), "user_error? template user known_code"),
        (answered(400, error(1150)), "inconclusive? unmapped unobserved known_code"),
        (answered(200, {"error_code": 190, "error_msg": "old"}), "user_error? authentication user known_code"),
        (answered(200, error(2)), "system_error service down known_code"),
    ],
    "not_from_graph": [
        (answered(500), EDGE),
        (answered(502, "<html>Bad Gateway</html>"), EDGE),
        (answered(503, ""), EDGE),
        (answered(503, {"reason": "not Graph's"}), EDGE),
        (answered(400, APOLOGY), EDGE),
        (answered(200, APOLOGY), EDGE),
        (answered(404, '<?xml version="1.0"?>\n' + APOLOGY), EDGE),
        (answered(400, NOT_THERE), PROXY),
        (answered(404, "Not Found"), PROXY),
        (answered(404, {"detail": "no Graph"}), PROXY),
        (answered(403), PROXY),
        (answered(200, PORTAL), PROXY),
        *((answered(code, headers={"location": "https://else.example/"}), PROXY) for code in (301, 302, 307, 308)),
        (answered(429), "user_error throttling user not_from_graph"),
        (answered(429, "slow down"), "user_error throttling user not_from_graph"),
        (answered(429, {"slow": "down"}), "user_error throttling user not_from_graph"),
        (answered(429, error(987654)), "user_error throttling user not_from_graph"),
        (answered(429, error(4)), "user_error? throttling user known_code"),
    ],
    "www-authenticate": [
        (
            answered(401, headers={CHALLENGE: 'OAuth "Facebook Platform" "invalid_token" "(#190) Expired"'}),
            "user_error? authentication user known_code",
        ),
        (
            answered(400, "", headers={"WWW-Authenticate": 'OAuth "Facebook Platform" "x" "(#2) Down"'}),
            "system_error service down known_code",
        ),
        (
            answered(400, headers={CHALLENGE: 'OAuth "Facebook Platform" "invalid_request" "(#987654) New"'}),
            "user_error? unmapped user unknown_code",
        ),
        (
            answered(400, headers={CHALLENGE: 'OAuth "Facebook Platform" "invalid_request" "Bad"'}),
            "user_error? validation user not_from_graph",
        ),
        (
            answered(401, PORTAL, headers={CHALLENGE: 'OAuth "Facebook Platform" "invalid_token" "Bad"'}),
            "user_error? authentication user not_from_graph",
        ),
        (
            {"probe": "edge", **answered(400, headers={CHALLENGE: 'OAuth "x" "invalid_request" "(#104) Token"'})},
            "ok none up edge",
        ),
        (answered(400, headers={CHALLENGE: 'OAuth "Facebook Platform" "unknown_error" "?"'}), PROXY),
        (answered(500, headers={CHALLENGE: 'OAuth "Facebook Platform" "invalid_token" "(#190) X"'}), EDGE),
        (answered(400, {"a": 1}, headers={CHALLENGE: 'OAuth "x" "invalid_token" "(#190) X"'}), PROXY),
        (answered(200, NODE, headers={CHALLENGE: 'OAuth "x" "invalid_token" "(#190) X"'}), OK),
    ],
    "unknown_code": [
        (answered(400, error(987654)), "user_error? unmapped user unknown_code"),
        (answered(401, error(987654)), "user_error? unmapped user unknown_code"),
        (answered(500, error(987654)), "system_error? unmapped down unknown_code"),
        (answered(400, error(987654, is_transient=True)), "system_error? unmapped down unknown_code"),
        (answered(500, error(987654, is_transient=False)), "user_error? unmapped user unknown_code"),
        (answered(200, error(987654)), "inconclusive? unmapped unobserved unknown_code"),
        (answered(400, {"error": "something"}), "user_error? unmapped user unknown_code"),
        (answered(500, {"error": {"message": "no number"}}), "system_error? unmapped down unknown_code"),
    ],
    "success": [
        (answered(200, NODE), OK),
        ({"probe": "message", **answered(200, SENT)}, OK),
        ({"probe": "roundtrip", "body": webhook(statuses=[status("w", "delivered")])}, OK),
        ({"probe": "status", "body": webhook(statuses=[status("w", "sent")])}, OK),
        ({"probe": "status", "body": webhook(messages=[{"id": "w", "type": "text"}])}, OK),
        ({"probe": "token", **answered(200, TOKEN)}, "ok none up token_inspected"),
        ({"probe": "traffic", **answered(200, SENT)}, OK),
        ({"probe": None, "http_status": 200, "body": NODE}, OK),
        (answered(200, {"shape": "other"}), "inconclusive none unobserved success"),
        (answered(200, [1, 2]), "inconclusive none unobserved success"),
        (answered(200), "inconclusive none unobserved success"),
        ({"probe": "message", **answered(200, NODE)}, "inconclusive none unobserved success"),
        ({"probe": "message", **answered(200, {"messages": []})}, "inconclusive none unobserved success"),
    ],
    "token": [
        (
            {"probe": "token", **answered(200, token(is_valid=False))},
            "user_error authentication user token_inspected",
        ),
        (
            {"probe": "token", **answered(200, token(is_valid=False, error={"code": 190, "subcode": 463}))},
            "user_error authentication user token_inspected",
        ),
        (
            {"probe": "token", **answered(200, token(expires_at=1))},
            "user_error authentication user token_inspected",
        ),
        (
            {"probe": "token", **answered(200, token(scopes=["whatsapp_business_messaging"]))},
            "user_error permission user token_inspected",
        ),
        ({"probe": "token", **answered(400, error(190))}, "user_error? authentication user known_code"),
        ({"probe": "token", **answered(200, {"data": {"app_id": "1"}})}, "inconclusive none unobserved success"),
    ],
    "control": [
        *(
            ({"probe": "control", **answered(code)}, "ok none up control")
            for code in (200, 204, 301, 403, 404, 503)
        ),
        ({"probe": "control", **answered(500, error(2))}, "ok none up control"),
        ({"probe": "control", **through("connect_timeout", "none")}, "network_error path network control"),
        ({"probe": "control", **through("read_timeout")}, "network_error path network control"),
        ({"probe": "control", "failure": "deadline_exceeded"}, "network_error path network control"),
        ({"probe": "control"}, "inconclusive none unobserved control"),
    ],
    "delivered_wins": [
        (
            {
                "probe": "status",
                "body": webhook(statuses=[status("w", "failed", 131000), status("w", "delivered")]),
            },
            "ok none up delivered_wins",
        ),
        (
            {"probe": "roundtrip", "body": webhook(statuses=[status("w", "read"), status("w", "failed", 131026)])},
            "ok none up delivered_wins",
        ),
        (
            {
                "probe": "status",
                "body": webhook(statuses=[status("w", "failed", 131016), status("v", "delivered")]),
            },
            "system_error service down known_code",
        ),
        (
            {"probe": "status", "body": webhook(statuses=[status("w", "sent"), status("w", "failed", 131016)])},
            "system_error service down known_code",
        ),
        (
            {
                "probe": "status",
                "body": webhook(
                    statuses=[
                        status("w", "failed", 131026),
                        status("v", "failed", 131016),
                        status("w", "delivered"),
                    ]
                ),
            },
            "system_error service down known_code",
        ),
    ],
    "webhook bodies": [
        (
            {"probe": "roundtrip", "body": webhook(statuses=[status("w", "failed", 131026)])},
            "user_error recipient user known_code",
        ),
        (
            {"probe": "roundtrip", "body": webhook(statuses=[status("w", "failed", 131000)])},
            "system_error? service down known_code",
        ),
        ({"probe": "status", "body": webhook(errors=[{"code": 130429}])}, "user_error throttling user known_code"),
        (
            {"probe": "status", "body": webhook(messages=[{"id": "w", "errors": [{"code": 131051}]}])},
            "user_error recipient user known_code",
        ),
        ({"probe": "message", **answered(400, error(131051))}, "user_error validation user known_code"),
        (
            {"probe": "status", "body": webhook(statuses=[status("w", "failed")])},
            "inconclusive none unobserved success",
        ),
        ({"probe": "status", "body": [webhook(errors=[{"code": 2}])]}, "system_error service down known_code"),
    ],
    "the endpoint, reported elsewhere": [
        ({"probe": "status", "body": webhook(errors=[{"code": 131035}])}, "user_error endpoint user known_code"),
    ],
    "absent": [
        ({}, "inconclusive none unobserved no_rule"),
        ({"probe": None}, "inconclusive none unobserved no_rule"),
        ({"probe": "webhook"}, "inconclusive none unobserved endpoint"),
        ({"failure": "connection_reset"}, "inconclusive none unobserved no_rule"),
        ({"failure": "deadline_exceeded"}, "inconclusive none unobserved no_rule"),
        ({"failure": "dns_error"}, PATH_UNHEARD),
        ({"failure": "connect_timeout"}, PATH_UNHEARD),
        ({"failure": "tls_error"}, PATH_UNHEARD),
        ({"failure": "read_timeout"}, MISSED),
        ({"failure": "connection_reset", "http_status": 502}, "system_error edge down no_answer"),
        ({"http_status": 400, "body": error(100)}, "user_error? validation user known_code"),
        ({"body": error(2)}, "system_error service down known_code"),
        ({"http_status": 503}, EDGE),
        ({"at": None, "failure": "dns_error"}, PATH_UNHEARD),
        (
            {"reached": 7, "http_status": "400", "body": error(100), "headers": 3, "durations_ms": []},
            "user_error? validation user known_code",
        ),
    ],
}
ROWS = [(name, document, expected) for name, rows in TABLE.items() for document, expected in rows]


@pytest.mark.parametrize(
    ("name", "document", "expected"), ROWS, ids=[f"{name}-{i}" for i, (name, _, _) in enumerate(ROWS)]
)
def test_one_exchange_is_judged_as_the_rules_say(name: str, document: dict[str, Any], expected: str) -> None:
    assert short(ruled(**document)) == expected


SPLIT = {"controls agree": controls((-30, True), (30, True)), "disagree": controls((-30, True), (30, False))}
GONE, HUNG = through("connect_timeout", "none"), through("read_timeout", durations_ms={"total": 10_000})


@pytest.mark.parametrize(
    ("known", "document", "expected"),
    [
        (FINE, GONE, PATH),
        (FAILED, GONE, LOCAL),
        (controls((-5, True), took_ms=0), GONE, LOCAL),
        (controls((-6, True), took_ms=0), GONE, PATH_UNHEARD),
        (controls((-9, True), took_ms=4_000), GONE, LOCAL),
        (controls((15, True)), GONE, LOCAL),
        (controls((16, True)), GONE, PATH_UNHEARD),
        (controls((25, True)), HUNG, "network_error local_network unobserved no_answer"),
        (controls((26, True)), HUNG, MISSED),
        (controls((1, True), (3, False)), GONE, PATH),
        (SPLIT["controls agree"], GONE, LOCAL),
        (SPLIT["disagree"], GONE, PATH_UNHEARD),
        (controls((-30, False), (30, False)), GONE, PATH),
        (controls((-60, True), (60, True)), GONE, LOCAL),
        (controls((-61, True), (60, True)), GONE, PATH_UNHEARD),
        (controls((-60, True), (61, True)), GONE, PATH_UNHEARD),
        (controls((-30, True)), GONE, PATH_UNHEARD),
        (controls((30, True)), GONE, PATH_UNHEARD),
        (controls((-30, True), (1, False), (30, True)), GONE, PATH),
        (FINE, through("read_timeout"), MISSED),
        (FAILED, through("read_timeout"), "network_error local_network unobserved no_answer"),
        (FAILED, answered(500), EDGE),
        (FAILED, answered(500, error(2)), "system_error service down known_code"),
        (FAILED, answered(200, NODE), OK),
        (FAILED, {"probe": "webhook", **GONE}, "network_error local_network unobserved endpoint"),
        (FAILED, {"probe": "webhook", **answered(502)}, "network_error local_network unobserved endpoint"),
        (FAILED, {"probe": "webhook", **answered(200, "1")}, "ok none up endpoint"),
        (FINE, {"probe": "webhook", **GONE}, ENDPOINT),
        (FAILED, {"probe": "control", **GONE}, "network_error local_network unobserved control"),
    ],
)
def test_controls_tell_our_own_line_from_the_path(known: Knowledge, document: Any, expected: str) -> None:
    assert short(ruled(known, **document)) == expected


def test_all_controls_must_have_failed_and_one_that_answers_is_enough() -> None:
    both = controls((1, True))
    both.controls.add("control-2", Look(AT_MS + 1_000, AT_MS + 1_100, 60_000, failed=True))
    assert short(ruled(both, **GONE)) == LOCAL
    both.controls.add("control-3", Look(AT_MS + 2_000, AT_MS + 2_100, 60_000, failed=False))
    assert short(ruled(both, **GONE)) == PATH


def test_a_late_look_of_a_control_finds_its_place() -> None:
    known = controls((60, False), (-30, True), (30, True))
    assert short(ruled(known, **GONE)) == LOCAL


INNER = {"message": "(#131009) Parameter value is not valid", "type": "OAuthException", "code": 131009}
HEALTH = {
    "health_status": {
        "can_send_message": "BLOCKED",
        "entities": [{"entity_type": "WABA", "errors": [{"error_code": 141006, "error_description": "pay"}]}],
    },
    "id": "1",
}
NUMBERED = {"health_status": {"entities": {"0": {"errors": {"0": {"code": 141006, "message": "m"}}}}}, "id": "1"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": INNER}, 131009),
        ({"error": {**INNER, "code": "131009"}}, 131009),
        ({"error": {**INNER, "code": " 131009 "}}, 131009),
        ({"error": {**INNER, "code": 131009.0}}, 131009),
        ({"error": {"message": "(#131009) Parameter value is not valid"}}, 131009),
        ({"error": {**INNER, "code": None}}, 131009),
        ({"error": {**INNER, "code": True}}, 131009),
        ({"error": "(#131009) Parameter value is not valid"}, 131009),
        ({"error": {"code": 131009, "error_data": "text instead of an object"}}, 131009),
        ({"error": {"error": INNER}}, 131009),
        ({"errors": [INNER]}, 131009),
        ([{"error": INNER}], 131009),
        ({"partner": {"status": "failed", "meta": {"error": INNER}}}, 131009),
        ({"detail": [[{"upstream": INNER}]]}, 131009),
        ({"messaging_product": "whatsapp", "error": INNER}, 131009),
        ({"messaging_product": "whatsapp", "errors": [{"code": 131009, "details": "before v16"}]}, 131009),
        (webhook(errors=[{"code": 131009, "title": "T"}]), 131009),
        (webhook(statuses=[status("w", "failed", 131009)]), 131009),
        ([webhook(statuses=[status("w", "failed", 131009)])], 131009),
        ({"payload": webhook(statuses=[status("w", "failed", 131009)])}, 131009),
        ({"error_code": 131009, "error_msg": "old"}, 131009),
        ({"error_code": "131009"}, 131009),
        ({"data": {"is_valid": False, "error": {"code": 190, "subcode": 463, "message": "m"}}}, 190),
    ],
    ids=repr,
)
def test_an_error_is_found_however_the_body_is_broken(body: Any, code: int) -> None:
    found = graph_error(body)
    assert found is not None
    assert found.code == code
    assert ruled(http_status=400, body=body)["code"] == code


@pytest.mark.parametrize("body", [HEALTH, NUMBERED, {**NODE, "error": None}, {**NODE, "errors": []}], ids=repr)
def test_a_good_answer_that_speaks_of_errors_elsewhere_is_no_error(body: dict[str, Any]) -> None:
    assert short(ruled(**answered(200, body))) == OK


def test_a_list_of_nodes_with_health_blocks_carries_no_error() -> None:
    assert graph_error({"data": [HEALTH]}) is None


def test_a_nested_bomb_is_searched_only_so_far() -> None:
    bomb: Any = INNER
    for _ in range(5_000):
        bomb = {"x": bomb, "y": [0] * 3}
    assert graph_error(bomb) is None


@pytest.mark.parametrize(
    ("document", "scope"),
    [
        (answered(500, error(2)), "global"),
        (answered(503), "global"),
        (answered(400, error(131057)), "number"),
        (answered(200, NODE), "request"),
        (through("dns_error", "none"), "unknown"),
    ],
)
def test_the_scope_says_how_wide(document: dict[str, Any], scope: str) -> None:
    assert ruled(**document)["scope"] == scope


@pytest.mark.parametrize(
    ("document", "trace"),
    [
        (answered(500, error(2)), "T1"),
        (answered(500, error(2, fbtrace_id=""), headers={"X-FB-Trace-ID": "H1"}), "H1"),
        (answered(200, NODE, headers={"x-fb-trace-id": "H2"}), "H2"),
        (answered(200, NODE, headers={"x-fb-trace-id": ""}), None),
        ({}, None),
    ],
)
def test_the_trace_id_comes_from_the_error_or_the_header(document: dict[str, Any], trace: str | None) -> None:
    assert ruled(**document)["trace_id"] == trace


@pytest.mark.parametrize(("name", "document", "expected"), ROWS[:: len(ROWS) // 40])
def test_explaining_ends_with_the_rule_that_decided(name: str, document: dict[str, Any], expected: str) -> None:
    exchange = read_exchange({"probe": "api", "at": AT, **document})
    said = list(explained(exchange, CLASSIFY))
    assert all(found is None for _, _, found in said[:-1])
    rule, purpose, found = said[-1]
    assert purpose
    if found is not None:
        assert rule == expected.split()[-1]
    else:
        assert judge(exchange, CLASSIFY).verdict is Verdict.INCONCLUSIVE


OUTCOMES: dict[str, tuple[dict[str, Any], Knowledge, str]] = {
    "dns_fail": (through("dns_error", "none"), FINE, PATH),
    "dns_v4_only_fail": (through("dns_error", "none"), CLASSIFY, PATH_UNHEARD),
    "tcp_refused_or_timeout": (through("connect_refused", "none"), FAILED, LOCAL),
    "tls_error": (through("tls_error", "connected"), FINE, PATH),
    "connect_ok_no_response": (through("read_timeout"), FINE, MISSED),
    "reset_after_request": (through("connection_reset"), FINE, MISSED),
    "http_5xx_graph_body_transient": (
        answered(500, error(987654, is_transient=True)),
        FINE,
        "system_error? unmapped down unknown_code",
    ),
    "http_5xx_graph_body_user_code": (
        answered(500, error(131045)),
        FINE,
        "user_error? registration user known_code",
    ),
    "http_5xx_empty": (answered(500, ""), FINE, EDGE),
    "http_5xx_html": (answered(500, APOLOGY), FINE, EDGE),
    "http_4xx_html": (answered(404, NOT_THERE), FINE, PROXY),
    "http_200_html": (answered(200, PORTAL), FINE, PROXY),
    "http_200_error_body": (answered(200, error(190)), FINE, "user_error? authentication user known_code"),
    "http_200_unexpected_shape": (answered(200, {"x": 1}), FINE, "inconclusive none unobserved success"),
    "http_429_any": (answered(429), FINE, "user_error throttling user not_from_graph"),
    "http_404_graph_100_33": (answered(404, error(100, 33)), FINE, "user_error? permission user known_code"),
    "http_3xx": (answered(302), FINE, PROXY),
    "http_2xx_slow": (answered(200, NODE, durations_ms={"total": 9_900}), FINE, OK),
    "webhook_endpoint_5xx": ({"probe": "webhook", **answered(503)}, FINE, ENDPOINT),
    "webhook_endpoint_slow": (
        {"probe": "webhook", **answered(200, "1", durations_ms={"total": 2_000})},
        FINE,
        "ok none up endpoint",
    ),
    "webhook_endpoint_tls": ({"probe": "webhook", **through("tls_error", "connected")}, FINE, ENDPOINT),
}
"""Every outcome of the facts that one exchange can show; a silent webhook and a bad signature are no exchanges."""


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_outcome_on_the_transport_has_its_verdict(name: str) -> None:
    document, known, expected = OUTCOMES[name]
    assert short(ruled(known, **document)) == expected
