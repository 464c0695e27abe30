"""The white list of a webhook: what is kept of Meta's documented bodies, and of whatever else may come."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.receipt import (
    FACTS,
    AccountEvent,
    Gist,
    Inbound,
    MessageReport,
    gist,
    keyed_hash,
    message_hash,
    template_hash,
)

KEY = bytes(range(32))
SAMPLES = json.loads((Path(__file__).parents[1] / "stories" / "webhook_samples.json").read_text())
NUMBER, WABA, AT_MS = "100000000000001", "200000000000001", 1_790_000_000_000


def to(*texts: str) -> bytes:
    return keyed_hash(KEY, "recipient", *texts, *[""][len(texts) - 1 :])[:8]


HANDSET = to("10000000000")


def opaque(text: str) -> bytes:
    return keyed_hash(KEY, "opaque", text)


def report(status: str, wamid: str = "wamid.AAAA", **more: Any) -> MessageReport:
    return MessageReport(
        **({"number": NUMBER, "message": message_hash(KEY, wamid), "recipient": HANDSET} | more),
        message_status=status,
        **({} if "at_ms" in more else {"at_ms": AT_MS}),
    )


def of_account(field: str, **facts: object) -> Gist:
    return Gist((field,), events=(AccountEvent(field, WABA, "", AT_MS, facts),))


def of_messages(*reports: MessageReport, codes: tuple[int, ...] = (), inbound: int = 0) -> Gist:
    return Gist(
        ("messages",),
        reports,
        (Inbound(NUMBER, inbound, AT_MS),) if inbound else (),
        (AccountEvent("messages", WABA, NUMBER, None, {"codes": codes}),) if codes else (),
    )


KEPT = {
    "status_sent_v24": of_messages(report("sent", canary="wamon:canary:1")),
    "status_sent_v23": of_messages(report("sent")),
    "status_delivered": of_messages(report("delivered")),
    "status_read": of_messages(report("read")),
    "status_played": of_messages(report("played")),
    "status_failed_recipient": of_messages(report("failed", codes=(131026,))),
    "status_failed_ecosystem": of_messages(report("failed", codes=(131049,))),
    "status_failed_system": of_messages(report("failed", codes=(131016,))),
    "status_group": of_messages(report("delivered", recipient=to("G000", "10000000000"))),
    "value_errors": of_messages(codes=(130429,)),
    "value_errors_no_storage": of_messages(codes=(131035,)),
    "inbound_text": of_messages(inbound=1),
    "inbound_bsuid_only": of_messages(inbound=1),
    "inbound_unsupported": of_messages(inbound=1),
    "inbound_system_no_contacts": of_messages(inbound=1),
    "account_update_disabled": of_account("account_update", event="DISABLED_UPDATE", ban_state="DISABLE"),
    "account_alert": of_account(
        "account_alerts",
        entity="PHONE_NUMBER",
        severity="WARNING",
        alert_status="ACTIVE",
        alert="INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED",
    ),
    "template_paused": of_account(
        "message_template_status_update",
        event="PAUSED",
        language="en_US",
        reason="NONE",
        category="UTILITY",
        template=template_hash(KEY, "canary"),
    ),
    "throughput_upgrade": of_account(
        "phone_number_quality_update",
        event="THROUGHPUT_UPGRADE",
        max_daily_conversations_per_business="TIER_UNLIMITED",
        display=keyed_hash(KEY, "display", "15550000000").hex(),
    ),
    "batch_two_entries": of_messages(
        *[report("sent", "wamid.F"), report("delivered", "wamid.F", at_ms=AT_MS + 1_000)] * 2
    ),
}


def test_every_sample_has_an_expectation() -> None:
    assert SAMPLES.keys() == KEPT.keys()


@pytest.mark.parametrize("name", KEPT)
def test_of_a_documented_body_the_white_list_is_kept(name: str) -> None:
    assert gist(SAMPLES[name], KEY) == KEPT[name]


def status(**row: Any) -> dict[str, Any]:
    """A webhook with one status; what is None is left out."""
    told = {"id": "wamid.AAAA", "status": "sent", "timestamp": "1790000000", "recipient_id": "10000000000"} | row
    return change({"statuses": [{name: value for name, value in told.items() if value is not None}]})


def change(value: Any, field: Any = "messages", **entry: Any) -> dict[str, Any]:
    if isinstance(value, dict) and field == "messages":
        value = {"metadata": {"phone_number_id": NUMBER}} | value
    return {"entry": [{"id": WABA, "changes": [{"field": field, "value": value}]} | entry]}


def only(body: dict[str, Any]) -> MessageReport:
    found = gist(body, KEY)
    assert found is not None
    (one,) = found.reports
    return one


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"status": "read later"}, {"message_status": "other"}),
        ({"timestamp": 1_790_000_000}, {}),
        ({"timestamp": "1790000000123"}, {"at_ms": 1_790_000_000_123}),
        ({"timestamp": "yesterday"}, {"at_ms": None}),
        ({"timestamp": "-5"}, {"at_ms": None}),
        ({"timestamp": -5}, {"at_ms": None}),
        ({"timestamp": "0"}, {"at_ms": None}),
        ({"timestamp": 10**400}, {"at_ms": None}),
        ({"timestamp": None}, {"at_ms": None}),
        ({"errors": [{"code": "131026"}, {"code": 130472.0}, {"code": True}, {}]}, {"codes": (131026, 130472)}),
        ({"errors": [{"code": 15550000000}]}, {"codes": ()}),
        ({"errors": {"code": 1}}, {"codes": ()}),
        ({"recipient_id": None}, {"recipient": to("")}),
        (
            {"recipient_id": None, "recipient_user_id": "US.1"},
            {"recipient": to("US.1")},
        ),
        ({"recipient_id": 5}, {"recipient": to("")}),
        ({"recipient_participant_user_id": "US.1"}, {"recipient": to("10000000000", "US.1")}),
        (
            {"recipient_participant_id": "15550000000", "recipient_participant_user_id": "US.1"},
            {"recipient": to("10000000000", "15550000000")},
        ),
        ({"biz_opaque_callback_data": "wamon:canary:send/7"}, {"opaque": opaque("wamon:canary:send/7")}),
        ({"biz_opaque_callback_data": "wamon:canary:send@7.x"}, {"canary": "wamon:canary:send@7.x"}),
        ({"biz_opaque_callback_data": "order 7 of Ada"}, {"opaque": opaque("order 7 of Ada")}),
        ({"biz_opaque_callback_data": "x wamon:canary:1"}, {"opaque": opaque("x wamon:canary:1")}),
        ({"biz_opaque_callback_data": ""}, {}),
        ({"biz_opaque_callback_data": 7}, {}),
        ({"id": "wamid.\ud800"}, {"message": message_hash(KEY, "wamid.\ud800")}),
    ],
)  # fmt: skip
def test_a_status_is_read_however_it_is_written(row: dict[str, Any], kept: dict[str, Any]) -> None:
    assert only(status(**row)) == report("sent")._replace(**kept)


@pytest.mark.parametrize("row", [{"id": None}, {"id": ""}, {"id": 7}, {"status": None}, {"status": 7}])
def test_a_status_of_no_message_is_counted_as_unread(row: dict[str, Any]) -> None:
    assert gist(status(**row), KEY) == Gist(("messages",), unread=1)


NO_ROWS = {"a number": 7, "a text": "x", "an object": {"id": "wamid.A", "status": "sent"}}


@pytest.mark.parametrize("rows", NO_ROWS.values(), ids=NO_ROWS)
def test_statuses_that_are_no_list_are_counted_as_unread(rows: Any) -> None:
    assert gist(change({"statuses": rows}), KEY) == Gist(("messages",), unread=1)


def test_a_field_nobody_knows_is_noted_and_nothing_of_it_is_kept() -> None:
    told = {"event": "BIG_NEWS", "statuses": [{"id": "wamid.A", "status": "sent"}], "text": "hello"}
    assert gist(change(told, "brand_new_field", time=1_790_000_000), KEY) == Gist(("brand_new_field",))


@pytest.mark.parametrize("field", ["Ada Lovelace", "15550000000", "x" * 65, "", None, 7, ["messages"], "ma\u00df"])
def test_what_is_no_name_of_a_field_is_noted_as_other(field: Any) -> None:
    assert gist(change({}, field), KEY) == Gist(("other",))


@pytest.mark.parametrize("body", [None, 7, "x", [], [{"entry": []}], {}, {"entry": {}}, {"object": "page"}])
def test_what_is_no_webhook_has_no_gist(body: Any) -> None:
    assert gist(body, KEY) is None


def test_an_empty_event_is_a_webhook_that_tells_of_nothing() -> None:
    found = gist({"object": "whatsapp_business_account", "entry": []}, KEY)
    assert found == Gist()
    assert found.empty
    assert not KEPT["inbound_text"].empty


def test_a_batch_of_a_thousand_is_read_in_order() -> None:
    entries = [status(id=f"wamid.{n}", timestamp=str(n + 1))["entry"][0] for n in range(1_000)]
    found = gist({"entry": entries}, KEY)
    assert found is not None
    assert [one.at_ms for one in found.reports] == [1_000 * (n + 1) for n in range(1_000)]
    assert found.fields == ("messages",)


@pytest.mark.parametrize("beside", ["messages", "statuses"])
def test_codes_beside_what_came_are_kept_apart_from_those_of_a_request_that_failed(beside: str) -> None:
    for rows, name in (([{"id": "wamid.A", "status": "failed"}], "codes_beside"), ([], "codes")):
        found = gist(change({beside: rows, "errors": [{"code": 131000}]}), KEY)
        assert found is not None
        assert [one.facts for one in found.events] == [{name: (131000,)}]


def test_of_a_list_of_restrictions_the_first_is_kept() -> None:
    told = {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{}, {"restriction_type": "RESTRICTED_ADD_PHONE"}]}
    found = gist(change(told, "account_update"), KEY)
    assert found is not None
    assert found.events[0].facts == {"event": "ACCOUNT_RESTRICTION", "restriction": "RESTRICTED_ADD_PHONE"}


@pytest.mark.parametrize(
    "word", ["Ada Lovelace", "+15550000000", "ada@example.org", "x" * 99, 10**8, -1, True, None, {}]
)
def test_what_is_no_word_of_metas_is_dropped(word: Any) -> None:
    found = gist(
        change({"event": word, "max_phone_numbers_per_business": word}, "phone_number_quality_update"), KEY
    )
    assert found is not None
    assert found.events[0].facts == {}


def components(**texts: Any) -> object:
    told = {"message_template_name": "canary", "message_template_language": "en_US"} | texts
    found = gist(change(told, "message_template_components_update"), KEY)
    assert found is not None
    return found.events[0].facts["components"]


def test_components_are_told_apart_without_being_kept() -> None:
    body = components(message_template_element="Hello {{1}}")
    assert body == components(message_template_element="Hello {{1}}")
    others = [
        components(message_template_element="Hello {{2}}"),
        components(message_template_title="Hello {{1}}"),
        components(message_template_buttons=[{"message_template_button_type": "URL"}]),
        components(message_template_buttons=[{"message_template_button_type": "CALL"}]),
    ]
    assert len({body, *map(str, others)}) == 5


def test_another_key_hashes_to_something_else() -> None:
    assert gist(SAMPLES["status_read"], b"other") != gist(SAMPLES["status_read"], KEY)
    assert keyed_hash(KEY, "a", "bc") != keyed_hash(KEY, "ab", "c")


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(10**30, 10**5000),
    st.floats(),
    st.text(st.characters(), max_size=12),
    st.sampled_from(["sent", "wamid.A", "\ud800", "1790000000", "DISABLED_UPDATE", "en_US", "messages", *FACTS]),
)
NAMES = (
    ["entry", "changes", "field", "value", "statuses", "messages", "errors", "code", "id", "status", "timestamp"],
    ["metadata", "phone_number_id", "event", "time", "restriction_info", "message_template_buttons"],
    ["message_template_name", "biz_opaque_callback_data", "recipient_id", "display_phone_number"],
)
KEYS = st.sampled_from([name for row in NAMES for name in row]) | st.text(max_size=5)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=40
)
ROWS = st.lists(st.dictionaries(KEYS, ANYTHING, max_size=6) | ANYTHING, max_size=3)
VALUES = st.fixed_dictionaries({}, optional={"statuses": ROWS, "messages": ROWS, "errors": ROWS}) | ANYTHING
CHANGES = st.fixed_dictionaries({"field": st.sampled_from(["messages", *FACTS]) | ANYTHING, "value": VALUES})
BODIES = st.fixed_dictionaries(
    {
        "entry": st.lists(
            st.fixed_dictionaries({"id": LEAVES, "changes": st.lists(CHANGES, max_size=3)}), max_size=3
        )
    }
)

PLAIN = re.compile(
    r"[a-z][a-z0-9_]{0,63}|[A-Z][A-Z0-9_]{0,63}|[a-z]{2,3}_[A-Z]{2,4}|[0-9]{0,20}|[0-9a-f]{32}|wamon:canary:[\w.:@-]+"
)


def plain_texts(node: object) -> list[str]:
    if isinstance(node, str):
        return [node]
    if isinstance(node, dict):
        return [text for pair in node.items() for one in pair for text in plain_texts(one)]
    return [text for one in node for text in plain_texts(one)] if isinstance(node, list | tuple) else []


@given(BODIES | ANYTHING)
def test_a_gist_is_total_and_made_of_ids_words_and_hashes_alone(body: Any) -> None:
    found = gist(body, KEY)
    assert found == gist(body, KEY)
    if found is not None:
        assert not [text for text in plain_texts(found) if not PLAIN.fullmatch(text)]
        assert all(one.at_ms is None or 0 < one.at_ms < 2**63 for one in (*found.reports, *found.inbound))
        assert all(abs(code) < 2**31 for one in found.reports for code in one.codes)
