"""Each fact about an account as a person reads it: how it is, in words, and what to do where it is not well."""

import pytest

from wamon.core.account_facts import (
    AccountFact,
    EntityHealth,
    HealthFact,
    MissingFact,
    NumberFact,
    Stated,
    SubscriptionFact,
    TemplateFact,
    UnreadFact,
)
from wamon.core.account_lines import Expected, Light, lines

OURS = Expected("7", ("https://a.example/webhook", "https://b.example/hook"))
FINE = HealthFact((EntityHealth("WABA", "AVAILABLE"), EntityHealth("APP", "AVAILABLE")))
BLOCKED = HealthFact((EntityHealth("WABA", "BLOCKED", 141006), EntityHealth("APP", "LIMITED")))


def said(fact: AccountFact, expected: Expected = OURS) -> list[tuple[str, str, bool]]:
    found = lines([Stated(0, "graph", "it", fact)], {"graph": expected})
    return [(one.light.value, one.text, bool(one.remedy)) for one in found]


@pytest.mark.parametrize(
    ("fact", "light", "text"),
    [
        (TemplateFact("canary", "en_US", "APPROVED"), "green", "approved"),
        (TemplateFact("canary", "en_US", "PAUSED"), "red", "Meta says PAUSED"),
        (TemplateFact("canary", "en_US"), "red", "Meta says nothing of its state"),
        (MissingFact(), "amber", "is not in the account's list"),
        (SubscriptionFact(), "red", "no app gets the account's webhooks"),
        (SubscriptionFact(("8", "9")), "red", "the app 7 does not get the account's webhooks, 2 others do"),
        (SubscriptionFact(("7", "9")), "green", "the app gets the account's webhooks"),
        (FINE, "green", "can send"),
        (BLOCKED, "red", "WABA BLOCKED (141006)"),
        (HealthFact((EntityHealth("APP", "LIMITED"),)), "amber", "APP LIMITED"),
        (UnreadFact(190), "amber", "could not be read: code 190"),
    ],
)
def test_a_fact_is_a_light_a_sentence_and_where_it_is_not_green_a_remedy(
    fact: AccountFact, light: str, text: str
) -> None:
    assert said(fact) == [(light, text, light != "green")]


def test_what_nobody_can_mend_has_no_remedy() -> None:
    assert said(UnreadFact()) == [("amber", "could not be read", False)]
    assert said(HealthFact()) == [("amber", "Meta says nothing of its health", False)]


@pytest.mark.parametrize(
    ("url", "expected", "light", "text"),
    [
        ("https://a.example/webhook", OURS, "green", "its webhooks go where they should"),
        ("https://b.example/hook/", OURS, "green", "its webhooks go where they should"),
        ("https://a.example/", OURS, "red", "its webhooks go to https://a.example/, which is neither"),
        ("", OURS, "amber", "Meta shows no callback URL"),
        ("https://c.example/", Expected(), "green", "its webhooks go to https://c.example/"),
        ("", Expected(), "amber", "Meta shows no callback URL"),
    ],
)
def test_the_callback_in_force_is_held_against_what_is_watched(
    url: str, expected: Expected, light: str, text: str
) -> None:
    health, callback = said(NumberFact(FINE, app_url=url), expected)
    assert health == ("green", "can send", False)
    assert (callback[0], callback[1][: len(text)]) == (light, text)


def test_without_an_app_id_any_app_will_do() -> None:
    assert said(SubscriptionFact(("9",)), Expected()) == [("green", "an app gets the account's webhooks", False)]


def test_of_an_account_that_is_not_configured_nothing_is_expected() -> None:
    (line,) = lines([Stated(0, "gone", "subscribed_apps", SubscriptionFact(("9",)))], {})
    assert (line.account, line.light) == ("gone", Light.GREEN)
