"""What is read off an account's answers, whatever they are."""

from typing import Any

import pytest

from wamon.core.account_facts import (
    EntityHealth,
    HealthFact,
    MissingFact,
    NumberFact,
    SubscriptionFact,
    TemplateFact,
    UnreadFact,
    health_fact,
    number_fact,
    subscription_fact,
    template_fact,
)
from wamon.core.gleaning import components_digest
from wamon.core.observation import Exchange, Failure, Phase

COMPONENTS = [{"type": "BODY", "text": "hello"}]
CANARY = {
    "name": "canary",
    "language": "en_US",
    "status": "APPROVED",
    "category": "UTILITY",
    "components": COMPONENTS,
}


def answered(body: Any, http_status: int = 200) -> Exchange:
    return Exchange(reached=Phase.ANSWERED, http_status=http_status, body=body)


def test_a_template_is_found_by_name_and_language() -> None:
    other = CANARY | {"language": "de", "status": "PAUSED"}
    seen = answered({"data": [CANARY | {"name": "canary_2"}, other, CANARY]})
    digest = components_digest(COMPONENTS)
    assert template_fact(seen, "canary", "en_US") == TemplateFact("canary", "en_US", "APPROVED", digest, "UTILITY")
    assert template_fact(seen, "canary", "de") == TemplateFact("canary", "de", "PAUSED", digest, "UTILITY")
    assert template_fact(seen, "canary", "fr") == MissingFact()


def test_who_gets_the_webhooks() -> None:
    rows = [
        {
            "whatsapp_business_api_data": {"id": "2", "name": "B"},
            "override_callback_uri": "https://alt.example/webhook",
        },
        {"whatsapp_business_api_data": {"id": "1", "name": "A"}},
    ]
    assert subscription_fact(answered({"data": rows})) == SubscriptionFact(
        ("1", "2"), "https://alt.example/webhook"
    )
    assert subscription_fact(answered({"data": []})) == SubscriptionFact()


ENTITIES: list[dict[str, Any]] = [
    {"entity_type": "PHONE_NUMBER", "id": "1", "can_send_message": "AVAILABLE"},
    {"entity_type": "WABA", "id": "2", "can_send_message": "BLOCKED", "errors": [{"error_code": 141006}]},
]
HEALTH = HealthFact((EntityHealth("PHONE_NUMBER", "AVAILABLE"), EntityHealth("WABA", "BLOCKED", 141006)))


@pytest.mark.parametrize("entities", [ENTITIES, dict(enumerate(ENTITIES))])
def test_every_entity_of_a_nodes_health_is_read(entities: Any) -> None:
    body = {"id": "2", "health_status": {"can_send_message": "BLOCKED", "entities": entities}}
    assert health_fact(answered(body)) == HEALTH


@pytest.mark.parametrize(
    ("urls", "callback"),
    [
        ({"application": "https://a"}, "https://a"),
        ({"application": "https://a", "whatsapp_business_account": "https://b"}, "https://b"),
        (
            {"application": "https://a", "whatsapp_business_account": "https://b", "phone_number": "https://c"},
            "https://c",
        ),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_numbers_own_callback_stands_before_the_accounts_and_the_apps(urls: Any, callback: str) -> None:
    fact = number_fact(answered({"id": "1", "webhook_configuration": urls}))
    assert isinstance(fact, NumberFact)
    assert fact.callback_url == callback


READERS = [lambda seen: template_fact(seen, "canary", "en_US"), subscription_fact, health_fact, number_fact]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (answered({"error": {"code": 190}}, 401), 190),
        (answered({"error": {"code": 100}}), 100),
        (answered("<html>", 502), None),
        (answered(None), None),
        (answered([1]), None),
        (Exchange(reached=Phase.SENT, failure=Failure.READ_TIMEOUT), None),
        (Exchange(reached=Phase.SENT, http_status=200, body={"data": [], "id": "1"}), None),
    ],
)
def test_what_is_no_good_answer_proves_nothing(read: Any, seen: Exchange, code: int | None) -> None:
    assert read(seen) == UnreadFact(code)


@pytest.mark.parametrize("junk", [None, 7, "x", [None], {"a": 1}, [[]], [{"name": 7, "id": []}]])
def test_any_shape_inside_is_read_without_harm(junk: Any) -> None:
    body = {
        "id": "1",
        "data": junk,
        "health_status": junk,
        "webhook_configuration": junk,
    }
    for read in READERS:
        read(answered(body))
        read(answered({"data": [{"whatsapp_business_api_data": junk, "override_callback_uri": junk}]}))
        read(answered({"health_status": {"entities": junk}}))
