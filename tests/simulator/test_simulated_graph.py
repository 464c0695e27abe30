"""Graph as documented: nodes, fields, versions, tokens, permissions, error envelopes, headers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.simulator.raw import APP_TOKEN, NODE, Heard, ask, send
from wamon.simulator.nodes import names
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import (
    ACCESS_TOKEN,
    ACCOUNT_ID,
    APP_ID,
    GOOD_NEIGHBOUR_TOKEN,
    MANAGEMENT,
    MESSAGING,
    PHONE_NUMBER_ID,
    SMALL_WORLD,
    SPARE_TOKEN,
    BuildTurns,
    NumberTurns,
    Template,
    TokenState,
    TokenTurns,
    World,
    turn,
)

ACCOUNT = f"/v25.0/{ACCOUNT_ID}"


def within(talk: Callable[[Simulator], Awaitable[Any]], world: World = SMALL_WORLD) -> Any:
    """What a conversation with a fresh simulator gives."""

    async def start() -> Any:
        async with Simulator(world=world) as sim:
            return await talk(sim)

    return asyncio.run(start())


def get(path: str, token: str = ACCESS_TOKEN, world: World = SMALL_WORLD, **more: Any) -> Heard:
    return within(lambda sim: ask(sim.base_url + path, token, **more), world)


def with_token(**changes: Any) -> World:
    token = replace(SMALL_WORLD.tokens[0], **changes)
    return replace(SMALL_WORLD, tokens=(token, *SMALL_WORLD.tokens[1:]))


def test_a_number_shows_its_default_fields() -> None:
    assert get(NODE).json == {
        "display_phone_number": "15550783881",
        "verified_name": "Sturdy Shop",
        "quality_rating": "GREEN",
        "id": PHONE_NUMBER_ID,
    }


def test_a_number_shows_the_fields_asked_for_and_always_its_id() -> None:
    shown = get(NODE + "?fields=status,throughput,platform_type,code_verification_status").json
    assert shown == {
        "status": "CONNECTED",
        "throughput": {"level": "STANDARD"},
        "platform_type": "CLOUD_API",
        "code_verification_status": "VERIFIED",
        "id": PHONE_NUMBER_ID,
    }


def test_a_field_that_a_node_has_not_is_refused() -> None:
    refused = get(NODE + "?fields=status,colour")
    assert (refused.http_status, refused.error["code"]) == (400, 100)
    assert "(colour)" in refused.error["message"]


@pytest.mark.parametrize(
    ("fields", "top_level"),
    [
        ("id", ["id"]),
        ("id, status", ["id", "status"]),
        ("a{b,c{d}},e", ["a", "e"]),
        ("a.limit(3){b},c", ["a", "c"]),
        ("", []),
        (",a,", ["a"]),
    ],
)
def test_only_the_top_level_of_a_fields_parameter_counts(fields: str, top_level: list[str]) -> None:
    assert names(fields) == top_level


@pytest.mark.parametrize(
    ("number", "account", "overall"),
    [
        ("AVAILABLE", "AVAILABLE", "AVAILABLE"),
        ("LIMITED", "AVAILABLE", "LIMITED"),
        ("LIMITED", "BLOCKED", "BLOCKED"),
        ("BLOCKED", "LIMITED", "BLOCKED"),
    ],
)
def test_health_is_that_of_the_worst_entity_with_its_reasons(number: str, account: str, overall: str) -> None:
    world = turn(SMALL_WORLD, NumberTurns(0, PHONE_NUMBER_ID, can_send=number))
    world = replace(world, accounts=(replace(world.accounts[0], can_send=account),))
    health = get(NODE + "?fields=health_status", world=world).json["health_status"]
    assert health["can_send_message"] == overall
    kinds = {entity["entity_type"]: entity for entity in health["entities"]}
    assert list(kinds) == ["PHONE_NUMBER", "WABA", "BUSINESS", "APP"]
    assert ("errors" in kinds["PHONE_NUMBER"]) == (number == "BLOCKED")
    assert ("additional_info" in kinds["PHONE_NUMBER"]) == (number == "LIMITED")


def test_an_account_names_no_number_in_its_health() -> None:
    health = get(ACCOUNT + "?fields=health_status,name").json["health_status"]
    assert [entity["entity_type"] for entity in health["entities"]] == ["WABA", "BUSINESS", "APP"]


def test_an_account_lists_its_numbers_templates_and_apps() -> None:
    async def lists(sim: Simulator) -> list[Any]:
        edges = (
            "phone_numbers?fields=status",
            "message_templates?name=canary&fields=name,status",
            "subscribed_apps",
        )
        return [(await ask(f"{sim.base_url}{ACCOUNT}/{edge}", ACCESS_TOKEN)).json["data"] for edge in edges]

    numbers, templates, apps = within(lists)
    assert numbers == [{"status": "CONNECTED", "id": PHONE_NUMBER_ID}]
    assert [(one["name"], one["status"]) for one in templates] == [("wamon_canary", "APPROVED")]
    assert [one["whatsapp_business_api_data"]["id"] for one in apps] == [APP_ID]


def test_an_account_that_nobody_subscribed_to_has_no_apps_and_an_override_shows() -> None:
    account = replace(SMALL_WORLD.accounts[0], subscribed_app_ids=())
    assert get(ACCOUNT + "/subscribed_apps", world=replace(SMALL_WORLD, accounts=(account,))).json == {"data": []}
    account = replace(SMALL_WORLD.accounts[0], callback_url="https://alt.example/webhook")
    row = get(ACCOUNT + "/subscribed_apps", world=replace(SMALL_WORLD, accounts=(account,))).json["data"][0]
    assert row["override_callback_uri"] == "https://alt.example/webhook"


def test_a_number_tells_its_effective_callbacks_and_leaves_out_those_not_set() -> None:
    world = replace(SMALL_WORLD, callback_url="https://shop.example/webhook")
    shown = get(NODE + "?fields=webhook_configuration", world=world).json
    assert shown["webhook_configuration"] == {"application": "https://shop.example/webhook"}


def test_an_app_sees_its_subscriptions_with_its_own_token() -> None:
    world = replace(SMALL_WORLD, callback_url="https://shop.example/webhook")
    row = get(f"/{APP_ID}/subscriptions", APP_TOKEN, world).json["data"][0]
    assert (row["callback_url"], row["active"]) == ("https://shop.example/webhook", True)


def test_a_list_is_cut_at_its_limit() -> None:
    assert len(get(ACCOUNT + "/message_templates?limit=1").json["data"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "http_status", "code"),
    [
        ("GET", "/v25.0/me", 400, 2500),
        ("GET", "/", 400, 2500),
        ("GET", NODE, 401, 104),
        ("GET", NODE + "/whatsapp_business_profile", 403, 200),
        ("POST", NODE + "/messages", 401, 190),
        ("GET", "/debug_token?input_token=x", 401, 104),
    ],
)
def test_without_a_token_graph_answers_with_one_of_its_four_codes(
    method: str, path: str, http_status: int, code: int
) -> None:
    answer = get(path, "", method=method)
    assert (answer.http_status, answer.error["code"]) == (http_status, code)


@pytest.mark.parametrize(
    ("state", "code", "subcode"), [(TokenState.EXPIRED, 190, 463), (TokenState.REVOKED, 190, 467)]
)
def test_a_dead_token_is_refused_with_its_subcode(state: TokenState, code: int, subcode: int) -> None:
    answer = get(NODE, world=with_token(state=state))
    assert answer.http_status == 401
    assert (answer.error["code"], answer.error["error_subcode"], answer.error["is_transient"]) == (
        code,
        subcode,
        False,
    )


def test_a_token_that_graph_never_gave_is_refused_without_a_subcode() -> None:
    answer = get(NODE, "not-a-token")
    assert (answer.http_status, answer.error["code"]) == (401, 190)
    assert "error_subcode" not in answer.error


@pytest.mark.parametrize(
    ("path", "token"),
    [
        ("/v25.0/1", ACCESS_TOKEN),
        ("/v25.0/", ACCESS_TOKEN),
        (NODE, GOOD_NEIGHBOUR_TOKEN),
        (ACCOUNT, GOOD_NEIGHBOUR_TOKEN),
        (NODE + "/colours", ACCESS_TOKEN),
        (NODE + "/whatsapp_business_profile/more", ACCESS_TOKEN),
    ],
)
def test_an_object_that_is_not_there_or_not_ours_is_unsupported(path: str, token: str) -> None:
    answer = get(path, token)
    assert answer.http_status == 400
    assert (answer.error["code"], answer.error["error_subcode"]) == (100, 33)
    assert answer.error["type"] == "GraphMethodException"


@pytest.mark.parametrize(
    ("scopes", "path", "method", "code"),
    [
        ((MESSAGING,), NODE, "GET", 200),
        ((MESSAGING,), ACCOUNT, "GET", 200),
        ((MANAGEMENT,), NODE + "/messages", "POST", 10),
    ],
)
def test_a_token_without_the_scope_lacks_the_permission(
    scopes: tuple[str, ...], path: str, method: str, code: int
) -> None:
    answer = get(path, world=with_token(scopes=scopes), method=method)
    assert (answer.http_status, answer.error["code"]) == (403, code)


@pytest.mark.parametrize(
    ("path", "served"), [("/v25.0/", "v25.0"), ("/", "v25.0"), ("/v20.0/", "v21.0"), ("/v26.0/", "v26.0")]
)
def test_an_expired_version_is_served_by_the_oldest_one_in_use(path: str, served: str) -> None:
    answer = get(path + PHONE_NUMBER_ID)
    assert (answer.http_status, answer.headers["facebook-api-version"]) == (200, served)


def test_a_version_that_is_not_out_yet_is_an_unknown_path() -> None:
    answer = get(f"/v99.0/{PHONE_NUMBER_ID}")
    assert (answer.error["code"], answer.headers["facebook-api-version"]) == (2500, "v26.0")


@pytest.mark.parametrize(
    ("state", "valid", "subcode"),
    [(TokenState.VALID, True, None), (TokenState.EXPIRED, False, 463), (TokenState.REVOKED, False, 467)],
)
def test_debug_token_tells_the_state_of_a_token(state: TokenState, valid: bool, subcode: int | None) -> None:
    path = f"/debug_token?input_token={ACCESS_TOKEN}"
    answer = get(
        path, APP_TOKEN, turn(SMALL_WORLD, TokenTurns(0, ACCESS_TOKEN, state, expires_at_s=1_790_000_000))
    )
    told = answer.json["data"]
    assert answer.http_status == 200
    assert (told["is_valid"], told.get("error", {}).get("subcode"), told["expires_at"]) == (
        valid,
        subcode,
        1_790_000_000,
    )
    assert set(told["scopes"]) == {MANAGEMENT, MESSAGING}
    assert told["granular_scopes"][0]["target_ids"] == [ACCOUNT_ID]
    assert told["app_id"] == APP_ID


def test_debug_token_may_be_asked_with_the_token_itself_while_it_lives() -> None:
    path = f"/debug_token?input_token={ACCESS_TOKEN}"
    assert get(path, ACCESS_TOKEN).json["data"]["is_valid"] is True
    dead = get(path, ACCESS_TOKEN, with_token(state=TokenState.EXPIRED))
    assert (dead.http_status, dead.error["error_subcode"]) == (401, 463)


@pytest.mark.parametrize(
    ("query", "token", "code"),
    [("", APP_TOKEN, 100), (f"?input_token={ACCESS_TOKEN}", GOOD_NEIGHBOUR_TOKEN, 100)],
)
def test_debug_token_refuses_a_stranger_and_a_call_without_input(query: str, token: str, code: int) -> None:
    answer = get("/debug_token" + query, token)
    assert (answer.http_status, answer.error["code"]) == (400, code)


def test_debug_token_finds_an_unknown_token_invalid() -> None:
    told = get("/debug_token?input_token=nonsense", APP_TOKEN).json["data"]
    assert (told["is_valid"], told["error"]["code"], told["scopes"]) == (False, 190, [])


def test_a_rotation_kills_the_old_token_and_wakes_the_new_one() -> None:
    async def rotate(sim: Simulator) -> list[int]:
        sim.turn(TokenTurns(0, ACCESS_TOKEN, TokenState.REVOKED))
        sim.turn(TokenTurns(0, SPARE_TOKEN, TokenState.VALID))
        return [(await ask(sim.base_url + NODE, token)).http_status for token in (ACCESS_TOKEN, SPARE_TOKEN)]

    assert within(rotate) == [401, 200]


def test_a_sent_template_is_acknowledged_and_kept() -> None:
    async def sending(sim: Simulator) -> tuple[Heard, Any]:
        answer = await send(sim.base_url, to="+15550000000", biz_opaque_callback_data="wamon:canary:1")
        return answer, sim.graph.sent[0]

    answer, sent = within(sending)
    assert answer.http_status == 200
    assert answer.json["messaging_product"] == "whatsapp"
    assert answer.json["contacts"][0]["wa_id"] == "15550000000"
    assert answer.json["messages"] == [{"id": sent.wamid, "message_status": "accepted"}]
    assert sent.wamid.startswith("wamid.")
    assert (sent.to, sent.template, sent.callback_data) == ("15550000000", "wamon_canary", "wamon:canary:1")
    assert (sent.number_id, sent.account_id) == (PHONE_NUMBER_ID, ACCOUNT_ID)


def test_a_text_is_acknowledged_without_a_template_status_and_every_id_is_another() -> None:
    async def sending(sim: Simulator) -> list[Any]:
        return [(await send(sim.base_url, type="text", template=None)).json["messages"][0] for _ in range(3)]

    messages = within(sending)
    assert all("message_status" not in message for message in messages)
    assert len({message["id"] for message in messages}) == 3


@pytest.mark.parametrize(
    ("changes", "http_status", "code"),
    [
        ({"messaging_product": None}, 400, 100),
        ({"to": None}, 400, 131008),
        ({"to": "someone"}, 400, 131009),
        ({"template": {"name": "nameless", "language": {"code": "en_US"}}}, 404, 132001),
        ({"template": {"name": "wamon_canary", "language": {"code": "de"}}}, 404, 132001),
        ({"template": None}, 404, 132001),
        ({"template": {"name": "wamon_canary", "language": "en_US"}}, 404, 132001),
    ],
)
def test_a_faulty_send_is_refused_with_its_documented_code(
    changes: dict[str, Any], http_status: int, code: int
) -> None:
    async def sending(sim: Simulator) -> tuple[Heard, int]:
        return await send(sim.base_url, **changes), len(sim.graph.sent)

    answer, kept = within(sending)
    assert (answer.http_status, answer.error["code"], kept) == (http_status, code, 0)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_send_that_is_no_object_is_refused(body: bytes) -> None:
    answer = get(NODE + "/messages", method="POST", body=body)
    assert (answer.http_status, answer.error["code"]) == (400, 100)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (NumberTurns(0, PHONE_NUMBER_ID, state="DISCONNECTED"), 133010),
        (NumberTurns(0, PHONE_NUMBER_ID, can_send="BLOCKED"), 131031),
    ],
)
def test_a_number_that_may_not_send_says_why(change: NumberTurns, code: int) -> None:
    answer = within(lambda sim: send(sim.base_url), turn(SMALL_WORLD, change))
    assert answer.error["code"] == code
    assert answer.error["error_data"]["messaging_product"] == "whatsapp"


def test_a_template_that_is_paused_cannot_be_sent() -> None:
    paused = replace(SMALL_WORLD.accounts[0], templates=(Template("wamon_canary", state="PAUSED"),))
    answer = within(lambda sim: send(sim.base_url), replace(SMALL_WORLD, accounts=(paused,)))
    assert answer.error["code"] == 132001


def test_every_answer_carries_the_headers_that_prove_graph() -> None:
    for answer in (get(NODE), get(NODE, "nonsense")):
        for name in ("x-fb-trace-id", "x-fb-request-id", "x-fb-rev", "x-fb-debug", "facebook-api-version", "date"):
            assert answer.headers[name], name
        assert answer.headers["cache-control"] == "private, no-cache, no-store, must-revalidate"
        assert answer.headers["content-length"] == str(len(answer.body))


def test_an_error_names_its_trace_in_body_and_header_and_challenges_for_a_token() -> None:
    answer = get(NODE, "nonsense")
    assert answer.error["fbtrace_id"] == answer.headers["x-fb-trace-id"]
    assert answer.headers["www-authenticate"].startswith('OAuth "Facebook Platform" "invalid_token" "(#190)')
    assert "www-authenticate" not in get(NODE).headers


def test_usage_is_told_by_account_and_left_out_while_it_is_near_zero() -> None:
    answer = get(NODE, world=replace(SMALL_WORLD, usage_percent=42))
    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 42
    rows = json.loads(answer.headers["x-business-use-case-usage"])[ACCOUNT_ID]
    assert [row["type"] for row in rows] == ["whatsapp_business_management", "whatsapp"]
    assert {row["estimated_time_to_regain_access"] for row in rows} == {0}
    quiet = get(NODE, world=replace(SMALL_WORLD, usage_percent=0)).headers
    assert not {"x-app-usage", "x-business-use-case-usage"} & set(quiet)


def test_a_call_without_a_token_counts_against_no_account() -> None:
    assert "x-business-use-case-usage" not in get(NODE, "").headers


def test_another_build_shows_in_its_revision_and_may_drop_a_version() -> None:
    answer = get(f"/v21.0/{PHONE_NUMBER_ID}", world=turn(SMALL_WORLD, BuildTurns(0, 7, oldest_version=22)))
    assert (answer.headers["x-fb-rev"], answer.headers["facebook-api-version"]) == ("7", "v22.0")


def test_a_token_may_stand_in_the_query() -> None:
    assert get(f"{NODE}?access_token={ACCESS_TOKEN}", "").http_status == 200


def test_a_change_of_something_that_is_not_there_says_what_is_missing() -> None:
    with pytest.raises(LookupError, match="the scenario changes the token 'x', which is not in its world"):
        turn(SMALL_WORLD, TokenTurns(0, "x", TokenState.VALID))
    with pytest.raises(LookupError, match="the scenario changes the number '1', which is not in its world"):
        turn(SMALL_WORLD, NumberTurns(0, "1"))
