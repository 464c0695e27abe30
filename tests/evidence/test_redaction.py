"""No secret and no number of a person leaves the house, wherever an answer puts it; verdicts survive."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.reading import read_exchange
from wamon.evidence.redaction import Redaction

TOKEN = "EAAGm0PX4ZCpsBAKZCanary7Canary"
PHONES = ("15550783881", "+1 (555) 078-3881", "+49 170 1234567", "4917012345678", "555-078-3881", "0170/1234567")
SECRETS = (
    TOKEN,
    "106540352242922|Canary-App-Token_1",
    "wamid.HBgLMTU1NTA3ODM4ODEVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA",
    "someone.canary@example.com",
    "5f3aCanaryCanaryCanaryCanaryCanaryCanary9",
)
ID = "106540352242922"

words = st.sampled_from(["Invalid", "parameter", "(#100)", "Unsupported", "retry", "2026", "later", "v25.0"])
planted = st.sampled_from([*PHONES, *SECRETS])


@st.composite
def sentences(draw: st.DrawFn, canary: str) -> str:
    """A canary amid words, set apart by whatever sets words apart."""
    before, after = draw(st.lists(words, max_size=3)), draw(st.lists(words, max_size=3))
    apart = draw(st.sampled_from([" ", ", ", "; ", " <", '"', " = ", "\n", "("]))
    return (
        " ".join(before) + apart + canary + draw(st.sampled_from(["", " ", ".", ")", '"', ", "])) + " ".join(after)
    )


@st.composite
def exchanges(draw: st.DrawFn, canary: str) -> dict[str, Any]:
    """An exchange with the canary somewhere in it."""
    told = draw(sentences(canary))
    error: dict[str, Any] = {"code": draw(st.sampled_from([2, 100, 131026, 190])), "message": told}
    places: list[dict[str, Any]] = [
        {"body": {"error": error}},
        {"body": {"error": {**error, "error_data": {"details": told}}}},
        {"body": {"error": {"code": 2}, told: [1, {"deep": [told]}]}},
        {"body": {"contacts": [{"input": canary, "wa_id": canary}], "messages": [{"id": canary}]}},
        {"body": [told]},
        {"body": f"<html>{told}</html>"},
        {
            "headers": {
                "www-authenticate": told,
                "x-fb-trace-id": "AbCdEfGh",
                "location": canary,
                "set-cookie": canary,
            }
        },
        {"headers": {"x-app-usage": json.dumps({canary: [{"call_count": 12}]}), "x-fb-debug": told}},
        {"detail": told},
        {"expected_body": told},
        {"peer": canary},
        {"request_fingerprint": canary, "token_fingerprint": canary},
    ]
    return {"target": "cloud-api", "probe": "api", "http_status": 400, **draw(st.sampled_from(places))}


def shown(document: dict[str, Any], black: Redaction | None = None) -> str:
    return json.dumps((black or Redaction([ID])).exchange(read_exchange(document)), ensure_ascii=False)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_is_planted_anywhere_does_not_come_out(data: st.DataObject) -> None:
    canary = data.draw(planted)
    told = shown(data.draw(exchanges(canary)))
    assert canary not in told
    digits = "".join(filter(str.isdigit, canary))
    assert len(digits) < 10 or digits not in "".join(filter(str.isalnum, told))


@pytest.mark.parametrize("found", [15550783881, 4917012345678])
def test_a_number_that_is_no_text_does_not_come_out_either(found: int) -> None:
    assert str(found) not in shown({"body": {"error": {"code": 131026, "recipient": found, "code2": [found]}}})


def test_known_secrets_of_any_shape_are_blacked_out_even_in_a_trace() -> None:
    black = Redaction([], ["short-one"])
    told = shown(
        {"headers": {"x-fb-trace-id": "short-one"}, "body": {"error": {"fbtrace_id": "Xshort-oneX"}}}, black
    )
    assert "short-one" not in told


def test_what_meta_asks_for_stays() -> None:
    error = {
        "code": 131016,
        "error_subcode": 2494010,
        "fbtrace_id": "AqE7xZ_canary1",
        "message": "Service unavailable",
    }
    headers = {"x-fb-trace-id": "H7UuX", "x-fb-rev": "1029384756", "facebook-api-version": "v25.0"}
    told = json.loads(shown({"body": {"id": ID, "error": error}, "headers": headers, "peer": "157.240.1.1:443"}))
    assert told["body"] == {"id": ID, "error": error}
    assert told["headers"] == headers
    assert told["peer"] == "157.240.1.1:443"


def test_what_was_equal_is_equal_under_another_name() -> None:
    black = Redaction()
    first, second, third = (
        black.exchange(read_exchange({"request_fingerprint": one, "body": {"error": {"message": PHONES[0]}}}))
        for one in ("a", "b", "a")
    )
    assert first["request_fingerprint"] == third["request_fingerprint"] != second["request_fingerprint"]
    assert first["body"] == second["body"] == {"error": {"message": "[number-1]"}}


@pytest.mark.parametrize("entry", knowledge().catalogue.entries, ids=lambda one: f"{one.code}-{one.subcode}")
def test_a_redacted_exchange_is_judged_as_the_whole_one_is(entry: Any) -> None:
    error = {"code": entry.code, "error_subcode": entry.subcode, "message": f"(#{entry.code}) {entry.title}"}
    document = {"probe": "api", "http_status": 400, "body": {"error": {**error, "fbtrace_id": "AbC"}}}
    again = read_exchange(json.loads(shown(document)))
    assert judge(again, knowledge()) == judge(read_exchange(document), knowledge())
